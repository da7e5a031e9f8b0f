/** Playing a protocol: resumable, each dialogue kept when it ends. */
import type { Episode, Task } from "@sml/env-pomdp"
import {
  isFailed,
  isUnderspecified,
  mixSeed,
  rollout,
  Student,
  StudentError,
  Teacher,
  TeacherError,
  textSeed,
  Verifier,
  VerifierError
} from "@sml/env-pomdp"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Schema from "effect/Schema"

import type { RecordOptions } from "./Evaluation.ts"
import { type Evaluation, summariseRecords } from "./Evaluation.ts"
import { EvaluationError } from "./EvaluationError.ts"
import type { EvaluationSettings } from "./EvaluationSettings.ts"
import { taskFingerprint } from "./EvaluationSettings.ts"
import { type DialogueRecord, EvaluationStore } from "./EvaluationStore.ts"
import { compactEpisode } from "./internal/compactEpisode.ts"
import { stagedParties } from "./internal/stagedParties.ts"
import type { Protocol, ProtocolCondition } from "./Protocol.ts"
import { labelStrategies } from "./ResponseStrategy.ts"
import { type StagedTask, type StageTask, stageTask } from "./StagedTask.ts"
import { TeacherLevels } from "./TeacherLevels.ts"
import { judgeEpisode, TurnJudge } from "./TurnJudge.ts"

/** How far a protocol is. */
export interface ProtocolProgress {
  /** Dialogues that have ended, those of an earlier run among them. */
  readonly done: number
  readonly total: number
  /** The dialogue that has just ended; absent once, at the start. */
  readonly record?: DialogueRecord
}

/** Settings of {@link runProtocol}. */
export interface RunProtocolOptions extends RecordOptions {
  readonly tasks: ReadonlyArray<Task>
  /** Unsigned 32-bit integer; default 0. */
  readonly seed?: number
  /** Tells students and teachers from others, in the settings; default `null`. */
  readonly model?: Schema.Json
  readonly teacher?: Schema.Json
  /** Dialogues at a time; default: all, and the engine batches them. */
  readonly concurrency?: number | "unbounded"
  /** Whether dialogues that failed in an earlier run are played again; default: yes. */
  readonly retryFailed?: boolean
  /**
   * Ends the run when this many dialogues have failed and not one has succeeded: the server is not
   * there, the key is wrong. Default 10.
   */
  readonly giveUpAfter?: number
  /** How tasks are told; default `stageTask`, which knows those of `@sml/tasks`. */
  readonly stage?: StageTask
  readonly onProgress?: (progress: ProtocolProgress) => Effect.Effect<void>
}

/** The numbers, and the dialogues behind them in the order of conditions, tasks and repeats. */
export interface ProtocolRun {
  readonly evaluation: Evaluation
  readonly records: ReadonlyArray<DialogueRecord>
}

interface PlannedDialogue {
  readonly key: string
  readonly condition: ProtocolCondition
  readonly task: Task
  readonly staged: StagedTask
  readonly repeat: number
}

const keyOf = (condition: string, domain: string, task: string, repeat: number): string =>
  JSON.stringify([condition, domain, task, repeat])

const recordKey = ({ condition, domain, repeat, task }: DialogueRecord): string =>
  keyOf(condition, domain, task, repeat)

const isChosen = (task: Task, which: Protocol["tasks"]): boolean =>
  which === "all" || (which === "underspecified") === isUnderspecified(task)

interface Plan {
  readonly dialogues: ReadonlyArray<PlannedDialogue>
  readonly notPlayed: Readonly<Record<string, number>>
}

const planOf = (protocol: Protocol, tasks: ReadonlyArray<Task>, stage: StageTask): Plan => {
  const notPlayed: Record<string, number> = {}
  const dialogues = protocol.conditions.flatMap((condition) =>
    tasks.flatMap((task): ReadonlyArray<PlannedDialogue> => {
      const staged = stage(task, condition.staging)
      if (staged === undefined) {
        notPlayed[condition.name] = (notPlayed[condition.name] ?? 0) + 1
        return []
      }
      return Array.from({ length: condition.repeats }, (_, repeat) => ({
        key: keyOf(condition.name, task.domain, task.id, repeat),
        condition,
        task,
        staged,
        repeat
      }))
    })
  )
  return { dialogues, notPlayed }
}

