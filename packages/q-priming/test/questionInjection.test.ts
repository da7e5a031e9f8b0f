import { assert, describe, it } from "@effect/vitest"
import type { DialogueState, Task, Utterance, Verdict } from "@sml/env-pomdp"
import { reset } from "@sml/env-pomdp"
import {
  injectionProbability,
  questionInjection,
  type QuestionInjectionTools,
  QuestionWriter,
  QuestionWriterError
} from "@sml/q-priming"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as fc from "fast-check"

import { question, tools, verifier, writes } from "./AskWorld.ts"

const task: Task = {
  id: "secret 1",
  domain: "digits",
  prompt: "name the digit",
  knowledge: null,
  missing: []
}
const wrong: Verdict = { _tag: "Attempt", correct: false, diagnostics: null }
const right: Verdict = { _tag: "Attempt", correct: true, diagnostics: null }
const silent: Verdict = { _tag: "NoAttempt" }

/** A state before student turn `turn` (from 1). */
const before = (turn: number, seed: number): DialogueState => ({
  ...reset(task, { horizon: 10, seed }),
  verdicts: Array.from({ length: turn - 1 }, () => wrong)
})
const said: Utterance = { text: "2", trace: { context: [5, 6], ids: [2], logprobs: [-0.5] } }

const asking = Layer.merge(writes(question), verifier)

/** One token a character. */
const encode = (text: string) =>
  Effect.succeed(Array.from(text, (character) => character.charCodeAt(0)))

/** The first probabilities of a schedule. */
const schedule = (decay: number, firstExponent: number) =>
  [1, 2, 3].map((turn) => injectionProbability(turn, { decay, firstExponent }))

