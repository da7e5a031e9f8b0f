import { assert, describe, it } from "@effect/vitest"
import type { DialogueState, Task, Verdict } from "@sml/env-pomdp"
import {
  appendStudent,
  appendTeacher,
  disclosedSoFar,
  isDone,
  reset,
  rollout,
  Student,
  uniformStream
} from "@sml/env-pomdp"
import { generateTask } from "@sml/tasks"
import {
  askFor,
  askSide,
  askWhichDigit,
  codeAttempt,
  CodeKnowledge,
  decodeKnowledge,
  NanoVerifier,
  InformationLevel,
  judgeLinearProgram,
  leakReport,
  mathAttempt,
  NanoMathVerifier,
  notSure,
  parseLinearProgram,
  nanoReply,
  NanoTeacher,
  vocabulary
} from "@sml/teacher-verifiers/nano"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"

import type { Secret } from "./ReadingOracle.ts"
import { containsAnswer, readsEverything } from "./ReadingOracle.ts"

const knowledgeOf = (task: Task) => Result.getOrThrow(decodeKnowledge(task))

const secretOf = (task: Task): Secret => {
  const knowledge = knowledgeOf(task)
  return knowledge.kind === "math"
    ? { domain: "math", answer: String(knowledge.answer), k: 0, m: 0 }
    : { domain: "code", answer: "", k: knowledge.k, m: knowledge.m }
}

/** The verdict without the sandbox; a program that is not linear gets that of a syntax error. */
const judge = (task: Task, text: string): Verdict => {
  const knowledge = knowledgeOf(task)
  if (knowledge.kind === "math") return NanoMathVerifier.judge(knowledge.answer, text)
  const linear = parseLinearProgram(text)
  if (linear !== undefined) return judgeLinearProgram(knowledge, linear)
  if (!text.includes("=>")) return { _tag: "NoAttempt" }
  const unreadable = judgeLinearProgram(knowledge, { k: 0, op: "+", m: 0 })
  return unreadable._tag === "Attempt"
    ? {
        ...unreadable,
        correct: false,
        diagnostics: { kind: "code", category: "error", linear: null, results: [] }
      }
    : unreadable
}

type Ask = (task: Task) => string

const digit = fc.integer({ min: 0, max: 9 })

/** What a student may say; attempts lie near the answer half of the time. */
const attempt: fc.Arbitrary<Ask> = fc
  .tuple(digit, digit, fc.boolean(), fc.constantFrom("+" as const, "-" as const))
  .map(([first, second, near, op]) => (task) => {
    const knowledge = knowledgeOf(task)
    if (knowledge.kind === "math") {
      return mathAttempt(near ? knowledge.answer + first - 5 : 10 * first + second)
    }
    return codeAttempt(
      near ? { k: knowledge.k, op: knowledge.op, m: second } : { k: first, op, m: second }
    )
  })

const fixed = (...texts: ReadonlyArray<string>): fc.Arbitrary<Ask> =>
  fc.constantFrom(...texts).map((text) => () => text)

const utterance: fc.Arbitrary<Ask> = fc.oneof(
  { weight: 4, arbitrary: attempt },
  { weight: 3, arbitrary: fixed(askFor("k"), askFor("m"), askFor("b")) },
  { weight: 1, arbitrary: fixed(...["a", "c", "f", "f ( 0 )", "the answer"].map(askFor)) },
  {
    weight: 1,
    arbitrary: fixed("WHAT IS M?", "what is k ? what is m ?", "k ?", "what is k and m ?", "")
  },
  { weight: 1, arbitrary: fixed(askWhichDigit, askSide("low"), askSide("high"), notSure) },
  {
    weight: 1,
    arbitrary: fixed("answer: x", "x => x *", "x => what is m ?", "answer:", "answer: 7 / 2")
  }
)

/** The dialogue of one student with a teacher. */
const converse = (
  task: Task,
  asks: ReadonlyArray<Ask>,
  seed: number,
  level: InformationLevel
): DialogueState => {
  let state = reset(task, { horizon: asks.length + 1, seed })
  for (const ask of asks) {
    if (isDone(state)) break
    const text = ask(task)
    state = appendStudent(state, { text }, judge(task, text))
    state = appendTeacher(state, Result.getOrThrow(nanoReply(state, { level })))
  }
  return state
}

/** The replies before a correct attempt: afterwards there is nothing left to give away. */
const textsOf = (state: DialogueState) => [
  state.task.prompt,
  ...state.replies.map((reply) => reply.text)
]

const scenario = fc.record({
  seed: fc.integer({ min: 0, max: 0xffffffff }),
  domain: fc.constantFrom("math" as const, "code" as const),
  underspecified: fc.boolean(),
  level: fc.constantFrom(...InformationLevel.literals),
  asks: fc.array(utterance, { minLength: 1, maxLength: 16 })
})

const taskOf = ({
  domain,
  seed,
  underspecified
}: typeof scenario extends fc.Arbitrary<infer A> ? A : never) =>
  generateTask(uniformStream(seed), { domain, split: "train", underspecified })

