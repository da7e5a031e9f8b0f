import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import type { Task } from "@sml/env-pomdp"
import { Student, StudentError, Teacher } from "@sml/env-pomdp"
import {
  Evaluation,
  EvaluationStore,
  metricsNamed,
  type Protocol,
  protocolNamed,
  protocols,
  type ProtocolRun,
  ResponseCache,
  runProtocol,
  type ProtocolProgress,
  type RunProtocolOptions,
  TeacherLevels
} from "@sml/eval-harness"
import { evolveTask } from "@sml/tasks/protocols"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"

import { numberTasks, parties, seededStudent } from "./scriptedParties.ts"

const tasks = numberTasks(6)
const cheap = { resamples: 20 }

const run = (
  protocol: Protocol,
  options: Partial<RunProtocolOptions> = {},
  student: Student["Service"] = seededStudent
) =>
  runProtocol(protocol, { tasks, ...cheap, ...options }).pipe(
    Effect.provide(Layer.merge(parties(student), EvaluationStore.layerMemory))
  )

const small = protocols.feedback({ turns: 3, repeats: 2, levels: ["none", "diagnostic"] })

const fourthTexts = ({ records }: ProtocolRun) =>
  records
    .filter(({ task }) => task === "task 4")
    .map(({ episode }) => episode.state.history.map(({ text }) => text))

const reasonOf = (protocol: Protocol, options: Partial<RunProtocolOptions> = {}) =>
  run(protocol, options).pipe(
    Effect.flip,
    Effect.map(({ message }) => message)
  )

describe("runProtocol", () => {
  it.effect("plays every condition, task and repeat, in order, with the level's teacher", () =>
    Effect.gen(function* () {
      const { evaluation, records } = yield* run(small)
      assert.strictEqual(records.length, 2 * 6 * 2)
      assert.deepStrictEqual(
        records.slice(0, 4).map(({ condition, repeat, task }) => [condition, task, repeat]),
        [
          ["none", "task 0", 0],
          ["none", "task 0", 1],
          ["none", "task 1", 0],
          ["none", "task 1", 1]
        ]
      )
      for (const { condition, episode, labels } of records) {
        assert.strictEqual(labels.length, episode.state.verdicts.length)
        for (const { text } of episode.state.replies) assert.strictEqual(text, `${condition}: no`)
      }
      const { math } = evaluation.results
      assert.strictEqual(math?.["none/success@3"]?.n, 6)
      assert.strictEqual(math?.["none/avg@2"]?.n, 6)
      assert.strictEqual(math?.["none/pass@2"]?.n, 3)
      assert.isUndefined(math?.["none/uptake"])
      assert.isDefined(math?.["diagnostic/uptake"])
      // the same luck under both conditions
      const [comparison] = evaluation.comparisons
      assert.deepInclude(comparison, {
        before: "none",
        after: "diagnostic",
        pValue: 1,
        exact: true
      })
      assert.strictEqual(comparison?.difference.n, 3)
      // goes through JSON
      const json: unknown = JSON.parse(JSON.stringify(evaluation))
      assert.deepStrictEqual(Schema.decodeUnknownSync(Evaluation)(json), evaluation)
    })
  )

  it.effect("gives a task the same luck whatever its neighbours are", () =>
    Effect.gen(function* () {
      const all = yield* run(small)
      const few = yield* run(small, { tasks: tasks.slice(3) })
      assert.deepStrictEqual(fourthTexts(few), fourthTexts(all))
    })
  )

  it.effect("records a party that fails or breaks, and goes on", () =>
    Effect.gen(function* () {
      const fragile = Student.of({
        speak: ({ history }) =>
          history[0]?.text === "find 2"
            ? Effect.fail(new StudentError({ reason: "no voice" }))
            : history[0]?.text === "find 3"
              ? Effect.die(new Error("a bug"))
              : Effect.succeed({ text: "it is 9" })
      })
      const { evaluation } = yield* run(protocols["single-turn"](), {}, fragile)
      assert.deepStrictEqual(
        evaluation.failures.map(({ domain, reason, task }) => [domain, task, reason]),
        [
          ["math", "task 2", "no voice"],
          ["code", "task 3", "The student broke: a bug"]
        ]
      )
      assert.deepInclude(evaluation.results["math"]?.["single-turn/failed"], {
        value: 1 / 3,
        n: 3
      })
      assert.strictEqual(evaluation.results["math"]?.["single-turn/success@1"]?.n, 2)
    })
  )

  it.effect("gives up when nothing works, and says why", () =>
    Effect.gen(function* () {
      let asked = 0
      const mute = Student.of({
        speak: () =>
          Effect.suspend(() => {
            asked++
            return Effect.fail(new StudentError({ reason: "The key is wrong; set another." }))
          })
      })
      const error = yield* run(small, { giveUpAfter: 3, concurrency: 1 }, mute).pipe(Effect.flip)
      assert.strictEqual(error._tag, "EvaluationError")
      assert.match(error.message, /first 3 dialogues all failed.*The key is wrong; set another\./)
      assert.strictEqual(asked, 3)
    })
  )

  it.effect("says what is wrong with what it is asked", () =>
    Effect.gen(function* () {
      assert.match(yield* reasonOf(small, { tasks: [] }), /no tasks for the protocol feedback/)
      assert.match(
        yield* reasonOf({ ...small, tasks: "underspecified" }),
        /at least one underspecified task/
      )
      assert.match(yield* reasonOf(small, { tasks: [...tasks, ...tasks] }), /comes twice/)
      assert.match(
        yield* reasonOf({ ...small, metrics: ["succes@4"] }),
        /No metric is called succes@4/
      )
      assert.match(yield* reasonOf(protocols.sharded()), /shards or goals/)
      const [first] = small.conditions
      assert.match(yield* reasonOf({ ...small, conditions: [first, first] }), /called none/)
      const unknown = protocolNamed("sigle-turn")
      assert.isTrue(Result.isFailure(unknown))
      assert.match(
        Result.isFailure(unknown) ? unknown.failure.message : "",
        /choose one of single-turn, feedback, sharded/
      )
    })
  )

  it("knows every metric that its protocols name", () => {
    for (const make of Object.values(protocols)) {
      for (const options of [{}, { turns: 1 }, { turns: 6, repeats: 5, trainedTurns: 2 }]) {
        const protocol = make(options)
        for (const { horizon, informativeness, repeats } of protocol.conditions) {
          const context = { horizon, informativeness, repeats }
          const found = metricsNamed([...protocol.metrics, protocol.comparedMetric], context)
          assert.isTrue(Result.isSuccess(found), protocol.name)
        }
      }
    }
  })
})

