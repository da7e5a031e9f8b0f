import { assert, describe, it } from "@effect/vitest"
import type { Task, Verdict } from "@sml/env-pomdp"
import {
  appendStudent,
  appendTeacher,
  prematureAttempts,
  reset,
  rollout,
  Student,
  Teacher
} from "@sml/env-pomdp"
import type { InformationLevel, LinearProgram } from "@sml/teacher-verifiers/nano"
import {
  CodeKnowledge,
  codeAttempt,
  NanoVerifier,
  judgeLinearProgram,
  NanoMathVerifier,
  parseLinearProgram,
  nanoReply,
  NanoTeacher
} from "@sml/teacher-verifiers/nano"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

const math: Task = {
  id: "math",
  domain: "math",
  prompt: "a = 4 0 . b = 6 * 2 - 5 . c = a - b . find c .",
  knowledge: { kind: "math", answer: 33, a: 40, b: 7, op: "-" },
  missing: []
}
const vagueMath: Task = { ...math, prompt: "a = 4 0 . c = a - b . find c .", missing: ["b"] }
const code: Task = {
  id: "code",
  domain: "code",
  prompt: "write f ( x ) = x * k + m . f ( 1 ) = 1 0 . f ( 3 ) = 2 8 .",
  knowledge: {
    kind: "code",
    reference: "x => x * 9 + 1",
    k: 9,
    m: 1,
    op: "+",
    hiddenInputs: [0, 1, 2, 3, 5, 8, 11],
    entry: "f"
  },
  missing: []
}
const vagueCode: Task = {
  ...code,
  prompt: "write f ( x ) = x * k + m . f ( 1 ) = 1 0 .",
  missing: ["k"]
}

const judge = (task: Task, text: string): Verdict => {
  if (task.domain === "math") return NanoMathVerifier.judge(33, text)
  const program = parseLinearProgram(text)
  const knowledge = Schema.decodeUnknownSync(CodeKnowledge)(task.knowledge)
  return program === undefined ? { _tag: "NoAttempt" } : judgeLinearProgram(knowledge, program)
}

/** The teacher's replies to the texts, one after the other. */
const converse = (
  task: Task,
  texts: ReadonlyArray<string>,
  level: InformationLevel = "informative",
  seed = 0
) => {
  let state = reset(task, { horizon: 20, seed })
  for (const text of texts) {
    state = appendStudent(state, { text }, judge(task, text))
    state = appendTeacher(state, Result.getOrThrow(nanoReply(state, { level })))
  }
  return state.replies
}

const say = (task: Task, ...texts: ReadonlyArray<string>) => converse(task, texts).at(-1)?.text

const told = (task: Task, ...texts: ReadonlyArray<string>) =>
  converse(task, texts).at(-1)?.disclosed

/** How often each reply is given to one wrong attempt, without the opener, over many seeds. */
const shares = (task: Task, text: string, level: InformationLevel) => {
  const count = 4000
  const found = new Map<string, number>()
  for (let seed = 0; seed < count; seed++) {
    const reply = converse(task, [text], level, seed)[0]?.text ?? ""
    const hint = reply.replace(/^(wrong|no|not quite) \. /, "")
    assert.notStrictEqual(hint, reply)
    found.set(hint, (found.get(hint) ?? 0) + 1 / count)
  }
  return found
}

const assertShares = (found: ReadonlyMap<string, number>, expected: Record<string, number>) => {
  assert.deepStrictEqual(Array.from(found.keys()).toSorted(), Object.keys(expected).toSorted())
  for (const [text, share] of Object.entries(expected)) {
    assert.closeTo(found.get(text) ?? 0, share, 0.03, text)
  }
}

