/** The same view as lines for a file or a pipe: no marks, nothing drawn over. */
import { fitColumns } from "./fitColumns.ts"
import { clockTime, percent, short } from "./formatting.ts"
import { dialogueLines, shares } from "./renderLive.ts"
import { questionRate, tokensPerSecond } from "./StepRecord.ts"
import type { ViewEvent, ViewState } from "./ViewState.ts"
import { activityText, secondsLeft } from "./ViewState.ts"

/** Longest time without a line, in milliseconds. */
export const PATIENCE = 1900

/** Shortest time between the lines of two steps, in milliseconds. */
const STEP_GAP = 1000

/** A sample dialogue is printed every so many steps. */
export const DIALOGUE_EVERY = 20

const left = (state: ViewState, at: number): string => `${clockTime(secondsLeft(state, at))} left`

const stepLine = (state: ViewState, at: number): string => {
  const record = state.steps.at(-1)
  if (record === undefined) return ""
  const success = record.update.success_by_turn.map(percent).join(" ")
  return [
    `step ${record.step}/${state.current?.total ?? record.step}`,
    `reward ${record.update.reward.toFixed(2)}`,
    `success by turn ${success}`,
    `questions ${percent(questionRate(record))}`,
    `entropy ${record.update.entropy.toFixed(2)}`,
    `${short(tokensPerSecond(record))} tokens/s`,
    shares(record),
    left(state, at)
  ].join("  ")
}

/** Where the current part stands: what a reader needs to know that it goes on. */
const statusLine = (state: ViewState, at: number): string => {
  const { current } = state
  if (current === undefined) return left(state, at)
  const counted = current.total > 1 ? ` ${current.done}/${current.total}` : ""
  const doing = activityText(state)
  return `${current.name}${counted}${doing === "" ? "" : `  ${doing}`}  ${left(state, at)}`
}

/** Lines to print now, and when the last one was printed. */
export interface PlainOutput {
  readonly lines: ReadonlyArray<string>
  readonly printedAt: number
}

/**
 * What an event adds to the output; `state` is the one after it. Steps are printed at most once a second, the
 * first and the last always.
 */
export const renderPlainEvent = (
  state: ViewState,
  event: ViewEvent,
  at: number,
  printedAt: number
): PlainOutput => {
  const print = (...lines: ReadonlyArray<string>): PlainOutput => ({ lines, printedAt: at })
  switch (event._tag) {
    case "Plan":
      return print(event.title)
    case "Begin":
      return print(`${event.name} …`)
    case "Note":
      return print(event.text)
    case "Step": {
      const { step } = event.record
      const due = at - printedAt >= STEP_GAP || step === 1 || step === state.current?.total
      return due ? print(stepLine(state, at)) : { lines: [], printedAt }
    }
    case "Dialogue": {
      const step = state.steps.at(-1)?.step ?? 0
      return step % DIALOGUE_EVERY === 1
        ? print(...dialogueLines(event.turns).map((line) => fitColumns(line, 100)))
        : { lines: [], printedAt }
    }
    default:
      return { lines: [], printedAt }
  }
}

/** What the passing of time adds: a line when nothing has been said for two seconds. */
export const renderPlainWait = (state: ViewState, at: number, printedAt: number): PlainOutput =>
  state.current !== undefined && at - printedAt >= PATIENCE
    ? { lines: [statusLine(state, at)], printedAt: at }
    : { lines: [], printedAt }
