import { appendFile, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

import * as NodeServices from "@effect/platform-node/NodeServices"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Progress } from "@sml/trainer/Progress"
import type { Cell } from "@sml/trainer/reproduce/Cell"
import { cellName } from "@sml/trainer/reproduce/Cell"
import { CellError, CellRunner } from "@sml/trainer/reproduce/CellRunner"
import { CellStore, settingsName } from "@sml/trainer/reproduce/CellStore"
import { planCells } from "@sml/trainer/reproduce/planCells"
import { runCells } from "@sml/trainer/reproduce/runCells"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"

import { paperLike, resultOf, tinySettings } from "../support/reproductionCells.ts"

const cells = planCells({ seeds: 1, variants: false }, tinySettings)
const made: Array<string> = []

const folder = async () => {
  const path = await mkdtemp(join(tmpdir(), "sml-cells-"))
  made.push(path)
  return path
}

afterAll(() => Promise.all(made.map((path) => rm(path, { recursive: true, force: true }))))

interface Fake {
  /** Names of the cells that were started. */
  readonly started: Array<string>
  /** What happens in a cell before its result is kept. */
  readonly before?: (cell: Cell) => Effect.Effect<void, CellError>
}

/** Keeps made-up results at once. */
const fakeRunner = ({ before = () => Effect.void, started }: Fake) =>
  Layer.effect(
    CellRunner,
    Effect.gen(function* () {
      const store = yield* CellStore
      return CellRunner.of({
        run: (cell, report) =>
          Effect.gen(function* () {
            started.push(cellName(cell))
            yield* report(0.5, "half of it")
            yield* before(cell)
            yield* store.keep(cell, () => Effect.succeed(resultOf(cell, paperLike)))
          }).pipe(
            Effect.catchTag("RunStoreError", ({ message }) =>
              Effect.fail(new CellError({ cell: cellName(cell), reason: message }))
            )
          )
      })
    })
  )

const run = (root: string, fake: Fake, jobs = 2) =>
  runCells({ cells, settings: tinySettings, jobs }).pipe(
    Effect.provide(fakeRunner(fake)),
    Effect.provide(CellStore.layer(root, tinySettings)),
    Effect.provide([Progress.layerSilent, NodeServices.layer])
  )

const finishedIn = async (root: string) =>
  (await readdir(join(root, settingsName(tinySettings)))).filter((name) => !name.startsWith("."))

describe("runCells", () => {
  it("runs every cell once, and none when they are all finished", async () => {
    const root = await folder()
    const started: Array<string> = []
    const first = await Effect.runPromise(run(root, { started }))
    assert.sameMembers(started, cells.map(cellName))
    assert.strictEqual(first.length, cells.length)
    const second = await Effect.runPromise(run(root, { started }))
    assert.strictEqual(started.length, cells.length)
    assert.deepStrictEqual(
      second.map(({ cell }) => cellName(cell)).toSorted(),
      cells.map(cellName).toSorted()
    )
  })

  it("loses the failing cell only, and goes on from there", async () => {
    const root = await folder()
    const bad = cellName(cells[4]!)
    const before = (cell: Cell) =>
      cellName(cell) === bad
        ? Effect.fail(new CellError({ cell: bad, reason: "the machine is on fire." }))
        : Effect.void
    const exit = await Effect.runPromiseExit(run(root, { started: [], before }, 1))
    assert.ok(Exit.isFailure(exit))
    assert.sameMembers(await finishedIn(root), cells.slice(0, 4).map(cellName))
    const started: Array<string> = []
    const results = await Effect.runPromise(run(root, { started }))
    assert.strictEqual(results.length, cells.length)
    assert.sameMembers(started, cells.slice(4).map(cellName))
  })

  it("keeps what is finished when it is interrupted", async () => {
    const root = await folder()
    const reached = Deferred.makeUnsafe<void>()
    const before = (cell: Cell) =>
      cellName(cell) === cellName(cells[3]!)
        ? Effect.andThen(Deferred.succeed(reached, undefined), Effect.never)
        : Effect.void
    const program = Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(run(root, { started: [], before }, 1))
      yield* Deferred.await(reached)
      yield* Fiber.interrupt(fiber)
    })
    await Effect.runPromise(program)
    assert.sameMembers(await finishedIn(root), cells.slice(0, 3).map(cellName))
  })

  it("never runs more cells at a time than it is told", async () => {
    let running = 0
    let most = 0
    const before = () =>
      Effect.gen(function* () {
        most = Math.max(most, ++running)
        yield* Effect.sleep(2)
        running--
      })
    await Effect.runPromise(run(await folder(), { started: [], before }, 3))
    assert.strictEqual(most, 3)
  })

  it("is an error when a cell ends without a result", async () => {
    const silent = Layer.succeed(CellRunner, { run: () => Effect.void })
    const exit = await Effect.runPromise(
      Effect.flip(
        runCells({ cells, settings: tinySettings, jobs: 1 }).pipe(
          Effect.provide(silent),
          Effect.provide(CellStore.layer(await folder(), tinySettings)),
          Effect.provide([Progress.layerSilent, NodeServices.layer])
        )
      )
    )
    assert.match(exit.message, /^The cell .+ was not finished: .+ run the command again/)
  })
})