describe("questionInjection", () => {
  it.effect("replaces a wrong turn t with probability 0.75^t", () =>
    Effect.gen(function* () {
      const { revise } = yield* questionInjection({}, tools)
      const seeds = Array.from({ length: 3000 }, (_, seed) => seed)
      for (const turn of [1, 2, 3, 4, 8]) {
        const revised = yield* Effect.forEach(seeds, (seed) =>
          revise(before(turn, seed), said, turn % 2 === 0 ? silent : wrong)
        )
        const rate = revised.filter((utterance) => utterance !== undefined).length / seeds.length
        const expected = 0.75 ** turn
        // 4 standard deviations
        const allowed = 4 * Math.sqrt((expected * (1 - expected)) / seeds.length)
        assert.closeTo(rate, expected, allowed, `turn ${turn}`)
      }
    }).pipe(Effect.provide(asking))
  )

  it.effect("never replaces a correct turn, whatever the schedule", () =>
    Effect.gen(function* () {
      const { counts, revise } = yield* questionInjection({ decay: 1 }, tools)
      for (const [turn, seed] of fc.sample(
        fc.tuple(fc.integer({ min: 1, max: 10 }), fc.nat()),
        200
      )) {
        assert.isUndefined(yield* revise(before(turn, seed), said, right))
        assert.isDefined(yield* revise(before(turn, seed), said, wrong))
      }
      assert.deepStrictEqual(yield* counts, { wrong: 200, replaced: 200, refused: 0, leaked: 0 })
    }).pipe(Effect.provide(asking))
  )

  it.effect("decides by the seed and the turn alone", () =>
    Effect.gen(function* () {
      const first = yield* questionInjection({}, tools)
      const second = yield* questionInjection({}, tools)
      for (const seed of Array.from({ length: 50 }, (_, index) => index)) {
        const once = yield* first.revise(before(1, seed), said, wrong)
        const again = yield* second.revise(before(1, seed), said, wrong)
        assert.deepStrictEqual(once, again)
      }
    }).pipe(Effect.provide(asking))
  )

  it.effect("puts the question into the token stream in the place of what was sampled", () =>
    Effect.gen(function* () {
      const { revise } = yield* questionInjection({ decay: 1 }, { encode })
      const ids = yield* encode(question)
      assert.deepStrictEqual(yield* revise(before(1, 0), said, wrong), {
        text: question,
        trace: { context: [5, 6], ids, logprobs: ids.map(() => 0) }
      })
      const untraced = yield* revise(before(1, 0), { text: "2" }, wrong)
      assert.deepStrictEqual(untraced, { text: question })
    }).pipe(Effect.provide(asking))
  )

  it.effect("needs the tokenizer of a student that is a policy", () =>
    Effect.gen(function* () {
      const { revise } = yield* questionInjection({ decay: 1 })
      const error = yield* Effect.flip(revise(before(1, 0), said, wrong))
      assert.strictEqual(error._tag, "StudentError")
      assert.include(error.message, "encode")
    }).pipe(Effect.provide(asking))
  )

  const refused: ReadonlyArray<readonly [string, string, QuestionInjectionTools]> = [
    ["an attempt", "1", tools],
    ["a statement", "i am not sure .", tools],
    ["a leak", question, { ...tools, isLeak: (of, text) => of.id === task.id && text === question }]
  ]
  it.effect.each(refused)("keeps the student's words when %s is written", ([, text, given]) =>
    Effect.gen(function* () {
      const { counts, revise } = yield* questionInjection({ decay: 1 }, given)
      assert.isUndefined(yield* revise(before(1, 0), said, wrong))
      const leaked = given === tools ? 0 : 1
      assert.deepStrictEqual(yield* counts, { wrong: 1, replaced: 0, refused: 1, leaked })
    }).pipe(Effect.provide(Layer.merge(writes(text), verifier)))
  )

  it.effect("passes on what the writer could not do", () =>
    Effect.gen(function* () {
      const { revise } = yield* questionInjection({ decay: 1 }, tools)
      const error = yield* Effect.flip(revise(before(1, 0), said, wrong))
      assert.strictEqual(error._tag, "StudentError")
      assert.strictEqual(error.message, "no ink")
    }).pipe(
      Effect.provideService(QuestionWriter, {
        write: () => Effect.fail(new QuestionWriterError({ reason: "no ink" }))
      }),
      Effect.provide(verifier)
    )
  )

  it.effect("gives the writer the private state and the utterance", () => {
    const seen: Array<readonly [DialogueState, Utterance]> = []
    return Effect.gen(function* () {
      const { revise } = yield* questionInjection({ decay: 1 }, tools)
      yield* revise(before(3, 7), said, wrong)
      assert.deepStrictEqual(seen, [[before(3, 7), said]])
    }).pipe(
      Effect.provideService(QuestionWriter, {
        write: (state, utterance) =>
          Effect.sync(() => {
            seen.push([state, utterance])
            return question
          })
      }),
      Effect.provide(verifier)
    )
  })

  it.effect("takes a schedule of one's own", () =>
    Effect.gen(function* () {
      const { revise } = yield* questionInjection(
        {},
        { ...tools, probability: (turn) => (turn === 2 ? 1 : 0) }
      )
      const asked = yield* Effect.forEach([1, 2, 3], (turn) => revise(before(turn, 3), said, wrong))
      assert.deepStrictEqual(
        asked.map((utterance) => utterance !== undefined),
        [false, true, false]
      )
      const odd = yield* questionInjection({}, { ...tools, probability: () => Number.NaN })
      const error = yield* Effect.flip(odd.revise(before(1, 0), said, wrong))
      assert.match(error.message, /at turn 1 is NaN; give one between 0 and 1/)
      const both = yield* Effect.flip(questionInjection({ decay: 1 }, { probability: () => 1 }))
      assert.match(both.message, /decay and firstExponent do nothing/)
    }).pipe(Effect.provide(asking))
  )

  it.effect("refuses what tells something private unless told otherwise", () =>
    Effect.gen(function* () {
      const secret = { ...before(1, 0), task: { ...task, knowledge: { word: "one" } } }
      const guarded = yield* questionInjection({ decay: 1 }, tools)
      assert.isUndefined(yield* guarded.revise(secret, said, wrong))
      assert.deepStrictEqual(yield* guarded.counts, {
        wrong: 1,
        replaced: 0,
        refused: 1,
        leaked: 1
      })
      const open = yield* questionInjection({ decay: 1 }, { ...tools, isLeak: () => false })
      assert.isDefined(yield* open.revise(secret, said, wrong))
    }).pipe(Effect.provide(asking))
  )

  it.effect("refuses options that cannot act", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(questionInjection({ decay: 1.1 }))
      assert.match(error.message, /decay/)
      // @ts-expect-error a misspelt option does not compile
      const misspelt = yield* Effect.flip(questionInjection({ base: 0.5 }))
      assert.match(misspelt.message, /base/)
    }).pipe(Effect.provide(asking))
  )
})

describe("injectionProbability", () => {
  it("follows its schedule", () => {
    assert.deepStrictEqual(schedule(0.75, 1), [0.75, 0.75 ** 2, 0.75 ** 3])
    assert.deepStrictEqual(schedule(0.5, 0), [1, 0.5, 0.25])
    assert.deepStrictEqual(schedule(0, 1), [0, 0, 0])
  })
})