const pens: Task = {
  id: "pens",
  domain: "math",
  prompt: "How many pens?",
  knowledge: {
    answer: 24,
    shards: [
      { name: "boxes", text: "There are 4 boxes." },
      { name: "each", text: "A box holds 6 pens." }
    ],
    statement: "4 boxes hold 6 pens each. How many pens?"
  },
  missing: ["boxes", "each"]
}

const goal = (answer: number): Task => ({
  id: `goal ${answer}`,
  domain: "math",
  prompt: `find ${answer}`,
  knowledge: { answer },
  missing: []
})

const played = (texts: ReadonlyArray<string>, name = "evolving") =>
  run(
    protocols.evolving({ turns: 4 }),
    { tasks: [evolveTask([goal(3), goal(5)], [2], ["now find 5"])] },
    Student.of({ speak: (_, { turn }) => Effect.succeed({ text: texts[turn] ?? "" }) })
  ).pipe(Effect.map(({ records }) => records.find(({ condition }) => condition === name)))

const premise = (id: string, answerable: boolean): Task => ({
  id,
  domain: "missing-premise",
  prompt: `find ${id}`,
  knowledge: { kind: "missing-premise", premise: "b is 3 .", answer: "3", answerable },
  missing: answerable ? [] : ["premise"]
})