describe("hints", () => {
  it("speak of both digits, one digit, the whole, or nothing", () => {
    assertShares(shares(math, "answer: 3 1", "informative"), {
      "the first digit is right . the second digit is too low .": 0.35,
      "the first digit is right .": 0.125,
      "the second digit is too low .": 0.125,
      "it is too low .": 0.25,
      "try again .": 0.15
    })
    assertShares(shares(code, codeAttempt({ k: 9, op: "+", m: 3 }), "informative"), {
      "the first digit is right . the second digit is too high .": 0.35,
      "the first digit is right .": 0.125,
      "the second digit is too high .": 0.125,
      "f ( 1 ) should be 1 0 but gives 1 2 .": 0.25 / 6,
      "f ( 2 ) should be 1 9 but gives 2 1 .": 0.25 / 6,
      "f ( 3 ) should be 2 8 but gives 3 0 .": 0.25 / 6,
      "f ( 4 ) should be 3 7 but gives 3 9 .": 0.25 / 6,
      "f ( 5 ) should be 4 6 but gives 4 8 .": 0.25 / 6,
      "f ( 6 ) should be 5 5 but gives 5 7 .": 0.25 / 6,
      "try again .": 0.15
    })
  })

  it("keep to the last two kinds when there are no two digits to compare", () => {
    assertShares(shares(math, "answer: 5", "informative"), {
      "it is too low .": 0.625,
      "try again .": 0.375
    })
    assertShares(shares(math, "answer: a lot", "informative"), { "try again .": 1 })
    const otherOperation = shares(code, codeAttempt({ k: 9, op: "-", m: 1 }), "informative")
    assert.isTrue(
      Array.from(otherOperation.keys()).every(
        (text) => text === "try again ." || /^f \( [1-6] \) should be/.test(text)
      )
    )
  })

  it("are left out by a reticent teacher in 70 % of the cases, or as told", () => {
    assert.closeTo(
      shares(math, "answer: 3 1", "reticent").get("try again .") ?? 0,
      0.7 + 0.3 * 0.15,
      0.03
    )
    const state = appendStudent(
      reset(math, { horizon: 4 }),
      { text: "answer: 3 1" },
      judge(math, "answer: 3 1")
    )
    const reply = nanoReply(state, { level: "reticent", reticence: 1 })
    assert.match(Result.getOrThrow(reply).text, /try again \.$/)
  })

  it("are one and the same sentence at the content-free levels", () => {
    for (const level of ["content-free", "strict-content-free"] as const) {
      for (let seed = 0; seed < 20; seed++) {
        for (const [task, text] of [
          [math, "answer: 3 1"],
          [code, codeAttempt({ k: 1, op: "+", m: 1 })]
        ] as const) {
          assert.strictEqual(converse(task, [text], level, seed)[0]?.text, "wrong . try again .")
        }
      }
    }
  })
})

describe("questions", () => {
  it("are answered", () => {
    assert.strictEqual(say(math, "what is b ?"), "b is 7 .")
    assert.strictEqual(say(math, "What is a?"), "a is 4 0 .")
    assert.strictEqual(say(code, "what is k ?"), "k is 9 .")
    assert.strictEqual(say(code, "what is m ?"), "m is 1 .")
    assert.strictEqual(say(math, "answer: 8 3", "which digit is wrong ?"), "the first digit .")
    assert.strictEqual(say(math, "answer: 3 8", "which digit is wrong ?"), "the second digit .")
    assert.strictEqual(say(math, "answer: 8 8", "which digit is wrong ?"), "both .")
    assert.strictEqual(say(math, "answer: 3 8", "is it too low ?"), "no . it is too high .")
    assert.strictEqual(say(math, "answer: 3 8", "is it too high ?"), "yes . it is too high .")
    assert.strictEqual(say(code, "x => x * 9 + 0", "is it too low ?"), "yes . it is too low .")
    // also some turns after the attempt
    assert.strictEqual(say(math, "answer: 8 8", "hello", "which digit is wrong ?"), "both .")
  })

  it("are refused when the answer would give too much away, or cannot be known", () => {
    const refused = "i can not tell you that ."
    assert.strictEqual(say(math, "what is c ?"), refused)
    assert.strictEqual(say(math, "what is the answer ?"), refused)
    assert.strictEqual(say(code, "what is f ( 0 ) ?"), refused)
    assert.strictEqual(say(code, "what is b ?"), refused)
    assert.strictEqual(say(math, "which digit is wrong ?"), refused)
    assert.strictEqual(say(math, "answer: 5", "which digit is wrong ?"), refused)
    assert.strictEqual(say(code, "is it too low ?"), refused)
    assert.strictEqual(say(code, "x => x * 9 - 1", "which digit is wrong ?"), refused)
    assert.strictEqual(say(code, "what is k ?", "what is m ?"), refused)
    assert.strictEqual(say(code, "what is m ?", "what is k ?"), refused)
    assert.strictEqual(say(code, "what is m ?", "what is k ?", "what is m ?"), "m is 1 .")
    const shown = { ...code, prompt: "write f ( x ) = x * k + m . f ( 0 ) = 1 . f ( 3 ) = 2 8 ." }
    assert.strictEqual(say(shown, "what is k ?"), refused)
    assert.strictEqual(say(shown, "what is m ?"), "m is 1 .")
  })

  it("are answered by the content-free teacher, refused by the strict one", () => {
    assert.strictEqual(converse(math, ["what is b ?"], "content-free")[0]?.text, "b is 7 .")
    assert.strictEqual(converse(math, ["what is b ?"], "reticent")[0]?.text, "b is 7 .")
    assert.strictEqual(
      converse(math, ["what is b ?"], "strict-content-free")[0]?.text,
      "i can not tell you that ."
    )
  })

  it("are told apart from other texts", () => {
    for (const text of ["i am not sure .", "", "what ?", "b ?", "why is b 7 ?"]) {
      assert.strictEqual(say(math, text), "please answer or ask .", text)
    }
  })
})

