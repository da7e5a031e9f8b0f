/** The protocols of this package, by name. */
import * as Result from "effect/Result"

import { EvaluationError } from "./EvaluationError.ts"
import type { Informativeness } from "./Informativeness.ts"
import type { Protocol, ProtocolCondition, Staging } from "./Protocol.ts"

/** What can be chosen of a protocol; each protocol uses what concerns it. */
export interface ProtocolOptions {
  /** Largest number of student turns; default 10 (`missing-premise`: 1). */
  readonly turns?: number
  /** Dialogues per task; default 1. */
  readonly repeats?: number
  /** Teachers to compare; default all four (`feedback`) or `diagnostic` (the others). */
  readonly levels?: readonly [Informativeness, ...ReadonlyArray<Informativeness>]
  /** Turns per dialogue in the student's training; default 4. For `longer`. */
  readonly trainedTurns?: number
}

const costs = ["input-tokens", "output-tokens", "tokens-per-success", "cost", "failed"]
const repeated = ["pass@k", "pass^k", "avg@k", "aptitude", "unreliability"]
const turnwise = ["success@k", "gain-per-turn", "fix", "fix-in-2", "uptake", "turns-to-success"]
const habits = [
  "attempt-rate",
  "question-rate",
  "asked",
  "question@1",
  "premature",
  "premature@1",
  "repeated",
  "turns:k"
]

const condition = (
  name: string,
  options: ProtocolOptions,
  rest: Partial<ProtocolCondition> = {}
): ProtocolCondition => ({
  name,
  staging: "as-given",
  informativeness: options.levels?.[0] ?? "diagnostic",
  horizon: options.turns ?? 10,
  repeats: options.repeats ?? 1,
  ...rest
})

/** One turn, no feedback: what the student knows before it is taught. */
export const singleTurn = (options: ProtocolOptions = {}): Protocol => ({
  name: "single-turn",
  tasks: "all",
  conditions: [condition("single-turn", options, { informativeness: "none", horizon: 1 })],
  metrics: ["success@k", ...repeated, "turns:k", ...costs],
  comparisons: [],
  comparedMetric: "success"
})

/** Dialogues with feedback of several informativenesses: what a student makes of each. */
export const feedback = (options: ProtocolOptions = {}): Protocol => {
  const [first, ...rest] = options.levels ?? (["none", "binary", "hint", "diagnostic"] as const)
  const at = (level: Informativeness) => condition(level, options, { informativeness: level })
  return {
    name: "feedback",
    tasks: "all",
    conditions: [at(first), ...rest.map(at)],
    metrics: [...turnwise, "gain@k", ...habits, ...repeated, "leak-rate", "leak-drafts", ...costs],
    comparisons: rest.map((level) => ({ before: first, after: level })),
    comparedMetric: "success"
  }
}

/** Pieces of the statement told in five ways: what is lost when they come one by one. */
export const sharded = (options: ProtocolOptions = {}): Protocol => {
  const at = (staging: Staging) =>
    condition(staging, options, {
      staging,
      informativeness: "none",
      ...(staging === "full" || staging === "concat" ? { horizon: 1 } : {})
    })
  const others = ["concat", "sharded", "recap", "snowball"] as const
  return {
    name: "sharded",
    tasks: "all",
    conditions: [at("full"), ...others.map(at)],
    metrics: [
      "success",
      "success@k",
      "aptitude",
      "unreliability",
      "pass@k",
      "avg@k",
      "premature",
      "premature@1",
      "turns:k",
      ...costs
    ],
    comparisons: others.map((after) => ({ before: "full", after })),
    comparedMetric: "success"
  }
}

/** Statements that can be answered and such that can not: abstain, ask, or hallucinate. */
export const missingPremise = (options: ProtocolOptions = {}): Protocol => ({
  name: "missing-premise",
  tasks: "all",
  conditions: [condition("missing-premise", { turns: 1, ...options })],
  metrics: [
    "hallucinated",
    "asked@1",
    "abstained",
    "held-back",
    "abstention-precision",
    "decision-accuracy",
    "turns:k",
    "success@k",
    "premature",
    ...costs
  ],
  comparisons: [],
  comparedMetric: "hallucinated"
})

/** Dialogues longer than in training: does the student go on gaining? */
export const longer = (options: ProtocolOptions = {}): Protocol => {
  const trained = options.trainedTurns ?? 4
  return {
    name: "longer",
    tasks: "all",
    conditions: [condition("longer", options)],
    metrics: [...turnwise, `gain-after@${trained}`, "gain@k", ...habits, ...costs],
    comparisons: [],
    comparedMetric: "success"
  }
}

/** Goals that change on the way (beyond the paper), beside the last goal alone as the control. */
export const evolving = (options: ProtocolOptions = {}): Protocol => ({
  name: "evolving",
  tasks: "all",
  conditions: [
    condition("last-goal", options),
    condition("evolving", options, { staging: "evolving" })
  ],
  metrics: ["success", ...turnwise, ...habits, ...costs],
  comparisons: [{ before: "last-goal", after: "evolving" }],
  comparedMetric: "success"
})

/** All of them; the keys are their names. */
export const protocols = {
  "single-turn": singleTurn,
  feedback,
  sharded,
  "missing-premise": missingPremise,
  longer,
  evolving
} as const satisfies Record<string, (options?: ProtocolOptions) => Protocol>

const isProtocolName = (name: string): name is keyof typeof protocols =>
  Object.hasOwn(protocols, name)

/** The protocol of that name; fails with an {@link EvaluationError} that lists the names there are. */
export const protocolNamed = (
  name: string,
  options: ProtocolOptions = {}
): Result.Result<Protocol, EvaluationError> =>
  isProtocolName(name)
    ? Result.succeed(protocols[name](options))
    : Result.fail(
        new EvaluationError({
          reason: `There is no protocol ${JSON.stringify(name)}; choose one of ${Object.keys(protocols).join(", ")}.`
        })
      )
