/** The token stream of a dialogue, rebuilt from the traces in its history. */
import type { Dialogue } from "@sml/env-pomdp"
import * as Result from "effect/Result"

import type { ChatTokenizerShape } from "./ChatTokenizer.ts"
import type { ChatTemplateError } from "./TokenizerError.ts"

/**
 * `tokens`: the whole stream up to where the student speaks next; `context`: its end, after the last
 * id of the last traced utterance (see `TokenTrace` of `@sml/env-pomdp`).
 */
export interface DialogueStream {
  readonly tokens: ReadonlyArray<number>
  readonly context: ReadonlyArray<number>
}

/**
 * The stream before the student's next turn; the history ends with a teacher turn. Traced student
 * turns are taken as they were sampled; the text of an untraced one is tokenised and counts as
 * context.
 */
export const dialogueStream = (
  chat: ChatTokenizerShape,
  history: Dialogue
): Result.Result<DialogueStream, ChatTemplateError> =>
  Result.gen(function* () {
    const tokens: Array<number> = []
    let contextFrom = 0
    let last: number | undefined
    for (const [index, turn] of history.entries()) {
      if (turn.role === "teacher") {
        const ids = index === 0 ? yield* chat.prompt(turn.text) : yield* chat.reply(turn.text, last)
        for (const id of ids) tokens.push(id)
      } else if (turn.trace === undefined) {
        const ids = yield* chat.utterance(turn.text)
        for (const id of ids) tokens.push(id)
        last = ids.at(-1)
      } else {
        // what the template put before these ids is on record, whatever it would put there now
        tokens.length = contextFrom
        for (const id of turn.trace.context) tokens.push(id)
        for (const id of turn.trace.ids) tokens.push(id)
        contextFrom = tokens.length
        last = turn.trace.ids.at(-1)
      }
    }
    return { tokens, context: tokens.slice(contextFrom) }
  })
