import { describe, expect, it } from "@effect/vitest"
import {
  appendStudent,
  appendTeacher,
  DialogueState,
  disclosedSoFar,
  isDone,
  leakAttempts,
  observe,
  type Observation,
  reset,
  type Task,
  turnsTaken,
  type Verdict
} from "@sml/env-pomdp"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"

const task: Task = {
  id: "task",
  domain: "math",
  prompt: "find c .",
  knowledge: { answer: 42 },
  missing: ["b"]
}
const verdict: fc.Arbitrary<Verdict> = fc.constantFrom(
  { _tag: "NoAttempt" },
  { _tag: "Attempt", correct: false, diagnostics: null },
  { _tag: "Attempt", correct: true, diagnostics: { at: [1, "x"] } }
)
const exchange = fc.record({
  said: fc.string(),
  verdict,
  reply: fc.record({
    text: fc.string(),
    disclosed: fc.array(fc.constantFrom("a", "b"), { maxLength: 2 })
  })
})
const exchanges = fc.array(exchange, { maxLength: 6 })

type Exchanges = typeof exchanges extends fc.Arbitrary<infer A> ? A : never

const play = (of: Task, all: Exchanges, horizon = 10): DialogueState => {
  let state = reset(of, { horizon })
  for (const { reply, said, verdict: judged } of all) {
    state = appendTeacher(appendStudent(state, { text: said }, judged), reply)
  }
  return state
}

describe("observe", () => {
  it("is a function of the public history alone", () => {
    fc.assert(
      fc.property(
        exchanges,
        fc.jsonValue(),
        fc.array(fc.constantFrom("a", "b")),
        fc.array(verdict, { minLength: 6, maxLength: 6 }),
        (all, knowledge, missing, verdicts) => {
          const one = play(task, all)
          // the same words about another secret, judged and told differently
          const otherTask: Task = {
            ...task,
            knowledge: Schema.decodeUnknownSync(Schema.Json)(knowledge),
            missing
          }
          const other = play(
            otherTask,
            all.map((each, index) => ({
              ...each,
              verdict: verdicts[index] ?? each.verdict,
              reply: { ...each.reply, disclosed: [] }
            })),
            7
          )
          expect(observe(other)).toEqual(observe(one))
          expect(Object.keys(observe(one))).toEqual(["history"])
        }
      )
    )
  })

  it("has a type that cannot hold what is private", () => {
    const state = reset(task, { horizon: 4 })
    const fine: Observation = observe(state)
    // @ts-expect-error a state knows the task and its knowledge
    const whole: Observation = state
    // @ts-expect-error an observation has no task
    const withTask: Observation = { history: state.history, task }
    // @ts-expect-error an observation has no knowledge
    const withKnowledge: Observation = { history: state.history, knowledge: 42 }
    // @ts-expect-error an observation has no verdicts
    const withVerdicts: Observation = { history: state.history, verdicts: state.verdicts }
    // @ts-expect-error what the teacher told is in the history only
    const withReplies: Observation = { history: state.history, replies: state.replies }
    // @ts-expect-error a task is not an observation
    const onlyTask: Observation = task
    // @ts-expect-error an observation has no field to read it from
    const secret: unknown = fine.task?.knowledge
    expect([whole, withTask, withKnowledge, withVerdicts, withReplies, onlyTask]).toHaveLength(6)
    expect(secret).toBeUndefined()
  })
})

describe("reset", () => {
  it("begins with the statement, and nothing else was said", () => {
    const state = reset(task, { horizon: 4 })
    expect(state.history).toEqual([{ role: "teacher", text: "find c ." }])
    expect(state).toMatchObject({ episode: "task/0", seed: 0, verdicts: [], replies: [] })
    expect(reset(task, { horizon: 4, seed: 7 }).episode).toBe("task/7")
    expect(reset(task, { horizon: 4, seed: 7, episode: "mine" }).episode).toBe("mine")
  })
})

describe("append", () => {
  it("only adds at the end of the history", () => {
    fc.assert(
      fc.property(exchanges, exchange, (all, next) => {
        const before = play(task, all)
        const copy = structuredClone(before)
        const spoken = appendStudent(before, { text: next.said }, next.verdict)
        const answered = appendTeacher(spoken, next.reply)
        expect(before).toEqual(copy)
        expect(spoken.history.slice(0, -1)).toEqual(before.history)
        expect(answered.history.slice(0, -1)).toEqual(spoken.history)
        expect(answered.history.slice(-2)).toEqual([
          { role: "student", text: next.said },
          { role: "teacher", text: next.reply.text }
        ])
        expect(turnsTaken(answered)).toBe(all.length + 1)
      })
    )
  })

  it("keeps what was said when there is no verdict on it", () => {
    const state = appendStudent(reset(task, { horizon: 4 }), { text: "answer: 4 2" }, undefined)
    expect(state.history.at(-1)).toEqual({ role: "student", text: "answer: 4 2" })
    expect(turnsTaken(state)).toBe(0)
  })
})

describe("isDone", () => {
  it("is so after a correct attempt and at the horizon, and only then", () => {
    fc.assert(
      fc.property(exchanges, fc.integer({ min: 1, max: 7 }), (all, horizon) => {
        const last = all.at(-1)?.verdict
        const isRight = last?._tag === "Attempt" && last.correct
        expect(isDone(play(task, all, horizon))).toBe(isRight || all.length >= horizon)
      })
    )
  })
})

describe("disclosedSoFar", () => {
  it("is everything that any reply told", () => {
    fc.assert(
      fc.property(exchanges, (all) => {
        const told = all.flatMap(({ reply }) => reply.disclosed)
        expect([...disclosedSoFar(play(task, all))].toSorted()).toEqual(
          [...new Set(told)].toSorted()
        )
      })
    )
  })
})

describe("DialogueState", () => {
  it("goes through JSON", () => {
    fc.assert(
      fc.property(exchanges, (all) => {
        const state = play(task, all)
        const json: unknown = JSON.parse(JSON.stringify(Schema.encodeSync(DialogueState)(state)))
        expect(Schema.decodeUnknownSync(DialogueState)(json)).toEqual(state)
      })
    )
  })
})

describe("leakAttempts", () => {
  it("counts guarded replies only, and travels with the episode", () => {
    const withheld = fc.option(fc.nat({ max: 4 }), { nil: undefined })
    fc.assert(
      fc.property(fc.array(withheld, { maxLength: 6 }), (counts) => {
        let state = reset(task, { horizon: 10 })
        for (const count of counts) {
          const reply = { text: "no", disclosed: [] }
          state = appendTeacher(
            state,
            count === undefined ? reply : { ...reply, leakAttempts: count }
          )
        }
        const known = counts.filter((count) => count !== undefined)
        const expected = {
          guarded: known.length,
          leaky: known.filter((count) => count > 0).length,
          drafts: known.reduce((sum, count) => sum + count, 0)
        }
        expect(leakAttempts(state)).toEqual(expected)
        const json = Schema.encodeUnknownSync(DialogueState)(state)
        const read = Schema.decodeUnknownSync(DialogueState)(JSON.parse(JSON.stringify(json)))
        expect(leakAttempts(read)).toEqual(expected)
      })
    )
  })

  it("refuses a negative count", () => {
    const state = appendTeacher(reset(task, { horizon: 1 }), {
      text: "no",
      disclosed: [],
      leakAttempts: -1
    })
    expect(Schema.is(DialogueState)(state)).toBe(false)
  })
})