describe("the scripted teacher", () => {
  it("never leaks the answer, whole or piecewise, at any level, whatever the student says", () => {
    fc.assert(
      fc.property(scenario, (drawn) => {
        const task = taskOf(drawn)
        const state = converse(task, drawn.asks, drawn.seed, drawn.level)
        const secret = secretOf(task)
        const texts = textsOf(state)
        for (const reply of texts.slice(1)) assert(!containsAnswer(secret, reply), reply)
        assert(!readsEverything(secret, texts), texts.join("\n"))
        // m itself
        assert(!texts.slice(1).some((text) => text.includes("f ( 0 )")))
        // the guard that counts leaks in evaluations agrees
        assert.deepStrictEqual(Result.getOrThrow(leakReport(state)), { whole: 0, piecewise: false })
      }),
      { numRuns: 3000 }
    )
  })

  it("refuses the second constant in every order of asking, and speaks of f ( 0 ) never", () => {
    const random = uniformStream(9)
    for (let index = 0; index < 400; index++) {
      const task = generateTask(random, {
        domain: "code",
        split: "test",
        underspecified: index % 2 === 0
      })
      for (const names of [
        ["k", "m"],
        ["m", "k"],
        ["k", "k", "m"],
        ["m", "k", "m", "k"]
      ]) {
        // then attempts that are wrong in the other constant, so that hints are given
        const asks: ReadonlyArray<Ask> = [
          ...names.map((name) => () => askFor(name)),
          ...Array.from({ length: 6 }, (_, each): Ask => (of) => {
            const { k, m, op } = Schema.decodeUnknownSync(CodeKnowledge)(of.knowledge)
            return codeAttempt(
              names[0] === "k" ? { k, op, m: m + 1 + each } : { k: k + 1 + each, op, m }
            )
          })
        ]
        const texts = textsOf(converse(task, asks, index, "informative"))
        assert(!readsEverything(secretOf(task), texts), texts.join("\n"))
        assert(!texts.slice(1).some((text) => text.includes("f ( 0 )")))
      }
    }
  })

  it("speaks the documented vocabulary, and the students' sentences do too", () => {
    const known = new Set(vocabulary)
    fc.assert(
      fc.property(scenario, (drawn) => {
        for (const text of textsOf(
          converse(taskOf(drawn), drawn.asks, drawn.seed, drawn.level)
        ).slice(1)) {
          for (const token of text.split(" ")) assert(known.has(token), text)
        }
      }),
      { numRuns: 500 }
    )
    const sentences = [
      mathAttempt(1234567890),
      mathAttempt(-5),
      codeAttempt({ k: 9, op: "-", m: 1 }),
      codeAttempt({ k: 9, op: "+", m: 1 }),
      ...["a", "b", "k", "m"].map(askFor),
      askWhichDigit,
      askSide("low"),
      askSide("high"),
      notSure
    ]
    for (const token of sentences.join(" ").split(" ")) assert(known.has(token), token)
    assert.strictEqual(known.size, vocabulary.length)
  })

  it("is a function of the state's seed and turn", () => {
    fc.assert(
      fc.property(scenario, (drawn) => {
        const task = taskOf(drawn)
        const run = () => converse(task, drawn.asks, drawn.seed, drawn.level)
        assert.deepStrictEqual(run(), run())
      }),
      { numRuns: 100 }
    )
  })

  it("says nothing of the task at the strictest level", () => {
    const empty = [
      "wrong . try again .",
      "i can not tell you that .",
      "please answer or ask .",
      "right ."
    ]
    fc.assert(
      fc.property(scenario, (drawn) => {
        const state = converse(taskOf(drawn), drawn.asks, drawn.seed, "strict-content-free")
        for (const reply of state.replies) assert.include(empty, reply.text)
        assert.strictEqual(disclosedSoFar(state).size, 0)
      }),
      { numRuns: 500 }
    )
  })

  it.effect("does not leak in whole dialogues judged by the real verifier", () =>
    Effect.gen(function* () {
      const scenarios = fc.sample(scenario, { numRuns: 60, seed: 11 })
      for (const drawn of scenarios) {
        const task = taskOf(drawn)
        const teacher = NanoTeacher.layer({ level: drawn.level })
        const student = Student.layerScripted([
          ...drawn.asks.map((ask) => ask(task)),
          "x => x > 3 ? 1 : x * 2 + 1"
        ])
        const episode = yield* rollout(task, { horizon: 12, seed: drawn.seed }).pipe(
          Effect.provide(Layer.merge(teacher, student))
        )
        assert.strictEqual(episode.failure, undefined)
        const texts = textsOf(episode.state)
        for (const reply of texts.slice(1)) assert(!containsAnswer(secretOf(task), reply), reply)
        assert(!readsEverything(secretOf(task), texts), texts.join("\n"))
      }
    }).pipe(Effect.provide(NanoVerifier.layer()))
  )
})

describe("the oracle", () => {
  it("catches a teacher who tells both constants, and one who tells f ( 0 )", () => {
    const secret: Secret = { domain: "code", answer: "", k: 9, m: 1 }
    const statement = "write f ( x ) = x * k + m . f ( 1 ) = 1 0 ."
    assert(readsEverything(secret, [statement, "k is 9 .", "m is 1 ."]))
    assert(
      readsEverything(secret, [statement, "no . f ( 0 ) should be 1 but gives 5 .", "k is 9 ."])
    )
    assert(readsEverything(secret, ["write f ( x ) = x * k + m . f ( 0 ) = 1 .", "k is 9 ."]))
    assert(!readsEverything(secret, [statement, "k is 9 .", "f ( 1 ) should be 1 0 ."]))
    assert(containsAnswer({ domain: "math", answer: "33", k: 0, m: 0 }, "c is 3 3 ."))
    assert(!containsAnswer({ domain: "math", answer: "33", k: 0, m: 0 }, "b is 3 ."))
  })
})
