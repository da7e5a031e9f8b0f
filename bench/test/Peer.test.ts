import { join } from "node:path"

import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { openPeer } from "@sml/bench/Peer"
import { answeredNumber, openCandidate, sideBySide } from "@sml/bench/sideBySide"
import * as Effect from "effect/Effect"

const script = join(import.meta.dirname, "fixtures", "echoPeer.mjs")

const open = (behaviour: string, python = process.execPath) =>
  openPeer({
    name: "echo",
    python,
    script,
    job: { behaviour },
    threads: 1,
    deadline: behaviour === "silent" ? "1 second" : "20 seconds"
  })

const reasonOf = (behaviour: string, python?: string) =>
  open(behaviour, python).pipe(
    Effect.flip,
    Effect.map(({ reason }) => reason),
    Effect.scoped,
    Effect.provide(NodeServices.layer)
  )

describe("a peer", () => {
  it.live("is asked line by line", () =>
    Effect.gen(function* () {
      const peer = yield* open("echoing")
      assert.deepEqual(peer.ready, { versions: { torch: "1.2.3" } })
      assert.deepEqual(yield* peer.ask({ seconds: 2 }), { seconds: 2 })
      assert.deepEqual(yield* peer.ask({ seconds: 3 }), { seconds: 3 })
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )

  it.live("that fails, dies, babbles, is silent or is not there says why", () =>
    Effect.gen(function* () {
      assert.equal(yield* reasonOf("failing"), "ModuleNotFoundError: No module named 'torch'")
      assert.equal(yield* reasonOf("dying"), "ended early: a last word")
      assert.equal(yield* reasonOf("babbling"), "answered what is not JSON: hello")
      assert.equal(yield* reasonOf("silent"), "no answer in 1s")
      assert.match(yield* reasonOf("echoing", "/nowhere/python"), /^cannot be started/)
    })
  )
})

describe("sideBySide", () => {
  const setting = {
    python: process.execPath,
    threads: 1,
    quick: true,
    peak: undefined
  }
  const candidate = (behaviour: string, python: string | undefined) =>
    openCandidate(
      { ...setting, python },
      { name: behaviour, script, job: { behaviour }, deadline: "20 seconds" }
    )

  it.live("fills every cell: a number with its ratio, or a reason", () =>
    Effect.gen(function* () {
      const candidates = [
        yield* candidate("echoing", process.execPath),
        yield* candidate("failing", process.execPath),
        yield* candidate("absent", undefined)
      ]
      const cells = yield* sideBySide({
        ours: Effect.succeed(8),
        candidates,
        theirs: (peer) =>
          Effect.flatMap(peer.ask({ seconds: 4 }), (answer) =>
            answeredNumber(peer.name, answer, "seconds")
          ),
        repetitions: 3
      })
      const four = { median: 4, low: 4, high: 4, repetitions: 3 }
      assert.deepEqual(cells, {
        ours: { median: 8, low: 8, high: 8, repetitions: 3 },
        versions: { torch: "1.2.3" },
        peers: [
          { peer: "echoing", measurement: four, ratio: 2 },
          { peer: "failing", note: "ModuleNotFoundError: No module named 'torch'" },
          { peer: "absent", note: "not measured" }
        ]
      })
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )

  it.live("says why a peer that answers without a number has none", () =>
    Effect.gen(function* () {
      const cells = yield* sideBySide({
        ours: Effect.succeed(1),
        candidates: [yield* candidate("echoing", process.execPath)],
        theirs: (peer) =>
          Effect.flatMap(peer.ask({}), (answer) => answeredNumber(peer.name, answer, "seconds")),
        repetitions: 2
      })
      assert.deepEqual(cells.peers, [
        { peer: "echoing", note: 'answered without a number "seconds"' }
      ])
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
})
