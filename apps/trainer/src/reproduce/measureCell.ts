/** Measuring the student of a cell on held-out tasks. */
import type { DialogueState, Episode, Task } from "@sml/env-pomdp"
import { mixSeed, successTurn } from "@sml/env-pomdp"
import type { Metric } from "@sml/eval-harness"
import {
  asked,
  evaluate,
  failed,
  fix,
  fixInTwo,
  groupByTask,
  heldOutTasks,
  informative,
  leakRate,
  measureEpisodes,
  premature,
  prematureFirst,
  questionFirst,
  questionRate,
  questions,
  repeated,
  successWithin
} from "@sml/eval-harness"
import { ChatTokenizer, dialogueStream } from "@sml/language-model"
import { Learner, makeDatum } from "@sml/policy"
import { TaskSource } from "@sml/tasks"
import {
  codeAttempt,
  decodeKnowledge,
  leakReport,
  leaks,
  mathAttempt,
  NanoTeacher
} from "@sml/teacher-verifiers/nano"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"

import type { Cell, CellSettings, Domain, TaskRatios } from "./Cell.ts"
import { domains } from "./Cell.ts"
import { probe } from "./findings.ts"
import type { ReportWork } from "./trainCell.ts"

/** Keep the tasks and the luck of measuring apart from those of training. */
const testStream = 0x7e57
const probeStream = 0x960b

/** Teacher turns after which the loss is measured; the first is the statement. */
export const probeTurns = 5

/** Condition of the same loss in the student's own dialogues, which differ from student to student. */
export const ownProbe = "probe-own"

/** `late-success`: P(right by the last turn | not right by turn 4). */
const lateSuccess: Metric = {
  name: "late-success",
  range: [0, 1],
  measure: (episode) => {
    const turn = successTurn(episode)
    const late = turn === undefined || turn > 4
    return { numerator: late && turn !== undefined ? 1 : 0, denominator: late ? 1 : 0 }
  }
}

/** `leak-pieces`: dialogues in which statement and replies together give every piece of the answer. */
const leakPieces: Metric = {
  name: "leak-pieces",
  range: [0, 1],
  measure: ({ state }) => ({
    numerator: Result.getOrThrow(leakReport(state)).piecewise ? 1 : 0,
    denominator: 1
  })
}

const metricsFor = (horizon: number): ReadonlyArray<Metric> => [
  ...Array.from({ length: horizon }, (_, turn) => successWithin(turn + 1)),
  lateSuccess,
  fix,
  fixInTwo,
  questionRate,
  questions(horizon),
  asked,
  questionFirst,
  premature(horizon),
  prematureFirst,
  repeated,
  leakRate(({ text }, { state }) => leaks(Result.getOrThrow(decodeKnowledge(state.task)), text)),
  leakPieces,
  failed
]

type Ratios = Record<string, TaskRatios>

/** Every metric, task by task. */
const ratiosOf = (episodes: ReadonlyArray<Episode>, horizon: number): Ratios => {
  const tasks = [...groupByTask(episodes).values()]
  return Object.fromEntries(
    metricsFor(horizon).flatMap((metric) => {
      const ratios = tasks.map((dialogues) => measureEpisodes(metric, dialogues))
      const denominators = ratios.map(({ denominator }) => denominator)
      return denominators.every((denominator) => denominator === 0)
        ? []
        : [[metric.name, { numerators: ratios.map(({ numerator }) => numerator), denominators }]]
    })
  )
}

const correctAnswer = (task: Task): string => {
  const knowledge = Result.getOrThrow(decodeKnowledge(task))
  return knowledge.kind === "math" ? mathAttempt(knowledge.answer) : codeAttempt(knowledge)
}

/** Slope of a line through the losses after turns 1, 2, … by least squares. */
export const slopeOf = (losses: ReadonlyArray<number>): number => {
  const middle = (losses.length - 1) / 2
  let over = 0
  let under = 0
  for (const [index, loss] of losses.entries()) {
    over += (index - middle) * loss
    under += (index - middle) ** 2
  }
  return under === 0 ? 0 : over / under
}

/** The states of dialogues in which all of the teacher turns to be probed were taken. */
const unsolvedAtProbe = (episodes: ReadonlyArray<Episode>): ReadonlyArray<DialogueState> =>
  episodes.map(({ state }) => state).filter(({ replies }) => replies.length >= probeTurns - 1)

/**
 * Dialogues in which the student, as it is now, was not right within {@link probeTurns} − 1 turns. Made
 * before training, so that every student is probed with the same.
 */