const inStore = <A, E>(root: string, use: Effect.Effect<A, E, CellStore>) =>
  Effect.runPromise(
    use.pipe(
      Effect.provide(CellStore.layer(root, tinySettings)),
      Effect.provide(NodeServices.layer)
    )
  )

const past = (seconds: number) => ({
  command: "sml reproduce",
  date: "2026-01-02",
  machine: "a machine",
  seconds,
  finished: 2,
  jobs: 2,
  threads: 1
})

describe("CellStore", () => {
  const cell = cells[0]!
  it("does not count a torn result as finished", async () => {
    const root = await folder()
    const directory = join(root, settingsName(tinySettings), cellName(cell))
    await mkdir(directory, { recursive: true })
    await writeFile(join(directory, "result.json"), '{"cell":{"method":"grpo"')
    const found = await inStore(
      root,
      Effect.flatMap(CellStore, (store) => store.find(cell))
    )
    assert.ok(Option.isNone(found))
  })

  it("leaves nothing behind when a cell fails while it is kept, and keeps the older result", async () => {
    const root = await folder()
    const result = resultOf(cell, paperLike)
    await inStore(
      root,
      Effect.gen(function* () {
        const store = yield* CellStore
        yield* store.keep(cell, () => Effect.succeed(result))
        yield* Effect.flip(store.keep(cell, () => Effect.fail("no room")))
        assert.deepStrictEqual(Option.getOrThrow(yield* store.find(cell)), result)
      })
    )
    assert.deepStrictEqual(await readdir(join(root, settingsName(tinySettings))), [cellName(cell)])
  })

  it("remembers the runs in their order, and forgets a torn line only", async () => {
    const root = await folder()
    await inStore(
      root,
      Effect.gen(function* () {
        const store = yield* CellStore
        assert.deepStrictEqual(yield* store.pastRuns, [])
        yield* store.remember(past(1))
        yield* store.remember(past(2))
        yield* Effect.promise(() =>
          appendFile(join(store.folder, "runs.jsonl"), '{"command":"sml rep')
        )
        assert.deepStrictEqual(yield* store.pastRuns, [past(1), past(2)])
      })
    )
  })

  it("keeps cells of other settings apart", () => {
    assert.notStrictEqual(
      settingsName(tinySettings),
      settingsName({ ...tinySettings, evalTasks: tinySettings.evalTasks + 1 })
    )
    assert.strictEqual(
      settingsName(tinySettings),
      settingsName({ ...tinySettings, evalTasks: tinySettings.evalTasks })
    )
  })
})
