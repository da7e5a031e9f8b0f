/** A student made of anything that completes a chat. */
import type { Observation, SpeakContext, Utterance } from "@sml/env-pomdp"
import { ContextOverflow, Student, StudentError } from "@sml/env-pomdp"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

import type { ChatMessage } from "./ChatMessage.ts"

/** How students are told to answer; `general` where the domain of the tasks is mixed or unknown. */
export const systemPrompts = {
  general:
    "You solve problems in a conversation with a teacher. If you lack information, ask for it in a short question before you answer. When you give an answer to a mathematical problem, write the final result once in \\boxed{}. When you give a program, write all of it in one fenced code block. If the teacher says that your answer is wrong, use what the teacher says and answer again.",
  math: "You solve mathematical problems in a conversation with a teacher. If you lack information, ask for it in a short question before you answer. When you give an answer, write the final result once in \\boxed{}. If the teacher says that your answer is wrong, use what the teacher says and answer again.",
  code: "You write programs in a conversation with a teacher. If you lack information, ask for it in a short question before you write. When you give a program, write all of it in one fenced code block. If the teacher says that your program is wrong, use what the teacher says and write all of it again."
} as const

/** What a completion gives. Token counts are used when both are there. */
export interface ChatCompletion {
  readonly text: string
  readonly usage?: {
    readonly inputTokens?: number | undefined
    readonly outputTokens?: number | undefined
    readonly cost?: number | undefined
  }
}

/** Any failure whose message is a sentence. `_tag` `"ContextOverflow"` is told apart from the rest. */
export interface ChatFailure {
  readonly message: string
  readonly _tag?: string
}

/** What makes a student of a chat. */
export interface ChatStudentOptions {
  /**
   * Answers a conversation. `seed` differs for every turn of every dialogue and is equal in runs of
   * equal settings; give it to the server where it takes one.
   */
  readonly complete: (
    messages: ReadonlyArray<ChatMessage>,
    context: SpeakContext
  ) => Effect.Effect<ChatCompletion, ChatFailure>
  /** First message; default `systemPrompts.general`; `""` for none. */
  readonly systemPrompt?: string
  /** Longest turn in characters; what is beyond is cut off. Default 20,000. */
  readonly maxCharacters?: number
  /** Whether a failure means that the conversation is too long; default: by its tag and words. */
  readonly isOverflow?: (failure: ChatFailure) => boolean
}

const overflowWords =
  /context (?:length|window|size)|maximum context|exceeds? the (?:available )?context|too many tokens|prompt is too long|input is too long/i

const isOverflowByWords = ({ _tag, message }: ChatFailure): boolean =>
  _tag === "ContextOverflow" || overflowWords.test(message)

/** Servers refuse an empty message, and the conversation has to go on after one. */
const silence = "(no answer)"

/**
 * The conversation as the student's model reads it: the system prompt, teacher turns as `user`,
 * student turns as `assistant`.
 */
export const chatMessages = (
  { history }: Observation,
  systemPrompt: string = systemPrompts.general
): ReadonlyArray<ChatMessage> => [
  ...(systemPrompt === "" ? [] : [{ role: "system", content: systemPrompt } as const]),
  ...history.map(({ role, text }): ChatMessage => {
    const content = text.trim() === "" ? silence : text
    return { role: role === "teacher" ? "user" : "assistant", content }
  })
]

/** Thoughts that a model writes before it speaks; an unclosed one is all thought. */
const thoughts = /<think(?:ing)?>[\s\S]*?(?:<\/think(?:ing)?>|$)/gi

/** What of a model's output counts as said: well-formed text without control characters or thoughts. */
export const spokenText = (raw: string, maxCharacters = 20_000): string => {
  const text = raw
    .toWellFormed()
    .replaceAll(/\r\n?/g, "\n")
    .replaceAll(/[^\P{Cc}\t\n]/gu, "")
    .replaceAll(thoughts, "")
    .trim()
  // a cut may fall inside a surrogate pair
  return text.length <= maxCharacters ? text : text.slice(0, maxCharacters).toWellFormed()
}

const isCount = (count: number | undefined): count is number =>
  count !== undefined && Number.isInteger(count) && count >= 0

const utteranceOf = ({ text, usage }: ChatCompletion, maxCharacters?: number): Utterance => {
  const said = spokenText(text, maxCharacters)
  const { cost, inputTokens, outputTokens } = usage ?? {}
  if (!isCount(inputTokens) || !isCount(outputTokens)) return { text: said }
  return {
    text: said,
    usage:
      cost === undefined || !Number.isFinite(cost)
        ? { inputTokens, outputTokens }
        : { inputTokens, outputTokens, cost }
  }
}

/**
 * A `Student` over a chat function: an HTTP server, or a local model. Empty, garbled and over-long
 * answers are turns like any other (they hold no answer); a conversation that the model can not read
 * any more is a `ContextOverflow`, every other failure a `StudentError` with its message.
 */
export const ChatStudent = {
  /**
   * @example
   * ```ts
   * import assert from "node:assert/strict"
   * import { Student } from "@sml/env-pomdp"
   * import { ChatStudent } from "@sml/eval-harness"
   * import { Effect } from "effect"
   *
   * const layer = ChatStudent.layer({
   *   complete: (messages) => Effect.succeed({ text: `I read ${messages.length} messages.` })
   * })
   * const speak = Effect.gen(function* () {
   *   const student = yield* Student
   *   return yield* student.speak(
   *     { history: [{ role: "teacher", text: "1 + 1 ?" }] },
   *     { episode: "e", turn: 0, seed: 1 }
   *   )
   * })
   * const { text } = await Effect.runPromise(speak.pipe(Effect.provide(layer)))
   * assert.equal(text, "I read 2 messages.")
   * ```
   */
  layer: (options: ChatStudentOptions): Layer.Layer<Student> => {
    const { complete, isOverflow = isOverflowByWords, maxCharacters, systemPrompt } = options
    return Layer.succeed(Student, {
      speak: Effect.fn("ChatStudent.speak")((observation: Observation, context: SpeakContext) =>
        complete(chatMessages(observation, systemPrompt), context).pipe(
          Effect.map((completion) => utteranceOf(completion, maxCharacters)),
          Effect.mapError((failure) =>
            isOverflow(failure)
              ? new ContextOverflow({ reason: failure.message })
              : new StudentError({ reason: failure.message })
          )
        )
      )
    })
  }
} as const
