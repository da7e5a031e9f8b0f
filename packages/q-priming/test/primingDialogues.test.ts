import { assert, describe, it } from "@effect/vitest"
import { type Episode, episodeTraces, rolloutGroup, studentTurns } from "@sml/env-pomdp"
import { adamW, Learner, streamDatum } from "@sml/policy"
import { prime, primingDialogues, QuestionWriter } from "@sml/q-priming"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

import { canary, question, questionRate, secretTasks, tools, world, writes } from "./AskWorld.ts"

/** Supervised learning on the dialogues, as any method would do it. */
const imitate = Effect.fn(function* (dialogues: ReadonlyArray<Episode>) {
  const learner = yield* Learner
  const data = yield* Effect.forEach(dialogues, (episode) =>
    Effect.fromResult(episodeTraces(episode)).pipe(
      Effect.flatMap((traces) => Effect.fromResult(streamDatum(traces)))
    )
  )
  for (let step = 0; step < 20; step++) {
    yield* learner.forwardBackward(data, { _tag: "CrossEntropy", normaliser: "weight" })
    yield* learner.step(adamW({ learningRate: 0.2 }))
  }
  return data.length
})

/** Dialogues of the student on its own. */
const alone = Effect.map(
  Effect.forEach(secretTasks, (task) => rolloutGroup(task, { size: 40, horizon: 4, seed: 77 })),
  (groups) => groups.flatMap(({ episodes }) => episodes)
)
const solved = (episodes: ReadonlyArray<Episode>) =>
  episodes.filter(({ reward }) => reward === 1).length / episodes.length

const isLeak = (_task: unknown, text: string) => text.includes("canary")

describe("primingDialogues", () => {
  it.effect("keeps the successful dialogues and accounts for the rest", () =>
    Effect.gen(function* () {
      const { counts, dialogues } = yield* primingDialogues(
        secretTasks,
        { samplesPerTask: 30 },
        tools
      )
      assert.strictEqual(counts.episodes, 90)
      assert.strictEqual(counts.failed, 0)
      assert.strictEqual(counts.successes, dialogues.length)
      assert.isTrue(dialogues.length > 0 && dialogues.length < 90)
      assert.isTrue(dialogues.every(({ reward }) => reward === 1))
      const { refused, replaced, wrong } = counts.injections
      assert.strictEqual(refused, 0)
      assert.isTrue(replaced > 0 && replaced < wrong)
    }).pipe(Effect.provide(world))
  )

  it.effect("is a function of the seed, whatever runs at the same time", () =>
    Effect.gen(function* () {
      // every task twice: its dialogues differ all the same
      const twice = [...secretTasks, ...secretTasks]
      const one = yield* primingDialogues(twice, { seed: 3, concurrency: 1 }, tools)
      const many = yield* primingDialogues(twice, { seed: 3, concurrency: 3 }, tools)
      assert.deepStrictEqual(many, one)
      const other = yield* primingDialogues(twice, { seed: 4 }, tools)
      assert.notDeepEqual(other, one)
      const names = one.dialogues.map(({ state }) => state.episode)
      assert.strictEqual(new Set(names).size, names.length)
    }).pipe(Effect.provide(world))
  )

  it.effect("makes public the question alone: neither the knowledge nor what it replaced", () => {
    const replaced: Array<string> = []
    return Effect.gen(function* () {
      const { dialogues } = yield* primingDialogues(
        secretTasks,
        { decay: 1, samplesPerTask: 20 },
        tools
      )
      assert.isAbove(dialogues.length, 0)
      assert.isAbove(replaced.length, 0)
      for (const episode of dialogues) {
        const { history, task } = episode.state
        for (const { text } of history) {
          assert.notInclude(text, canary(Number(task.id.slice(-1))))
        }
        // with certain injection every turn but the correct last one is a question
        const turns = studentTurns(episode)
        assert.deepStrictEqual(
          turns.slice(0, -1).map(({ text, trace }) => [text, trace?.ids, trace?.logprobs]),
          turns.slice(0, -1).map(() => [question, [8], [0]])
        )
      }
    }).pipe(
      // a writer that has read everything
      Effect.provideService(QuestionWriter, {
        write: (state, utterance) =>
          Effect.sync(() => {
            assert.include(JSON.stringify(state.task.knowledge), "canary")
            replaced.push(utterance.text)
            return question
          })
      }),
      Effect.provide(world)
    )
  })

  it.effect("does not let a leaking question through", () =>
    Effect.gen(function* () {
      const { counts, dialogues } = yield* primingDialogues(
        secretTasks,
        { decay: 1 },
        { ...tools, isLeak }
      )
      assert.strictEqual(counts.injections.replaced, 0)
      assert.isAbove(counts.injections.refused, 0)
      assert.notInclude(JSON.stringify(dialogues.map(({ state }) => state.history)), "canary")
    }).pipe(Effect.provide(Layer.provideMerge(writes("is it canary-1-yranac ?"), world)))
  )

  it.effect("keeps what it is told to keep, but nothing that a party broke off", () =>
    Effect.gen(function* () {
      const all = yield* primingDialogues(
        secretTasks,
        { samplesPerTask: 10 },
        { ...tools, keep: () => true }
      )
      assert.strictEqual(all.counts.kept, 30)
      assert.isBelow(all.counts.successes, 30)
      // without a tokenizer, replaced turns break their dialogues off
      const broken = yield* primingDialogues(secretTasks, { decay: 1 }, { keep: () => true })
      assert.isAbove(broken.counts.failed, 0)
      assert.strictEqual(broken.counts.kept, broken.counts.episodes - broken.counts.failed)
    }).pipe(Effect.provide(world))
  )

  it.effect("counts dialogues that fail", () =>
    Effect.gen(function* () {
      const { counts } = yield* primingDialogues(secretTasks, { decay: 1, samplesPerTask: 4 })
      // no tokenizer was given, so that only a right first turn gets through
      assert.isAbove(counts.failed, 0)
      assert.strictEqual(counts.failed + counts.successes, counts.episodes)
    }).pipe(Effect.provide(world))
  )
})

describe("prime", () => {
  it.effect("teaches the student to ask, and asking to succeed", () =>
    Effect.gen(function* () {
      const before = yield* alone
      const { counts, learnt } = yield* prime(secretTasks, imitate, { samplesPerTask: 80 }, tools)
      assert.strictEqual(learnt, counts.successes)
      const after = yield* alone
      assert.isAbove(questionRate(after), questionRate(before) + 0.2)
      assert.isAbove(solved(after), solved(before) + 0.2)
    }).pipe(Effect.provide(world))
  )

  it.effect("refuses options that cannot act", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(prime(secretTasks, imitate, { horizon: 0 }, tools))
      assert(error._tag === "InvalidOptions")
      assert.match(error.message, /horizon/)
    }).pipe(Effect.provide(world))
  )
})
