import { assert, describe, it } from "@effect/vitest"
import { Verifier } from "@sml/env-pomdp"
import { checkGenerated, createTasks, layerGeneratedVerifier } from "@sml/tasks"
import * as Effect from "effect/Effect"

const first = (name: string) => {
  const [task] = createTasks(name, { seed: 1 })
  assert(task !== undefined)
  return task
}

describe("checkGenerated", () => {
  it.effect("tells right answers, wrong ones, and no answers apart", () =>
    Effect.gen(function* () {
      const task = { ...first("coin-change"), prompt: "6 cents of 1, 3, 4" }
      const instance = { coins: [1, 3, 4], amount: 6 }
      const known = { ...task, knowledge: { generator: "coin-change", instance } }
      const check = (text: string) => checkGenerated(known, text)
      const attempt = { _tag: "Attempt", diagnostics: null } as const
      assert.deepStrictEqual(yield* check("Answer: 3, 3"), { ...attempt, correct: true })
      assert.deepStrictEqual(yield* check("Answer: 4, 1, 1"), { ...attempt, correct: false })
      assert.strictEqual((yield* check("Hm.\nWhich coins?"))._tag, "NoAttempt")
    })
  )

  it.effect("is the verifier port, and fails for what it cannot judge", () =>
    Effect.gen(function* () {
      const verifier = yield* Verifier
      const program = yield* Effect.flip(verifier.check(first("list-function"), "f"))
      assert.match(program.message, /asks for a program; run it against the tests/)
      const foreign = { ...first("knapsack"), knowledge: null }
      assert.match((yield* Effect.flip(verifier.check(foreign, "1"))).message, /by no generator/)
      const broken = { ...foreign, knowledge: { generator: "knapsack", instance: 1 } }
      assert.match((yield* Effect.flip(verifier.check(broken, "1"))).message, /holds no instance/)
    }).pipe(Effect.provide(layerGeneratedVerifier))
  )
})
