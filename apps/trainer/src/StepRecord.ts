/** What is known of a finished training step. */
import type { Group } from "@sml/env-pomdp"
import { studentTurns } from "@sml/env-pomdp"
import type { UpdateMetrics } from "@sml/grpo-core"

/** Seconds of a step; `rollout` is without the verifier, whose time is `verification`. */
export interface StepSeconds {
  readonly rollout: number
  readonly verification: number
  readonly gradient: number
  readonly total: number
}

/**
 * - `step`: from 1; `update`: what the update saw and did;
 * - `tokens`: length of all token streams of the dialogues together, each token once.
 */
export interface StepRecord {
  readonly step: number
  readonly update: UpdateMetrics
  readonly tokens: number
  readonly seconds: StepSeconds
}

/** Length of the token streams of all dialogues. */
export const countTokens = (groups: ReadonlyArray<Group>): number => {
  let tokens = 0
  for (const { episodes } of groups) {
    for (const episode of episodes) {
      for (const { trace } of studentTurns(episode)) {
        tokens += (trace?.ids.length ?? 0) + (trace?.context.length ?? 0)
      }
    }
  }
  return tokens
}

/** Tokens of the dialogues that were held and learnt from, per second of the step. */
export const tokensPerSecond = (record: StepRecord): number =>
  record.seconds.total === 0 ? 0 : record.tokens / record.seconds.total

/** Questions per student turn. */
export const questionRate = ({ update }: StepRecord): number =>
  update.turns === 0 ? 0 : update.questions / update.turns

/** The record as numbers by name: its line in `metrics.jsonl`, and what a report draws. */
export const stepMetrics = (
  record: StepRecord
): Readonly<Record<string, number>> & { readonly step: number } => {
  const { success_by_turn, updated, ...numbers } = record.update
  return {
    step: record.step,
    ...numbers,
    updated: updated ? 1 : 0,
    ...Object.fromEntries(success_by_turn.map((share, turn) => [`success@${turn + 1}`, share])),
    "question-rate": questionRate(record),
    tokens: record.tokens,
    "tokens/s": tokensPerSecond(record),
    "seconds/rollout": record.seconds.rollout,
    "seconds/verification": record.seconds.verification,
    "seconds/gradient": record.seconds.gradient,
    "seconds/total": record.seconds.total
  }
}

/** Whether a number of a step depends on the clock: these alone may differ in two runs of one seed. */
export const isWallClock = (name: string): boolean =>
  name === "tokens/s" || name.startsWith("seconds/")
