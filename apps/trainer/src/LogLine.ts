/** What `--log-format json` writes. */
import { Turn } from "@sml/env-pomdp"
import * as Schema from "effect/Schema"

import { DIALOGUE_EVERY } from "./renderPlain.ts"
import { stepMetrics } from "./StepRecord.ts"
import type { ViewEvent, ViewState } from "./ViewState.ts"
import { secondsLeft } from "./ViewState.ts"

const Level = Schema.Literals(["info", "warn", "error"])

const common = {
  /** When, in ISO 8601. */
  time: Schema.String,
  level: Level
}

/** The part that is worked on; `done` of `total` of its units, and seconds until everything is done. */
const where = {
  part: Schema.String,
  done: Schema.Finite,
  total: Schema.Finite,
  secondsLeft: Schema.Finite
}

/**
 * One line: `plan` (what will be done), `begin` (a part of it), `progress` (at least every two seconds
 * where nothing else is said; `perSecond` is the part's own rate, `waiting` says who has not answered for
 * how many seconds, and after how many the run gives up), `step` (a training step with the numbers
 * of its line in `metrics.jsonl`), `dialogue` (a sample), `note`, `farewell` (a run that does not reach its
 * end) and `failure` (the sentence that it ends with).
 */
export const LogLine = Schema.Union([
  Schema.Struct({
    ...common,
    event: Schema.Literal("plan"),
    message: Schema.String,
    parts: Schema.Array(Schema.Struct({ name: Schema.String, total: Schema.Finite }))
  }),
  Schema.Struct({ ...common, event: Schema.Literal("begin"), ...where }),
  Schema.Struct({
    ...common,
    event: Schema.Literal("progress"),
    ...where,
    detail: Schema.String,
    perSecond: Schema.Finite,
    waiting: Schema.optionalKey(
      Schema.Struct({ stage: Schema.String, seconds: Schema.Finite, limit: Schema.Finite })
    )
  }),
  Schema.Struct({
    ...common,
    event: Schema.Literal("step"),
    ...where,
    metrics: Schema.Record(Schema.String, Schema.Finite)
  }),
  Schema.Struct({ ...common, event: Schema.Literal("dialogue"), turns: Schema.Array(Turn) }),
  Schema.Struct({
    ...common,
    event: Schema.Literals(["note", "farewell", "failure"]),
    message: Schema.String
  })
])
export type LogLine = typeof LogLine.Type

const place = (state: ViewState, at: number) => ({
  part: state.current?.name ?? "",
  done: state.current?.done ?? 0,
  total: state.current?.total ?? 0,
  secondsLeft: secondsLeft(state, at)
})

const warning = /^warning: /

/** A sentence that is said once, as a line. */
export const messageLine = (
  event: "note" | "farewell" | "failure",
  message: string,
  at: number
): LogLine => ({
  time: new Date(at).toISOString(),
  level:
    event === "failure" ? "error" : event === "farewell" || warning.test(message) ? "warn" : "info",
  event,
  message: message.replace(warning, "")
})

/** What an event adds, `state` being the one after it; most add a line. */
export const eventLine = (state: ViewState, event: ViewEvent, at: number): LogLine | undefined => {
  const now = { time: new Date(at).toISOString(), level: "info" } as const
  switch (event._tag) {
    case "Plan":
      return {
        ...now,
        event: "plan",
        message: event.title,
        parts: event.parts.map(({ name, total }) => ({ name, total }))
      }
    case "Begin":
      return { ...now, event: "begin", ...place(state, at) }
    case "Step":
      return {
        ...now,
        event: "step",
        ...place(state, at),
        metrics: stepMetrics(event.record)
      }
    case "Dialogue":
      return (state.steps.at(-1)?.step ?? 0) % DIALOGUE_EVERY === 1
        ? {
            ...now,
            event: "dialogue",
            turns: event.turns.map(({ role, text }) => ({ role, text }))
          }
        : undefined
    case "Note":
      return messageLine("note", event.text, at)
    default:
      return undefined
  }
}

/** Where the work stands. */
export const progressLine = (state: ViewState, at: number): LogLine => {
  const { current } = state
  const seconds = current === undefined ? 0 : (at - current.since) / 1000
  return {
    time: new Date(at).toISOString(),
    level: "info",
    event: "progress",
    ...place(state, at),
    detail: current?.detail ?? "",
    perSecond: current === undefined || seconds === 0 ? 0 : current.done / seconds,
    ...(state.waiting !== undefined && { waiting: state.waiting })
  }
}