const firstTwice = (keys: ReadonlyArray<string>): string | undefined => {
  const seen = new Set<string>()
  return keys.find((key) => seen.size === seen.add(key).size)
}

const checkProtocol = (protocol: Protocol, tasks: ReadonlyArray<Task>): string | undefined => {
  const condition = firstTwice(protocol.conditions.map(({ name }) => name))
  const task = firstTwice(tasks.map(({ domain, id }) => JSON.stringify([domain, id])))
  return tasks.length === 0
    ? `There are no tasks for the protocol ${protocol.name}: give at least one${protocol.tasks === "all" ? "" : ` ${protocol.tasks} task`}.`
    : condition !== undefined
      ? `Two conditions of the protocol ${protocol.name} are called ${condition}; give each a name of its own.`
      : task === undefined
        ? undefined
        : `The task ${task} comes twice; give each task once, and repeats in the protocol's conditions.`
}

/** A fault inside a party ends its dialogue, as a failure that it tells does. */
const faultText = (party: string, defect: unknown): string =>
  `The ${party} broke: ${defect instanceof Error ? defect.message : String(defect)}`

const sturdyStudent = (student: Student["Service"]): Student["Service"] => ({
  speak: (observation, context) =>
    Effect.suspend(() => student.speak(observation, context)).pipe(
      Effect.catchDefect((defect) =>
        Effect.fail(new StudentError({ reason: faultText("student", defect) }))
      )
    )
})

const sturdyTeacher = (teacher: Teacher["Service"]): Teacher["Service"] => ({
  reply: (state) =>
    Effect.suspend(() => teacher.reply(state)).pipe(
      Effect.catchDefect((defect) =>
        Effect.fail(new TeacherError({ reason: faultText("teacher", defect) }))
      )
    )
})

const sturdyVerifier = (verifier: Verifier["Service"]): Verifier["Service"] => ({
  check: (task, text) =>
    Effect.suspend(() => verifier.check(task, text)).pipe(
      Effect.catchDefect((defect) =>
        Effect.fail(new VerifierError({ reason: faultText("verifier", defect) }))
      )
    )
})

/**
 * Plays every dialogue of a protocol that the store does not hold yet, keeps each when it ends, and
 * measures all of them. A dialogue's seed depends on the seed, the task and the repeat alone, so that
 * conditions and students meet the same luck, and a run that was interrupted and started again with
 * the same settings gives what an uninterrupted one gives.
 *
 * Needs `Student`, `Verifier`, {@link TeacherLevels} and an {@link EvaluationStore}; takes turn labels
 * from a {@link TurnJudge} where there is one, else from the rules.
 *
 * A party that fails ends its own dialogue. Fails with `EvaluationError` when there is nothing to play
 * or nothing but failures, and with `EvaluationStoreError` when dialogues can not be kept or the store
 * holds an evaluation with other settings. What has been played stays in the store.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { Student, Teacher, Verifier } from "@sml/env-pomdp"
 * import { EvaluationStore, protocols, runProtocol, TeacherLevels } from "@sml/eval-harness"
 * import { Effect, Layer } from "effect"
 *
 * const parties = Layer.mergeAll(
 *   Student.layerScripted(["3", "2"]),
 *   Layer.succeed(Verifier, {
 *     check: (task, text) =>
 *       Effect.succeed({ _tag: "Attempt", correct: text === task.knowledge, diagnostics: null })
 *   }),
 *   TeacherLevels.layerSame,
 *   EvaluationStore.layerMemory
 * ).pipe(
 *   Layer.provide(
 *     Layer.succeed(Teacher, { reply: () => Effect.succeed({ text: "wrong", disclosed: [] }) })
 *   )
 * )
 * const task = { id: "1+1", domain: "math", prompt: "1 + 1 ?", knowledge: "2", missing: [] }
 *
 * const { evaluation } = await Effect.runPromise(
 *   runProtocol(protocols.feedback({ turns: 4, levels: ["binary"] }), { tasks: [task] }).pipe(
 *     Effect.provide(parties)
 *   )
 * )
 * assert.equal(evaluation.results["math"]?.["binary/success@1"]?.value, 0)
 * assert.equal(evaluation.results["math"]?.["binary/success@2"]?.value, 1)
 * assert.equal(evaluation.results["math"]?.["binary/success@2"]?.n, 1)
 * ```
 */
