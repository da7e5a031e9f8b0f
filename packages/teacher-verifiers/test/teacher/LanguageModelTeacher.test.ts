import { assert, describe, expect, it } from "@effect/vitest"
import type { DialogueState } from "@sml/env-pomdp"
import {
  appendStudent,
  appendTeacher,
  isFailed,
  rollout,
  Student,
  Teacher,
  Verifier
} from "@sml/env-pomdp"
import {
  LanguageModelTeacher,
  TeacherModel,
  type TeacherModelShape,
  teacherPrompt,
  TeacherUnavailable
} from "@sml/teacher-verifiers/teacher"
import { AiError, LanguageModel } from "effect/ai"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"

import {
  after,
  mathTask,
  noAttempt,
  programTask,
  testResult,
  wrongAnswer,
  wrongProgram
} from "./generalTasks.ts"

const task = mathTask("A board has 8 rows of 8 squares. How many squares?", "64", {
  solution: "8 * 8 = 64"
})
const state = after(task, "I say 46.", wrongAnswer("46", { side: "low" }))

const seeds: Array<number> = []
const saying = (...texts: ReadonlyArray<string>): TeacherModelShape => {
  let at = 0
  return TeacherModel.fromCompletion((_messages, seed) =>
    Effect.sync(() => {
      seeds.push(seed)
      at += 1
      return texts[Math.min(at, texts.length) - 1] ?? ""
    })
  )
}

const failing = (isRetryable: boolean, times: number): TeacherModelShape & { calls: number } => {
  const model = {
    calls: 0,
    complete: () =>
      Effect.suspend(() => {
        model.calls += 1
        return model.calls <= times
          ? Effect.fail(new TeacherUnavailable({ reason: "The server is down.", isRetryable }))
          : Effect.succeed("Count the rows.")
      })
  }
  return model
}

const slow: TeacherModelShape = { complete: () => Effect.never }

const reply = (
  model: TeacherModelShape,
  options: LanguageModelTeacher.LanguageModelTeacherOptions = {},
  of: DialogueState = state
) => LanguageModelTeacher.make(model, options).reply(of)

const noWait = { retry: Schedule.recurs(3) }

const said = (text: string) => Effect.map(reply(saying(text)), (all) => all.text)

describe("the language-model teacher", () => {
  it.effect("says what its model says, without thoughts and roles, and not too much of it", () =>
    Effect.gen(function* () {
      expect(yield* said("Teacher: Count the rows.")).toBe("Count the rows.")
      expect(yield* said("<think>It is 64.</think>\nCount the rows.")).toBe("Count the rows.")
      expect(yield* said("so 64 it is</think>Count the rows.")).toBe("Count the rows.")
      const long = yield* said("Count the rows once more. ".repeat(200))
      assert.isAtMost(long.length, 1500)
      assert(long.endsWith("more."))
    })
  )

  it.effect("asks with the same seed for the same turn, and another one for another draft", () =>
    Effect.gen(function* () {
      seeds.length = 0
      yield* reply(saying("It is 64.", "Count."))
      yield* reply(saying("It is 64.", "Count."))
      expect(seeds.slice(0, 2)).toEqual(seeds.slice(2))
      expect(new Set(seeds).size).toBe(2)
    })
  )

  it.effect("tells which held-back pieces it has told", () =>
    Effect.gen(function* () {
      const sharded = mathTask("How many shells did Leigh find?", "16", {
        shards: [
          { name: "kyle", text: "Kyle found 48 shells on the beach." },
          { name: "leigh", text: "Leigh found a third of what Kyle found." }
        ]
      })
      const asked = after(sharded, "How many did Kyle find?")
      const told = yield* reply(saying("On the beach, Kyle found 48 shells."), {}, asked)
      expect(told.disclosed).toEqual(["kyle"])
      const vague = yield* reply(saying("Kyle found some shells."), {}, asked)
      expect(vague.disclosed).toEqual([])
    })
  )
})

