/** One sentence on standard error, in the form that the user wants. */
import * as Clock from "effect/Clock"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"

import { jsonText } from "./jsonText.ts"
import { logsJson } from "./LogFormat.ts"
import { messageLine } from "./LogLine.ts"

/** Says it in words, or as a line of that event where lines for programs are wanted. */
export const tell = Effect.fnUntraced(function* (
  event: "note" | "farewell" | "failure",
  sentence: string
) {
  const at = yield* Clock.currentTimeMillis
  yield* Console.error((yield* logsJson) ? jsonText(messageLine(event, sentence, at)) : sentence)
})
