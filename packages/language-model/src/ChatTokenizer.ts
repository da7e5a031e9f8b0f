/**
 * A dialogue as one stream of token ids that is only ever appended to.
 *
 * The ids that a student sampled stay as they are; what stands between them (the end of the student's
 * turn, the teacher's words, the beginning of the next student turn) is found by rendering a
 * conversation with and without it and taking the difference of the ids.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"

import type { ChatMessage, ChatTemplate } from "./ChatTemplate.ts"
import { compileChatTemplate } from "./ChatTemplate.ts"
import { decodeGenerationDefaults } from "./GenerationDefaults.ts"
import { tokenText, TokenizerConfig } from "./internal/HuggingFaceTokenizer.ts"
import { isGguf } from "./internal/isGguf.ts"
import { decodeFile } from "./internal/tokenizerFiles.ts"
import { readTokenizerSource } from "./internal/tokenizerSource.ts"
import type { Tokenizer } from "./Tokenizer.ts"
import { makeTokenizer } from "./Tokenizer.ts"
import { ChatTemplateError, TokenizerError } from "./TokenizerError.ts"

/**
 * - `prompt(statement)`: the ids of a conversation that begins with the statement, up to where the
 *   student speaks.
 * - `reply(text, last)`: the ids that follow a student's turn: its end, the teacher's text, and what
 *   comes before the student's next turn. `last` is the last id that the student sampled; when that
 *   is `endOfTurn`, the end is not appended a second time.
 * - `utterance(text)`: the ids of a text said by the student, `endOfTurn` included, for texts that no
 *   policy sampled.
 * - `endOfTurn`: the token by which the template closes a student's turn; `stop`: that one first, then
 *   the checkpoint's other end tokens.
 * - `decode(ids)`: the text of sampled ids, without control tokens and surrounding space.
 */
export interface ChatTokenizerShape {
  readonly tokenizer: Tokenizer
  readonly template: ChatTemplate
  readonly prompt: (statement: string) => Result.Result<ReadonlyArray<number>, ChatTemplateError>
  readonly reply: (
    text: string,
    last: number | undefined
  ) => Result.Result<ReadonlyArray<number>, ChatTemplateError>
  readonly utterance: (text: string) => Result.Result<ReadonlyArray<number>, ChatTemplateError>
  readonly decode: (ids: ReadonlyArray<number>) => string
  readonly endOfTurn: number | undefined
  readonly stop: ReadonlyArray<number>
}

const user = (content: string): ChatMessage => ({ role: "user", content })
const assistant = (content: string): ChatMessage => ({ role: "assistant", content })

/** What the student says in the conversations from which the appended pieces are derived. */
const placeholder = "ok"

/** Texts remembered per kind of piece: teachers repeat themselves, and rendering is slow. */
const memoSize = 8192

const memoise = <A>(compute: (text: string) => A): ((text: string) => A) => {
  const known = new Map<string, A>()
  return (text) => {
    const found = known.get(text)
    if (found !== undefined) return found
    const value = compute(text)
    if (known.size >= memoSize) known.clear()
    known.set(text, value)
    return value
  }
}

const startsWith = (ids: ReadonlyArray<number>, prefix: ReadonlyArray<number>) =>
  prefix.every((id, index) => ids[index] === id)

const equal = (left: ReadonlyArray<number>, right: ReadonlyArray<number>) =>
  left.length === right.length && startsWith(left, right)

/**
 * Joins a tokenizer and a template. Fails when the template is not append-only, that is, when the
 * stream of a longer conversation does not begin with that of a shorter one, or depends on more of the
 * past than its ids; and when nothing tells where a student's turn ends.
 *
 * @param endTokens ids that end a turn besides the template's own.
 */