describe("staging", () => {
  it.effect("tells a task in the five ways, and compares them on it", () =>
    Effect.gen(function* () {
      const guesser = Student.of({ speak: () => Effect.succeed({ text: "it is 5" }) })
      const { evaluation, records } = yield* run(
        protocols.sharded(),
        { tasks: [pens, ...tasks] },
        guesser
      )
      const teacherTexts = Object.fromEntries(
        records.map(({ condition, episode }) => [
          condition,
          episode.state.history.filter(({ role }) => role === "teacher").map(({ text }) => text)
        ])
      )
      assert.deepStrictEqual(teacherTexts, {
        full: ["4 boxes hold 6 pens each. How many pens?"],
        concat: [
          "Answer this; all lines belong to it:\n- How many pens?\n- There are 4 boxes.\n- A box holds 6 pens."
        ],
        sharded: ["How many pens?", "There are 4 boxes.", "A box holds 6 pens."],
        recap: [
          "How many pens?",
          "There are 4 boxes.",
          "A box holds 6 pens.",
          "Once more, everything that I said:\n- How many pens?\n- There are 4 boxes.\n- A box holds 6 pens."
        ],
        snowball: [
          "How many pens?",
          "Once more what I said:\n- How many pens?\nAnd this is new: There are 4 boxes.",
          "Once more what I said:\n- How many pens?\n- There are 4 boxes.\nAnd this is new: A box holds 6 pens."
        ]
      })
      // answers before the last piece are premature
      assert.deepInclude(evaluation.results["math"]?.["sharded/premature"], { value: 2, n: 1 })
      assert.isUndefined(evaluation.results["math"]?.["full/premature"])
      assert.strictEqual(evaluation.notPlayed["sharded"], 6)
      assert.deepStrictEqual(
        evaluation.comparisons.map(({ after, difference }) => [after, difference.value]),
        [
          ["concat", 0],
          ["sharded", 0],
          ["recap", 0],
          ["snowball", 0]
        ]
      )
    })
  )

  it.effect("changes the goal at its turn; only the last one ends the dialogue", () =>
    Effect.gen(function* () {
      const late = yield* played(["1", "3", "3", "5"])
      assert.deepStrictEqual(
        late?.episode.state.history.map(({ text }) => text),
        ["find 3", "1", "diagnostic: no", "3", "now find 5", "3", "diagnostic: no", "5"]
      )
      assert.strictEqual(late?.episode.reward, 1)
      assert.deepInclude(late?.episode.state.verdicts[1], { _tag: "Attempt", correct: false })
      const control = yield* played(["3", "5"], "last-goal")
      assert.deepStrictEqual(
        control?.episode.state.history.map(({ text }) => text),
        ["find 5", "3", "diagnostic: no", "5"]
      )
    })
  )

  it.effect("tells whether a student holds back where a premise is missing, and only there", () =>
    Effect.gen(function* () {
      const texts: Readonly<Record<string, string>> = {
        "find sure": "it is 3",
        "find shy": "I don't know.",
        "find rash": "it is 3",
        "find wise": "What is b?"
      }
      const { evaluation } = yield* run(
        protocols["missing-premise"](),
        {
          tasks: [
            premise("sure", true),
            premise("shy", true),
            premise("rash", false),
            premise("wise", false)
          ]
        },
        Student.of({
          speak: ({ history }) => Effect.succeed({ text: texts[history[0]?.text ?? ""] ?? "" })
        })
      )
      const numbers = Object.fromEntries(
        Object.entries(evaluation.results["missing-premise"] ?? {}).map(([key, { n, value }]) => [
          key.slice("missing-premise/".length),
          [value, n]
        ])
      )
      assert.deepInclude(numbers, {
        hallucinated: [1 / 2, 2],
        "asked@1": [1 / 2, 2],
        "held-back": [1 / 2, 2],
        "abstention-precision": [1 / 2, 2],
        "decision-accuracy": [1 / 2, 4],
        // no answer to what can not be answered is right
        "success@1": [1 / 4, 4],
        premature: [1 / 2, 2]
      })
    })
  )
})

/** Interrupts a run when it tells that a further dialogue has ended. */
const stopAfter = (dialogues: number) => {
  let seen = 0
  return ({ record }: ProtocolProgress) =>
    Effect.suspend(() =>
      record !== undefined && ++seen > dialogues ? Effect.interrupt : Effect.void
    )
}

const inFolder = (folder: string, options: Partial<RunProtocolOptions> = {}) => {
  const student = ResponseCache.layerStudent("m").pipe(
    Layer.provide(Layer.succeed(Student, seededStudent)),
    Layer.provide(ResponseCache.layerFolder(folder))
  )
  return runProtocol(small, { tasks, ...cheap, ...options }).pipe(
    Effect.provide(student),
    Effect.provide(Layer.merge(parties(), EvaluationStore.layerFolder({ folder })))
  )
}

