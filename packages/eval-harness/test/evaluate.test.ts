import { assert, describe, it } from "@effect/vitest"
import type { Task } from "@sml/env-pomdp"
import { Student, StudentError, Teacher, Verifier } from "@sml/env-pomdp"
import { evaluate, type Progress, summarise } from "@sml/eval-harness"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

const tasks: ReadonlyArray<Task> = Array.from({ length: 6 }, (_, index) => ({
  id: `task ${index}`,
  domain: "math",
  prompt: `find ${index} .`,
  knowledge: `${index}`,
  missing: []
}))

const judges = Layer.mergeAll(
  Layer.succeed(Teacher, { reply: () => Effect.succeed({ text: "wrong .", disclosed: [] }) }),
  Layer.succeed(Verifier, {
    check: (task, text) =>
      Effect.succeed({
        _tag: "Attempt",
        correct: text === task.knowledge,
        diagnostics: null
      })
  })
)

/** Says a number that is a function of its seed. */
const seeded = Layer.succeed(Student, {
  speak: (_observation, { seed }) => Effect.succeed({ text: `${seed % 6}` })
})

const run = (options: Parameters<typeof evaluate>[1], list = tasks) =>
  evaluate(list, options).pipe(Effect.provide(Layer.merge(seeded, judges)))

const texts = (list: ReadonlyArray<Task>, condition = "informative") =>
  run({ horizon: 5, seed: 3, condition }, list).pipe(
    Effect.map((episodes) =>
      episodes.map(({ state }) => state.history.map(({ text }) => text).join("|"))
    )
  )

describe("evaluate", () => {
  it.effect("plays one dialogue per task, in order, up to the horizon", () =>
    Effect.gen(function* () {
      const episodes = yield* run({ horizon: 3 })
      assert.deepStrictEqual(
        episodes.map(({ state }) => state.task.id),
        tasks.map(({ id }) => id)
      )
      for (const { reward, state, stop } of episodes) {
        assert.strictEqual(state.verdicts.length === 3 || stop === "correct", true)
        assert.strictEqual(reward, stop === "correct" ? 1 : 0)
      }
    })
  )

  it.effect("gives a task the same luck whatever its neighbours and the condition are", () =>
    Effect.gen(function* () {
      const all = yield* texts(tasks)
      assert.deepStrictEqual(yield* texts(tasks.toReversed()), all.toReversed())
      assert.deepStrictEqual(yield* texts(tasks, "content-free"), all)
    })
  )

  it.effect("plays a task that comes twice with different luck, under a name of its own", () =>
    Effect.gen(function* () {
      const twice = tasks.slice(0, 1).flatMap((task) => [task, task])
      const [first, second] = (yield* run({ horizon: 3 }, twice)).map(({ state }) => state)
      assert.notStrictEqual(first?.seed, second?.seed)
      assert.notStrictEqual(first?.episode, second?.episode)
      const other = yield* run({ horizon: 3, condition: "content-free" }, twice)
      assert.notStrictEqual(other[0]?.state.episode, first?.episode)
    })
  )

  it.effect("tells how far it is", () =>
    Effect.gen(function* () {
      const seen: Array<Progress> = []
      const onProgress = (progress: Progress) =>
        Effect.sync(() => {
          seen.push(progress)
        })
      const episodes = yield* run({ horizon: 3, concurrency: 2, onProgress })
      assert.deepStrictEqual(
        seen.map(({ done, total }) => [done, total]),
        tasks.map((_, index) => [index + 1, tasks.length])
      )
      assert.sameMembers(
        seen.map(({ episode }) => episode),
        [...episodes]
      )
    })
  )

  it.effect("runs the dialogues at the same time", () =>
    Effect.gen(function* () {
      let speaking = 0
      let most = 0
      const slow = Layer.succeed(Student, {
        speak: () =>
          Effect.gen(function* () {
            most = Math.max(most, ++speaking)
            yield* Effect.yieldNow
            speaking--
            return { text: "9" }
          })
      })
      const parties = Layer.merge(slow, judges)
      yield* evaluate(tasks, { horizon: 2 }).pipe(Effect.provide(parties))
      assert.strictEqual(most, tasks.length)
      most = 0
      yield* evaluate(tasks, { horizon: 2, concurrency: 2 }).pipe(Effect.provide(parties))
      assert.strictEqual(most, 2)
    })
  )

  it.effect("keeps the rest when one dialogue fails, and counts the failure", () =>
    Effect.gen(function* () {
      const fragile = Layer.succeed(Student, {
        speak: ({ history }) =>
          history[0]?.text === "find 2 ."
            ? Effect.fail(new StudentError({ reason: "no voice" }))
            : Effect.succeed({ text: "3" })
      })
      const episodes = yield* evaluate(tasks, { horizon: 2 }).pipe(
        Effect.provide(Layer.merge(fragile, judges))
      )
      const summary = summarise(episodes)
      assert.strictEqual(summary["failed"]?.n, 6)
      assert.strictEqual(summary["failed"]?.value, 1 / 6)
      assert.deepInclude(summary["success@1"], { value: 1 / 5, n: 5 })
    })
  )

  it.effect("says what is wrong with what it is asked", () =>
    Effect.gen(function* () {
      const none = yield* run({ horizon: 3 }, []).pipe(Effect.flip)
      assert.strictEqual(none._tag, "EvaluationError")
      assert.match(none.message, /no tasks/)
      for (const horizon of [0, -1, 1.5, Number.NaN]) {
        const error = yield* run({ horizon }).pipe(Effect.flip)
        assert.match(error.message, /whole number/)
      }
    })
  )
})