export const runProtocol = Effect.fn("eval-harness.runProtocol")(function* (
  protocol: Protocol,
  options: RunProtocolOptions
) {
  const {
    concurrency = "unbounded",
    giveUpAfter = 10,
    model = null,
    onProgress,
    retryFailed = true,
    seed = 0,
    stage = stageTask,
    teacher = null
  } = options
  const tasks = options.tasks.filter((task) => isChosen(task, protocol.tasks))
  const fault = checkProtocol(protocol, tasks)
  if (fault !== undefined) return yield* new EvaluationError({ reason: fault })
  // an unknown metric is told before anything is played
  yield* Effect.fromResult(summariseRecords(protocol, [], options))
  const { dialogues, notPlayed } = planOf(protocol, tasks, stage)
  if (dialogues.length === 0) {
    return yield* new EvaluationError({
      reason: `None of the ${tasks.length} tasks has what the protocol ${protocol.name} needs (shards or goals in its knowledge); choose another protocol or other tasks.`
    })
  }

  const student = sturdyStudent(yield* Student)
  const verifier = sturdyVerifier(yield* Verifier)
  const levels = yield* TeacherLevels
  const judge = yield* Effect.serviceOption(TurnJudge)
  const store = yield* EvaluationStore

  const settings: EvaluationSettings = {
    version: 1,
    protocol,
    model,
    teacher,
    seed,
    tasks: taskFingerprint(tasks)
  }
  const kept = yield* store.begin(settings)
  const records = new Map(
    kept.records
      .map((record) => [recordKey(record), record] as const)
      // a later record of a dialogue takes the place of the earlier one
      .filter(([, { episode }]) => !(retryFailed && isFailed(episode)))
  )
  const missing = dialogues.filter(({ key }) => !records.has(key))
  const total = dialogues.length
  let done = total - missing.length
  yield* onProgress?.({ done, total }) ?? Effect.void

  const labelsOf = (episode: Episode) =>
    Option.match(judge, {
      onNone: () => Effect.succeed(labelStrategies(episode)),
      onSome: (service) =>
        judgeEpisode(episode).pipe(
          Effect.provideService(TurnJudge, service),
          Effect.map(({ labels }) => labels)
        )
    })

  const play = Effect.fnUntraced(function* (planned: PlannedDialogue) {
    const { condition, repeat, staged, task } = planned
    const parties = stagedParties(staged, {
      teacher: sturdyTeacher(levels.at(condition.informativeness)),
      verifier
    })
    const turns = (staged.script?.length ?? Infinity) + 1
    const played = yield* rollout(staged.task, {
      horizon: Math.min(condition.horizon, turns),
      seed: mixSeed(seed, textSeed(`${task.domain}/${task.id}`), repeat),
      episode: `${condition.name}/${task.domain}/${task.id}/${seed}/${repeat}`
    }).pipe(
      Effect.provideService(Student, student),
      Effect.provideService(Teacher, parties.teacher),
      Effect.provideService(Verifier, parties.verifier)
    )
    const episode = compactEpisode(played)
    return {
      condition: condition.name,
      domain: task.domain,
      task: task.id,
      repeat,
      episode,
      labels: yield* labelsOf(episode)
    } satisfies DialogueRecord
  })

  let failures = 0
  let isHopeless = records.size === 0
  yield* Effect.forEach(
    missing,
    (planned) =>
      Effect.gen(function* () {
        const record = yield* play(planned)
        yield* store.append(record)
        records.set(planned.key, record)
        if (isFailed(record.episode)) failures++
        else isHopeless = false
        done++
        yield* onProgress?.({ done, total, record }) ?? Effect.void
        if (isHopeless && failures >= giveUpAfter) {
          yield* new EvaluationError({
            reason: `The first ${failures} dialogues all failed, the last one with: ${record.episode.failure ?? ""} Put that right and start again; what was played is kept.`
          })
        }
      }),
    { concurrency, discard: true }
  )

  const ordered = dialogues.flatMap(({ key }) => records.get(key) ?? [])
  const numbers = yield* Effect.fromResult(summariseRecords(protocol, ordered, options))
  return {
    evaluation: {
      settings,
      ...numbers,
      dialogues: ordered.length,
      notPlayed,
      damagedLines: kept.damaged
    },
    records: ordered
  } satisfies ProtocolRun
})
