/** The report of a run, from what it measured. */
import { informative } from "@sml/eval-harness"
import type { Report } from "@sml/eval-harness/Report"

import { evaluatedDomains } from "./evaluateStudent.ts"
import { machineFacts } from "./machineFacts.ts"
import type { StepNumbers, TrainingResult } from "./TrainingRun.ts"
import type { TrainOptions } from "./TrainOptions.ts"

/** Seconds by part of the steps. */
export const profileOf = (steps: ReadonlyArray<StepNumbers>): Readonly<Record<string, number>> => {
  const sum = (part: string) =>
    steps.reduce((total, step) => total + (step[`seconds/${part}`] ?? 0), 0)
  const rollout = sum("rollout")
  const verification = sum("verification")
  const gradient = sum("gradient")
  const rest = Math.max(0, sum("total") - rollout - verification - gradient)
  return { rollout, verification, gradient, rest }
}

/** Everything that `report.html` shows. */
export const buildReport = (
  title: string,
  config: TrainOptions,
  result: TrainingResult
): Report => ({
  title,
  results: result.results,
  steps: result.steps,
  profile: profileOf(result.steps),
  config,
  dialogues: evaluatedDomains.map((domain) => ({
    domain,
    before: result.before?.episodes[domain][informative] ?? [],
    after: result.after?.episodes[domain][informative] ?? []
  })),
  facts: {
    student: config.checkpoint ?? "of the configuration",
    seed: String(config.seed),
    ...machineFacts()
  },
  trainedTurns: config.horizon
})