describe("disclosed", () => {
  it("names what a reply tells", () => {
    assert.deepStrictEqual(told(vagueMath, "what is b ?"), ["b"])
    assert.deepStrictEqual(told(vagueMath, "what is a ?"), [])
    assert.deepStrictEqual(told(vagueMath, "answer: 1 1"), [])
    assert.deepStrictEqual(told(code, "what is m ?"), ["m"])
    assert.deepStrictEqual(told(vagueCode, "what is k ?"), ["k"])
    // with one value of f the other constant follows
    assert.deepStrictEqual(told(vagueCode, "what is m ?"), ["m", "k"])
    assert.deepStrictEqual(told(vagueCode, "what is m ?", "what is k ?"), [])
  })

  it("counts a new value of f as telling the missing piece, a known one not", () => {
    const wrong: LinearProgram = { k: 2, op: "+", m: 2 }
    for (let seed = 0; seed < 300; seed++) {
      const reply = converse(vagueCode, [codeAttempt(wrong)], "informative", seed)[0]
      const input = /f \( (\d) \) should/.exec(reply?.text ?? "")?.[1]
      const isNew = input !== undefined && input !== "1"
      assert.deepStrictEqual(reply?.disclosed, isNew ? ["k"] : [])
    }
  })
})

describe("NanoTeacher.layer", () => {
  it.effect("makes an attempt premature until the piece is told", () =>
    Effect.gen(function* () {
      const episode = yield* rollout(vagueMath, { horizon: 5 }).pipe(
        Effect.provide(
          Student.layerScripted(["answer: 3 1", "what is b ?", "answer: 3 4", "answer: 3 3"])
        )
      )
      assert.strictEqual(episode.reward, 1)
      assert.deepStrictEqual(prematureAttempts(episode), [true, false, false, false])
    }).pipe(
      Effect.provide(
        Layer.merge(NanoTeacher.layer({ level: "content-free" }), NanoVerifier.layer())
      )
    )
  )

  it.effect("says so when it does not know a task", () =>
    Effect.gen(function* () {
      const teacher = yield* Teacher
      const state = reset({ ...math, id: "odd", knowledge: { answer: 33 } }, { horizon: 4 })
      const error = yield* Effect.flip(teacher.reply(state))
      assert.strictEqual(error._tag, "TeacherError")
      assert.match(error.message, /does not know this task.*task odd cannot be read/s)
    }).pipe(Effect.provide(NanoTeacher.layer({ level: "informative" })))
  )
})
