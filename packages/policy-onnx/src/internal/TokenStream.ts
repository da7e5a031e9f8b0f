/** A token stream that is being continued. */
import type { Draw } from "@sml/policy"

import type { RequestHeader } from "./protocol.ts"
import type { StopStrings } from "./StopStrings.ts"

/** One request while it is served: its prompt, and the ids sampled so far. */
export class TokenStream {
  readonly request: RequestHeader
  /** Prompt and sampled ids; the first `length` are valid. */
  readonly tokens: Int32Array
  readonly logprobs: Float32Array
  readonly rawLogprobs: Float32Array
  length: number
  /** Tokens whose keys and values are in the cache row. */
  cached = 0
  /** Of these, how many came from an earlier request of the same dialogue. */
  reused = 0
  finished: "stop" | "length" | "cancelled" | undefined
  readonly #stopStrings: StopStrings | undefined

  constructor(request: RequestHeader, prompt: Int32Array, stopStrings?: StopStrings) {
    this.request = request
    this.#stopStrings = stopStrings
    this.tokens = new Int32Array(prompt.length + request.limit)
    this.tokens.set(prompt)
    this.logprobs = new Float32Array(request.limit)
    this.rawLogprobs = new Float32Array(request.limit)
    this.length = prompt.length
  }

  get sampled(): number {
    return this.length - this.request.length
  }

  append({ id, logprob, rawLogprob }: Draw): void {
    this.logprobs[this.sampled] = logprob
    this.rawLogprobs[this.sampled] = rawLogprob
    this.tokens[this.length] = id
    this.length += 1
    const complete = this.#stopStrings?.append(id) ?? false
    if (complete || this.request.stop.includes(id)) this.finished = "stop"
    else if (this.sampled === this.request.limit) this.finished = "length"
  }
}