describe("resuming", () => {
  it.live("anywhere, with any line cut, gives what an uninterrupted run gives", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const whole = yield* run(small)
      const property = fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 400 })), {
          maxLength: 3
        }),
        fc.integer({ min: 1, max: 8 }),
        (stops, concurrency) =>
          Effect.gen(function* () {
            const folder = yield* fs.makeTempDirectoryScoped()
            const file = `${folder}/transcripts.jsonl`
            for (const [dialogues, cut] of stops) {
              yield* Effect.exit(
                inFolder(folder, { concurrency, onProgress: stopAfter(dialogues) })
              )
              const text = yield* fs.readFileString(file).pipe(Effect.orElseSucceed(() => ""))
              if (text !== "") yield* fs.writeFileString(file, text.slice(0, text.length - cut))
            }
            const resumed = yield* inFolder(folder, { concurrency })
            assert.deepStrictEqual(resumed.records, whole.records)
            assert.deepStrictEqual({ ...resumed.evaluation, damagedLines: 0 }, whole.evaluation)
          }).pipe(Effect.scoped, Effect.provide(NodeServices.layer), Effect.runPromise)
      )
      yield* Effect.promise(() => fc.assert(property, { numRuns: 15 }))
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.live("an interruption keeps what has ended", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* fs.makeTempDirectoryScoped()
      const exit = yield* Effect.exit(
        inFolder(folder, { concurrency: 1, onProgress: stopAfter(4) })
      )
      assert.strictEqual(exit._tag, "Failure")
      const text = yield* fs.readFileString(`${folder}/transcripts.jsonl`)
      assert.strictEqual(text.split("\n").length - 1, 5)
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.effect("plays only what is missing, and what failed", () =>
    Effect.gen(function* () {
      const folder = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped()
      let isOpen = false
      const spoken: Array<string> = []
      const moody = Student.of({
        speak: ({ history }, { episode }) =>
          Effect.suspend(() => {
            spoken.push(episode)
            return history[0]?.text === "find 2" && !isOpen
              ? Effect.fail(new StudentError({ reason: "closed" }))
              : Effect.succeed({ text: "it is 9" })
          })
      })
      const once = (options: Partial<RunProtocolOptions> = {}) =>
        runProtocol(protocols["single-turn"](), { tasks, ...cheap, ...options }).pipe(
          Effect.provide(Layer.merge(parties(moody), EvaluationStore.layerFolder({ folder })))
        )
      assert.strictEqual((yield* once()).evaluation.failures.length, 1)
      assert.strictEqual(spoken.length, 6)
      assert.strictEqual((yield* once({ retryFailed: false })).evaluation.failures.length, 1)
      assert.strictEqual(spoken.length, 6)
      isOpen = true
      const { evaluation } = yield* once()
      assert.strictEqual(evaluation.failures.length, 0)
      assert.strictEqual(evaluation.dialogues, 6)
      assert.deepStrictEqual(spoken.slice(6), ["single-turn/math/task 2/0/0"])
      const other = yield* once({ seed: 1 }).pipe(Effect.flip)
      assert.match(other.message, /seed was 0, is 1/)
    }).pipe(Effect.provide(NodeServices.layer))
  )
})

describe("TeacherLevels", () => {
  it.effect("are one teacher where there is only one", () =>
    Effect.gen(function* () {
      const teacher = Teacher.of({ reply: () => Effect.succeed({ text: "no", disclosed: [] }) })
      const levels = yield* TeacherLevels.pipe(
        Effect.provide(TeacherLevels.layerSame.pipe(Layer.provide(Layer.succeed(Teacher, teacher))))
      )
      assert.strictEqual(levels.at("hint"), levels.at("none"))
      const each = TeacherLevels.layer({
        none: teacher,
        binary: teacher,
        hint: teacher,
        diagnostic: Teacher.of({ ...teacher })
      })
      const four = yield* TeacherLevels.pipe(Effect.provide(each))
      assert.notStrictEqual(four.at("hint"), four.at("diagnostic"))
    })
  )
})