describe("a failing model", () => {
  it.effect("is asked again when that can help, on a schedule", () =>
    Effect.gen(function* () {
      const model = failing(true, 2)
      const fiber = yield* Effect.forkChild(reply(model))
      yield* TestClock.adjust("10 seconds")
      expect((yield* Fiber.join(fiber)).text).toBe("Count the rows.")
      expect(model.calls).toBe(3)
    })
  )

  it.effect("is given up when it can not, or never recovers", () =>
    Effect.gen(function* () {
      const refusing = failing(false, 9)
      const error = yield* Effect.flip(reply(refusing, noWait))
      expect(error).toMatchObject({ _tag: "TeacherError", kind: "unavailable" })
      expect(error.message).toBe("The server is down.")
      expect(refusing.calls).toBe(1)

      const down = failing(true, 99)
      expect(yield* Effect.flip(reply(down, noWait))).toMatchObject({ kind: "unavailable" })
      expect(down.calls).toBe(4)
    })
  )

  it.effect("has a time for every answer and one for the whole reply", () =>
    Effect.gen(function* () {
      const once = yield* Effect.forkChild(
        Effect.flip(reply(slow, { timeout: "5 seconds", retry: Schedule.recurs(1) }))
      )
      yield* TestClock.adjust("11 seconds")
      const error = yield* Fiber.join(once)
      expect(error).toMatchObject({ _tag: "TeacherError", kind: "timeout" })
      expect(error.message).toContain("5 s")

      const whole = yield* Effect.forkChild(
        Effect.flip(
          reply(slow, { timeout: "1 hour", deadline: "30 seconds", retry: Schedule.forever })
        )
      )
      yield* TestClock.adjust("31 seconds")
      expect(yield* Fiber.join(whole)).toMatchObject({ kind: "timeout" })
    })
  )

  it.effect("that says nothing is asked again, and then is malformed", () =>
    Effect.gen(function* () {
      expect((yield* reply(saying("", "  \n", "Count."), noWait)).text).toBe("Count.")
      const error = yield* Effect.flip(reply(saying("<think>I will never"), noWait))
      expect(error).toMatchObject({ kind: "malformed" })
      expect(error.message).toContain("more tokens")
    })
  )

  it.effect("ends the episode as failed, with no word of the student lost", () =>
    Effect.gen(function* () {
      const parties = Layer.mergeAll(
        Layer.succeed(Teacher, LanguageModelTeacher.make(failing(false, 9))),
        Layer.succeed(Verifier, { check: () => Effect.succeed(wrongAnswer("46")) }),
        Student.layerScripted(["I say 46.", "64"])
      )
      const episode = yield* Effect.provide(rollout(task, { horizon: 4 }), parties)
      expect(episode).toMatchObject({
        stop: "teacher-failed",
        reward: 0,
        failure: "The server is down."
      })
      assert(isFailed(episode))
      expect(episode.state.history.at(-1)?.text).toBe("I say 46.")
    })
  )
})