export const probeDialogues = Effect.fn("reproduce.probeDialogues")(function* (
  { seed }: Cell,
  settings: CellSettings
) {
  const found: Array<readonly [Domain, ReadonlyArray<DialogueState>]> = []
  for (const domain of domains) {
    const tasks = yield* heldOutTasks({
      domain,
      seed: mixSeed(seed, probeStream),
      count: settings.evalTasks
    })
    const episodes = yield* evaluate(tasks, {
      horizon: probeTurns,
      seed: mixSeed(seed, probeStream),
      condition: probe
    })
    found.push([domain, unsolvedAtProbe(episodes)])
  }
  return found
})

/** −log P of the whole correct answer after each teacher turn of each dialogue, and its slope. */
const probeLosses = Effect.fnUntraced(function* (dialogues: ReadonlyArray<DialogueState>) {
  if (dialogues.length === 0) return {}
  const chat = yield* ChatTokenizer
  const learner = yield* Learner
  const data = yield* Effect.forEach(dialogues, ({ history, task }) =>
    Effect.forEach(
      Array.from({ length: probeTurns }, (_, index) => index),
      Effect.fnUntraced(function* (index: number) {
        const { tokens } = yield* Effect.fromResult(
          dialogueStream(chat, history.slice(0, 2 * index + 1))
        )
        const answer = yield* Effect.fromResult(chat.utterance(correctAnswer(task)))
        const weights = new Float32Array(tokens.length + answer.length - 1)
        weights.fill(1, tokens.length - 1)
        return makeDatum({ tokens: Int32Array.from([...tokens, ...answer]), weights })
      })
    )
  )
  const logprobs = yield* learner.forward(data.flat())
  const losses = dialogues.map((_, dialogue) =>
    Array.from({ length: probeTurns }, (_turn, turn) => {
      const at = dialogue * probeTurns + turn
      const weights = data[dialogue]?.[turn]?.weights
      let loss = 0
      for (const [target, logprob] of (logprobs[at] ?? new Float32Array()).entries()) {
        // where no loss falls, a log-probability means nothing
        if (weights?.[target] === 1) loss -= logprob
      }
      return loss
    })
  )
  const denominators = dialogues.map(() => 1)
  const ratios: Ratios = {
    "loss-slope": { numerators: losses.map(slopeOf), denominators }
  }
  for (let turn = 0; turn < probeTurns; turn++) {
    ratios[`loss@${turn + 1}`] = {
      numerators: losses.map((each) => each[turn] ?? 0),
      denominators
    }
  }
  return ratios
})

const controls = ["content-free", "strict-content-free"] as const

/**
 * Holds one dialogue per task under every kind of feedback in both domains, and probes the loss. Tasks
 * and luck are a function of the cell's seed: all methods meet the same.
 */
export const measureCell = Effect.fn("reproduce.measureCell")(function* (
  { seed }: Cell,
  settings: CellSettings,
  probes: Effect.Success<ReturnType<typeof probeDialogues>>,
  report: ReportWork
) {
  const source = yield* TaskSource
  const testSeed = mixSeed(seed, testStream)
  const total = domains.length * (2 + controls.length) * settings.evalTasks
  let done = 0
  const hold = Effect.fnUntraced(function* (tasks: ReadonlyArray<Task>, condition: string) {
    const episodes = yield* evaluate(tasks, {
      horizon: settings.evalHorizon,
      seed: testSeed,
      condition,
      onProgress: () => report(++done / total, `measuring, ${condition}`)
    })
    return episodes
  })
  const ratios = (episodes: ReadonlyArray<Episode>) => ratiosOf(episodes, settings.evalHorizon)
  const measured: Record<string, Record<string, Ratios>> = {}
  for (const [domain, dialogues] of probes) {
    const request = { domain, seed: testSeed, count: settings.evalTasks }
    const full = yield* heldOutTasks(request)
    const own = yield* hold(full, informative)
    const conditions: Record<string, Ratios> = { [informative]: ratios(own) }
    for (const level of controls) {
      conditions[level] = ratios(
        yield* hold(full, level).pipe(Effect.provide(NanoTeacher.layer({ level })))
      )
    }
    // there are fewer different ones than may be asked for: tasks come more than once
    const partial = yield* source.take({ ...request, split: "test", underspecified: true })
    conditions["underspecified"] = ratios(yield* hold(partial, "underspecified"))
    conditions[probe] = yield* probeLosses(dialogues)
    conditions[ownProbe] = yield* probeLosses(unsolvedAtProbe(own))
    measured[domain] = conditions
  }
  return measured
})