export const makeChatTokenizer = (
  tokenizer: Tokenizer,
  template: ChatTemplate,
  endTokens: ReadonlyArray<number> = []
): Result.Result<ChatTokenizerShape, ChatTemplateError> => {
  const refuse = (problem: string) =>
    new ChatTemplateError({
      template: template.name,
      reason: `The chat template ${template.name} is not append-only: ${problem}; choose another chat template, or one without the thinking part.`
    })

  /** The ids that `whole` has after those of its beginning of `length` characters. */
  const added = (whole: string, length: number) => {
    const before = tokenizer.encode(whole.slice(0, length))
    const all = tokenizer.encode(whole)
    return startsWith(all, before)
      ? Result.succeed(all.slice(before.length))
      : Result.fail(refuse("tokens run across the end of a turn"))
  }

  /** Where the assistant's words begin in a rendering that goes on after `before`. */
  const begin = (whole: string, before: string, words: string) => {
    const at = whole.startsWith(before) ? whole.indexOf(words, before.length) : -1
    return at >= 0 && whole.slice(before.length, at).trim() === ""
      ? Result.succeed(at)
      : Result.fail(refuse("it renders the earlier turns of a longer conversation differently"))
  }

  /** The ids between the last student turn of `past` and the next one. */
  const between = (past: ReadonlyArray<ChatMessage>, said: string, text: string) =>
    Result.gen(function* () {
      const before = yield* template.render(past, true)
      const whole = yield* template.render([...past, assistant(said), user(text)], true)
      return yield* added(whole, (yield* begin(whole, before, said)) + said.length)
    })

  const after = memoise((text) => between([user(placeholder)], placeholder, text))
  const prompt = memoise((statement) =>
    Result.map(template.render([user(statement)], true), tokenizer.encode)
  )

  return Result.gen(function* () {
    // the pieces must not depend on what was said before, nor on how long the dialogue is
    const probe = "1 2"
    const piece = yield* after(probe)
    const longer = [user("3"), assistant("4 5"), user("6")]
    for (const [past, said] of [
      [[user("3")], "4 5"],
      [longer, placeholder],
      [[...longer, assistant("7"), user("8 9")], "0"]
    ] as const) {
      if (!equal(yield* between(past, said, probe), piece)) {
        return yield* Result.fail(refuse("what it puts between two turns depends on earlier turns"))
      }
    }
    const close = piece.findIndex((id) => tokenizer.addedTokens.has(id))
    // a control token in the middle of the piece does not end the student's turn
    const endOfTurn =
      close >= 0 && tokenizer.decode(piece.slice(0, close)).trim() === "" ? piece[close] : undefined
    const stop = Array.from(
      new Set([...(endOfTurn === undefined ? [] : [endOfTurn]), ...endTokens])
    )
    if (stop.length === 0) {
      return yield* Result.fail(
        new ChatTemplateError({
          template: template.name,
          reason: `The chat template ${template.name} closes a student's turn with no control token and the checkpoint names no end token; add eos_token to tokenizer_config.json.`
        })
      )
    }
    const reply = (text: string, last: number | undefined) =>
      Result.map(after(text), (ids) =>
        last !== undefined && last === endOfTurn ? ids.slice(close + 1) : ids
      )
    const utterance = memoise((text: string) =>
      Result.gen(function* () {
        const before = yield* template.render([user(placeholder)], true)
        const whole = yield* template.render(
          [user(placeholder), assistant(text), user(placeholder)],
          true
        )
        const at = yield* begin(whole, before, text.trim())
        const words = yield* added(whole.slice(0, at + text.trim().length), before.length)
        return endOfTurn === undefined ? words : [...words, ...piece.slice(0, close + 1)]
      })
    )
    return {
      tokenizer,
      template,
      prompt,
      reply,
      utterance,
      decode: (ids) => tokenizer.decode(ids).trim(),
      endOfTurn,
      stop
    } satisfies ChatTokenizerShape
  })
}

/** A tokenizer, a template, and the tokens by which the checkpoint ends a turn or a text. */
export interface ChatFiles {
  readonly tokenizer: Tokenizer
  readonly template: ChatTemplate
  readonly endTokens: ReadonlyArray<number>
}

/**
 * Reads what {@link readChatTokenizer} reads, for whoever renders each conversation as a whole: nothing
 * is asked of the template but that it compiles.
 */
export const readChatFiles = Effect.fn("ChatTokenizer.readFiles")(function* (path: string) {
  const source = yield* readTokenizerSource(path)
  const tokenizer = yield* Effect.fromResult(
    makeTokenizer(source.tokenizer.json, source.config.json ?? {}, source.tokenizer.file)
  )
  const config = yield* decodeFile(TokenizerConfig, source.config.json, source.config.file)
  const { endTokenIds } = yield* decodeGenerationDefaults(
    source.generation.json,
    source.generation.file
  )
  const named =
    typeof config.chat_template === "string"
      ? config.chat_template
      : config.chat_template?.find(({ name }) => name === "default")?.template
  const text = source.template.text ?? named
  if (text === undefined) {
    return yield* new TokenizerError({
      file: source.config.file,
      reason: isGguf(path)
        ? `${path} has no chat template; choose a file of a model that was trained on conversations.`
        : `${path} has no chat template; add a chat_template.jinja or a chat_template in tokenizer_config.json, or choose a checkpoint that was trained on conversations.`
    })
  }
  const eosToken = tokenText(config.eos_token)
  const eosId = eosToken === undefined ? undefined : tokenizer.tokenId(eosToken)
  const template = yield* Effect.fromResult(
    compileChatTemplate({
      name: source.template.text === undefined ? source.config.file : source.template.file,
      source: text,
      bosToken: tokenText(config.bos_token),
      eosToken
    })
  )
  const endTokens = [...(eosId === undefined ? [] : [eosId]), ...endTokenIds]
  return { tokenizer, template, endTokens } satisfies ChatFiles
})

/**
 * Reads the tokenizer and the chat template of a Hugging Face folder: `tokenizer.json`,
 * `tokenizer_config.json`, `chat_template.jinja` (else the `chat_template` of the configuration), and
 * the end tokens of `generation_config.json`; or those that a `.gguf` file carries.
 */
export const readChatTokenizer = Effect.fn("ChatTokenizer.read")(function* (path: string) {
  const { endTokens, template, tokenizer } = yield* readChatFiles(path)
  return yield* Effect.fromResult(makeChatTokenizer(tokenizer, template, endTokens))
})

/** The tokenizer and the chat template of the policy, as a service. */
export class ChatTokenizer extends Context.Service<ChatTokenizer, ChatTokenizerShape>()(
  "@sml/language-model/ChatTokenizer"
) {
  /** From a Hugging Face folder or a `.gguf` file. */
  static readonly layer = (
    path: string
  ): Layer.Layer<ChatTokenizer, TokenizerError | ChatTemplateError> =>
    Layer.effect(ChatTokenizer, readChatTokenizer(path))
}
