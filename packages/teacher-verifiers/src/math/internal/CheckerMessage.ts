/** What the checking thread is asked, and what it answers. */
import * as Schema from "effect/Schema"

import type { JudgeOptions } from "../judgeAnswer.ts"
import { AnswerJudgement } from "../judgeAnswer.ts"

/** Given to the thread at its start; the first element of `progress` is the case it is at. */
export interface CheckerData {
  readonly options: JudgeOptions
  readonly progress: SharedArrayBuffer
}

export interface CheckerRequest {
  readonly id: number
  readonly cases: ReadonlyArray<{ readonly gold: string; readonly text: string }>
}

/** Sent once when the thread can take requests, then once for each request. */
export const CheckerReply = Schema.Union([
  Schema.TaggedStruct("Ready", {}),
  Schema.TaggedStruct("Done", { id: Schema.Int, judgements: Schema.Array(AnswerJudgement) })
])
export type CheckerReply = typeof CheckerReply.Type
