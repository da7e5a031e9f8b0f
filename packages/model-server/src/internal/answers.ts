/** The JSON of answers, whole and in chunks. */
import type { SampledToken } from "../TextPieces.ts"
import type { Generation } from "./readRequest.ts"
import type { Choice, ChoiceEvent } from "./runGeneration.ts"

/** What all chunks of one answer share. */
export interface Head {
  readonly id: string
  readonly created: number
  readonly model: string
}

const chatLogprobs = (tokens: ReadonlyArray<SampledToken>) => ({
  content: tokens.map(({ bytes, logprob, text }) => ({
    token: text,
    logprob,
    bytes,
    top_logprobs: []
  })),
  refusal: null
})

/** `offset` is the length of the text before the first token. */
const textLogprobs = (tokens: ReadonlyArray<SampledToken>, offset: number) => {
  let at = offset
  return {
    tokens: tokens.map(({ text }) => text),
    token_logprobs: tokens.map(({ logprob }) => logprob),
    top_logprobs: null,
    text_offset: tokens.map(({ text }) => {
      const here = at
      at += text.length
      return here
    })
  }
}

const logprobsOf = (
  { kind, logprobs }: Generation,
  tokens: ReadonlyArray<SampledToken>,
  offset = 0
) => {
  if (!logprobs) return null
  return kind === "chat" ? chatLogprobs(tokens) : textLogprobs(tokens, offset)
}

/** Prompts are counted once, however many completions they have. */
const usageOf = ({ prompts }: Generation, sampled: number) => {
  let prompt = 0
  for (const { length } of prompts) prompt += length
  return { prompt_tokens: prompt, completion_tokens: sampled, total_tokens: prompt + sampled }
}

/** A whole answer. */
export const answerOf = (head: Head, generation: Generation, choices: ReadonlyArray<Choice>) => {
  let sampled = 0
  for (const choice of choices) sampled += choice.sampled
  const chat = generation.kind === "chat"
  return {
    ...head,
    object: chat ? "chat.completion" : "text_completion",
    choices: choices.map(({ finish, index, text, tokens }) => ({
      index,
      ...(chat ? { message: { role: "assistant", content: text, refusal: null } } : { text }),
      logprobs: logprobsOf(generation, tokens),
      finish_reason: finish
    })),
    usage: usageOf(generation, sampled)
  }
}

/** Makes chunks of the events of one answer. */
export class Chunks {
  readonly #head: Head
  readonly #generation: Generation
  readonly #offsets = new Map<number, number>()
  #sampled = 0

  constructor(head: Head, generation: Generation) {
    this.#head = head
    this.#generation = generation
  }

  #chunk(choices: ReadonlyArray<object>, usage?: object) {
    const { includeUsage, kind } = this.#generation
    return {
      ...this.#head,
      object: kind === "chat" ? "chat.completion.chunk" : "text_completion",
      choices,
      // every chunk has the member where one of them has it filled
      ...(includeUsage && { usage: usage ?? null })
    }
  }

  /** What comes before the first event: who speaks. */
  first(): ReadonlyArray<object> {
    const { kind, n, prompts } = this.#generation
    if (kind === "text") return []
    return Array.from({ length: n * prompts.length }, (_, index) =>
      this.#chunk([
        { index, delta: { role: "assistant", content: "" }, logprobs: null, finish_reason: null }
      ])
    )
  }

  next(event: ChoiceEvent): object {
    const { index } = event
    const chat = this.#generation.kind === "chat"
    if (event._tag === "End") {
      this.#sampled += event.sampled
      const words = chat ? { delta: {} } : { text: "" }
      return this.#chunk([{ index, ...words, logprobs: null, finish_reason: event.finish }])
    }
    const { text, tokens } = event.piece
    const offset = this.#offsets.get(index) ?? 0
    const length = tokens.reduce((sum, token) => sum + token.text.length, 0)
    this.#offsets.set(index, offset + length)
    const words = chat ? { delta: { content: text } } : { text }
    const logprobs = logprobsOf(this.#generation, tokens, offset)
    return this.#chunk([{ index, ...words, logprobs, finish_reason: null }])
  }

  /** What comes after the last event: the tokens, where they were asked for. */
  last(): ReadonlyArray<object> {
    const usage = usageOf(this.#generation, this.#sampled)
    return this.#generation.includeUsage ? [this.#chunk([], usage)] : []
  }
}
