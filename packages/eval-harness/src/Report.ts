/** What a report is made of. Plain data: any trainer can fill it in. */
import type { Episode } from "@sml/env-pomdp"
import type * as Schema from "effect/Schema"

import type { BeforeAfter } from "./BeforeAfter.ts"

/**
 * The numbers of one training step by name, `step` among them: `reward`, `entropy`, `success@1`, … A
 * value that is not finite is not drawn.
 */
export type StepMetrics = Readonly<Record<string, number>>

/** One plot over training steps: the metrics to draw in it, each with the word at its line. */
export interface LearningCurve {
  readonly title: string
  readonly isRate: boolean
  readonly series: ReadonlyArray<{ readonly key: string; readonly label: string }>
}

/** The dialogues of one domain, the same tasks before and after. */
export interface DialogueSet {
  readonly domain: string
  /** How the teacher behaved; default `"informative"`. */
  readonly condition?: string
  readonly before: ReadonlyArray<Episode>
  readonly after: ReadonlyArray<Episode>
}

/**
 * - `results`: the before/after table; its first domain is the headline;
 * - `steps`: metrics of the training steps, oldest first;
 * - `profile`: seconds by part of the training step (rollout, verification, gradient, …);
 * - `config`: the run's settings, shown as they are;
 * - `dialogues`: all evaluation dialogues; the report shows a few of each outcome;
 * - `facts`: short facts about the run (seed, machine, time), shown under the title;
 * - `trainedTurns`: turns per dialogue in training, marked in the plots by turn.
 */
export interface Report {
  readonly title: string
  readonly results: BeforeAfter
  readonly steps: ReadonlyArray<StepMetrics>
  readonly profile: Readonly<Record<string, number>>
  readonly config: Schema.Json
  readonly dialogues: ReadonlyArray<DialogueSet>
  readonly facts?: Readonly<Record<string, string>>
  readonly trainedTurns?: number
}
