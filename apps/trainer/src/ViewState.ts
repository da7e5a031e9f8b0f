/** What the live view knows, and how it changes: no clock, no terminal. */
import type { Turn } from "@sml/env-pomdp"

import type { StepRecord } from "./StepRecord.ts"

/** What a part's progress is counted in; parts of one kind go at one speed. */
export type PartKind = "dialogues" | "steps" | "moments"

/**
 * A part of the work. `total` counts its units; `guess` is how many seconds a unit takes, used until
 * it has been measured.
 */
export interface Part {
  readonly name: string
  readonly kind: PartKind
  readonly total: number
  readonly guess: number
}

/** Who has been asked and has not answered: for how many seconds, and after how many the run gives up. */
export interface Waiting {
  readonly stage: string
  readonly seconds: number
  readonly limit: number
}

/** Things that happen; `at` is in milliseconds of one clock. */
export type ViewEvent =
  | { readonly _tag: "Plan"; readonly title: string; readonly parts: ReadonlyArray<Part> }
  | { readonly _tag: "Begin"; readonly name: string }
  | { readonly _tag: "Advance"; readonly done: number }
  | { readonly _tag: "Detail"; readonly text: string }
  | { readonly _tag: "Waiting"; readonly waiting: Waiting | undefined }
  | { readonly _tag: "Step"; readonly record: StepRecord }
  | { readonly _tag: "Dialogue"; readonly turns: ReadonlyArray<Turn> }
  | { readonly _tag: "Note"; readonly text: string }

/** The part that is being worked on. */
export interface CurrentPart extends Part {
  readonly since: number
  readonly done: number
  readonly detail: string
}

/** Units finished and the time they took, by kind. */
export interface Pace {
  readonly units: number
  readonly seconds: number
}

/** Everything that is drawn. */
export interface ViewState {
  readonly title: string
  readonly startedAt: number
  readonly parts: ReadonlyArray<Part>
  readonly finished: ReadonlySet<string>
  readonly current: CurrentPart | undefined
  readonly pace: Readonly<Partial<Record<PartKind, Pace>>>
  readonly steps: ReadonlyArray<StepRecord>
  readonly dialogue: ReadonlyArray<Turn>
  readonly waiting: Waiting | undefined
}

/** Before anything has happened. */
export const initialView = (at: number): ViewState => ({
  title: "",
  startedAt: at,
  parts: [],
  finished: new Set(),
  current: undefined,
  pace: {},
  steps: [],
  dialogue: [],
  waiting: undefined
})

/** `waiting for the verifier, 12 s of 300`. */
const waitingText = ({ limit, seconds, stage }: Waiting): string =>
  `waiting for the ${stage}, ${Math.floor(seconds)} s of ${limit}`

/** What the current part is doing, or waiting for. */
export const activityText = ({ current, waiting }: ViewState): string =>
  [current?.detail ?? "", waiting === undefined ? "" : waitingText(waiting)]
    .filter((text) => text !== "")
    .join("  ")

const noPace: Pace = { units: 0, seconds: 0 }

/** Counts what the current part has done so far as measured. */
const settle = (state: ViewState, at: number): ViewState => {
  const { current } = state
  if (current === undefined) return state
  const pace = state.pace[current.kind] ?? noPace
  return {
    ...state,
    current: undefined,
    finished: new Set([...state.finished, current.name]),
    pace: {
      ...state.pace,
      [current.kind]: {
        units: pace.units + current.done,
        seconds: pace.seconds + (at - current.since) / 1000
      }
    }
  }
}

/** The state after an event. */
export const advanceView = (state: ViewState, event: ViewEvent, at: number): ViewState => {
  switch (event._tag) {
    case "Plan":
      return { ...state, title: event.title, parts: event.parts }
    case "Begin": {
      const settled = settle(state, at)
      const part = state.parts.find((each) => each.name === event.name) ?? {
        name: event.name,
        kind: "moments",
        total: 1,
        guess: 1
      }
      return { ...settled, current: { ...part, since: at, done: 0, detail: "" } }
    }
    case "Advance":
      return state.current === undefined
        ? state
        : { ...state, current: { ...state.current, done: event.done } }
    case "Detail":
      return state.current === undefined
        ? state
        : { ...state, current: { ...state.current, detail: event.text } }
    case "Waiting":
      return { ...state, waiting: event.waiting }
    case "Step":
      return {
        ...state,
        steps: [...state.steps, event.record],
        current:
          state.current === undefined
            ? undefined
            : { ...state.current, done: event.record.step, detail: "" }
      }
    case "Dialogue":
      return { ...state, dialogue: event.turns }
    default:
      return state
  }
}

/** Seconds that a unit of a kind takes: measured where something was measured. */
const secondsPerUnit = (state: ViewState, part: Part, at: number): number => {
  const { current } = state
  const past = state.pace[part.kind] ?? noPace
  const now =
    current?.kind === part.kind
      ? { units: current.done, seconds: (at - current.since) / 1000 }
      : noPace
  const units = past.units + now.units
  return units === 0 ? part.guess : (past.seconds + now.seconds) / units
}

/** Seconds until the plan is done, at the pace so far. */
export const secondsLeft = (state: ViewState, at: number): number =>
  state.parts.reduce((sum, part) => {
    if (state.finished.has(part.name)) return sum
    const { current } = state
    const isCurrent = current?.name === part.name
    const left = part.total - (isCurrent ? current.done : 0)
    const whole = left * secondsPerUnit(state, part, at)
    // a unit that has begun counts down, as far as it is not overdue
    const begun =
      isCurrent && current.done === 0 ? Math.min((at - current.since) / 1000, 0.9 * whole) : 0
    return sum + whole - begun
  }, 0)