describe("teacherPrompt", () => {
  const knowledge = { kind: "math-answer" as const, answer: "64", solution: "8 * 8 = 64" }
  const whole = (of: DialogueState) =>
    teacherPrompt(of, knowledge)
      .map(({ content }) => content)
      .join("\n\n")

  it("holds rules, secret, conversation and verdicts", () => {
    const later = appendStudent(
      appendTeacher(state, { text: "Count again.", disclosed: [] }),
      { text: "How?" },
      noAttempt
    )
    const [system, user] = teacherPrompt(later, knowledge)
    expect(system?.role).toBe("system")
    expect(system?.content).toContain("Never reveal")
    expect(system?.content).toContain("| 64")
    expect(user?.content).toContain(
      "| I say 46.\nPrivate, the verifier on it: Its answer is not correct: too low."
    )
    expect(user?.content).toContain("You said:\n| Count again.")
    expect(user?.content).toContain("| How?\nPrivate, the verifier on it: It holds no answer.")
  })

  it("shows a program's first failing test", () => {
    const verdict = wrongProgram([testResult({ call: "f(3)", expected: "4", got: "3" })])
    const of = after(
      programTask("Write f.", "def f(x):\n    return x + 1\n"),
      "def f(x): x",
      verdict
    )
    const text = teacherPrompt(of, {
      kind: "program",
      language: "python",
      preamble: "",
      tests: { kind: "asserts", setup: "", asserts: ["assert f(1) == 2"] },
      solution: "def f(x):\n    return x + 1\n"
    })[1]?.content
    expect(text).toContain("f(3)")
    expect(text).toContain("expected: 4")
  })

  it("keeps every text of the student inside its quotation", () => {
    const nasty = fc.oneof(
      fc.string({ unit: "binary", maxLength: 200 }),
      fc.constantFrom(
        "\n\nSYSTEM:",
        "\r",
        "\u2028",
        "\u0085",
        "\v",
        "</s>",
        "<|im_end|>",
        "| ",
        "\u001b[2J"
      )
    )
    fc.assert(
      fc.property(fc.array(nasty, { maxLength: 6 }), (parts) => {
        const text = parts.join("")
        const lines = whole(after(task, text)).split(/[\n\v\f\r\u0085\u2028\u2029]/)
        const from = lines.indexOf("The student said:")
        const end = lines.indexOf("Private, the verifier on it: It holds no answer.")
        assert.isAbove(from, 0)
        assert.isAbove(end, from)
        const quoted = lines.slice(from + 1, end)
        assert(quoted.every((line) => line.startsWith("| ")))
        assert(!/<[|/]|\|>|[^\P{Cc}\t]/u.test(quoted.join("")), JSON.stringify(quoted))
        // and everything outside is the teacher's own
        expect([...lines.slice(0, from + 1), ...lines.slice(end)]).toEqual(
          whole(after(task, "x"))
            .split("\n")
            .filter((line) => line !== "| x")
        )
      })
    )
  })

  it("is capped, however much the student says", () => {
    assert.isBelow(whole(after(task, "a".repeat(1e6))).length, 10_000)
  })
})

const through = (model: Parameters<typeof LanguageModel.make>[0]) =>
  Effect.gen(function* () {
    const teacherModel = yield* TeacherModel
    return yield* reply(teacherModel, noWait)
  }).pipe(
    Effect.provide(
      TeacherModel.layerLanguageModel.pipe(
        Layer.provide(Layer.effect(LanguageModel.LanguageModel, LanguageModel.make(model)))
      )
    )
  )

describe("TeacherModel", () => {
  it.effect("speaks through a model of effect/ai", () =>
    Effect.gen(function* () {
      const roles: Array<string> = []
      const told = yield* through({
        generateText: ({ prompt }) =>
          Effect.sync(() => {
            roles.push(...prompt.content.map(({ role }) => role))
            return [{ type: "text", text: "Count the rows." }]
          }),
        streamText: () => Stream.empty
      })
      expect(told.text).toBe("Count the rows.")
      expect(roles).toEqual(["system", "user"])
    })
  )

  it.effect("passes on whether a failure can pass", () =>
    Effect.gen(function* () {
      let calls = 0
      const broken = (reason: AiError.AiErrorReason) => ({
        generateText: () =>
          Effect.suspend(() => {
            calls += 1
            return Effect.fail(AiError.make({ module: "test", method: "generateText", reason }))
          }),
        streamText: () => Stream.empty
      })
      const limited = yield* Effect.flip(through(broken(new AiError.RateLimitError({}))))
      expect(limited).toMatchObject({ _tag: "TeacherError", kind: "unavailable" })
      expect(calls).toBe(4)
      calls = 0
      yield* Effect.flip(through(broken(new AiError.AuthenticationError({ kind: "InvalidKey" }))))
      expect(calls).toBe(1)
    })
  )
})
