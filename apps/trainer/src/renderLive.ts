/** The live view of a terminal: lines from a state. */
import type { Turn } from "@sml/env-pomdp"

import { fitColumns } from "./fitColumns.ts"
import { bar, block, clockTime, percent, short, sparkline } from "./formatting.ts"
import { safeText } from "./safeText.ts"
import type { StepRecord } from "./StepRecord.ts"
import { questionRate, tokensPerSecond } from "./StepRecord.ts"
import type { Style } from "./Style.ts"
import type { ViewState } from "./ViewState.ts"
import { activityText, secondsLeft } from "./ViewState.ts"

/** Where the lines will stand. */
export interface LiveOptions {
  readonly columns: number
  readonly rows: number
  readonly style: Style
  /** Now, on the clock of the state's events. */
  readonly at: number
}

const SPARK = 30

/** Mean over the last few steps: one step's reward jumps about. */
const recent = (steps: ReadonlyArray<StepRecord>, value: (step: StepRecord) => number): number => {
  const last = steps.slice(-5)
  return last.reduce((sum, step) => sum + value(step), 0) / last.length
}

const progressLine = (state: ViewState, { at, columns, style }: LiveOptions): string => {
  const { current } = state
  const left = `${clockTime(secondsLeft(state, at))} left`
  if (current === undefined) return left
  const share = current.total === 0 ? 1 : current.done / current.total
  const counted = current.total > 1 ? ` ${current.done}/${current.total}` : ""
  const label = `${current.name}${counted}`
  const width = Math.max(5, Math.min(40, columns - label.length - left.length - 12))
  const { empty, full } = bar(share, width)
  return `${style.bold(label)} ${style.accent(full)}${style.dim(empty)} ${percent(share)}  ${left}`
}

/** How long each part of the step took, as shares of it. */
export const shares = (record: StepRecord): string => {
  const { gradient, rollout, total, verification } = record.seconds
  const part = (name: string, seconds: number) => `${name} ${percent(seconds / total)}`
  return [
    part("rollout", rollout),
    part("verification", verification),
    part("gradient", gradient)
  ].join(" · ")
}

const stepLines = (state: ViewState, style: Style): ReadonlyArray<string> => {
  const last = state.steps.at(-1)
  if (last === undefined) return []
  const curve = sparkline(
    state.steps.map(({ update }) => update.return),
    SPARK
  )
  const byTurn = last.update.success_by_turn.map((_, turn) => {
    const share = recent(state.steps, ({ update }) => update.success_by_turn[turn] ?? 0)
    return `${turn + 1} ${style.good(block(share))} ${percent(share)}`
  })
  return [
    `  reward ${recent(state.steps, ({ update }) => update.reward).toFixed(2)}, ` +
      `discounted ${recent(state.steps, ({ update }) => update.return).toFixed(2)} ${style.good(curve)}`,
    `  success by turn  ${byTurn.join("   ")}`,
    style.dim(
      `  questions ${percent(questionRate(last))}   entropy ${last.update.entropy.toFixed(2)} nats   ` +
        `${short(tokensPerSecond(last))} tokens/s   ${last.seconds.total.toFixed(2)} s/step`
    ),
    style.dim(`  ${shares(last)}`)
  ]
}

/** One dialogue, a line a turn. */
export const dialogueLines = (turns: ReadonlyArray<Turn>): ReadonlyArray<string> =>
  turns.map(({ role, text }) => `  ${role}  ${safeText(text)}`)

/** The most turns of a sample dialogue that are shown. */
const TURNS = 6

/**
 * The lines of the view, at most `rows` of them and each at most `columns` wide. A function of the
 * state and the time alone.
 */
export const renderLive = (state: ViewState, options: LiveOptions): ReadonlyArray<string> => {
  const { columns, rows, style } = options
  const detail = activityText(state)
  return [
    style.bold(state.title),
    progressLine(state, options),
    ...stepLines(state, style),
    ...(detail === "" ? [] : [style.dim(`  ${detail}`)]),
    ...dialogueLines(state.dialogue.slice(0, TURNS)).map(style.dim)
  ]
    .slice(0, Math.max(1, rows))
    .map((line) => fitColumns(line, columns))
}
