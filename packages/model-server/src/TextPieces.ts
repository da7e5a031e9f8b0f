/** Sampled ids as text that grows, cut where a stop string begins. */

/** One sampled token. */
export interface SampledToken {
  readonly id: number
  readonly text: string
  readonly bytes: ReadonlyArray<number>
  readonly logprob: number
}

/** More of the text, and the tokens that were sampled for it. */
export interface Piece {
  readonly text: string
  readonly tokens: ReadonlyArray<SampledToken>
}

/** How ids become text. */
export interface Spelling {
  /** The bytes that each id adds to a text. */
  readonly bytes: ReadonlyArray<Uint8Array | undefined>
  /** Ids that end a completion and are no part of its text. */
  readonly ends: ReadonlySet<number>
  readonly stopStrings: ReadonlyArray<string>
  /** Whether the one space that decoders leave out before a text's first word is left out. */
  readonly fresh: boolean
}

/**
 * Takes ids one by one. The pieces joined are the text of all ids, whatever they were cut into: bytes of
 * one character wait for each other, and what could be the beginning of a stop string waits until it is
 * known not to be.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { TextPieces } from "@sml/model-server"
 *
 * const bytes = [" Hé", "l", "lo!"].map((text) => new TextEncoder().encode(text))
 * const pieces = new TextPieces({ bytes, ends: new Set(), stopStrings: ["lo"], fresh: true })
 * const shown = [0, 1, 2].map((id) => pieces.push(id, -1).text)
 * // the first "l" waited, since it could have begun the stop string
 * assert.deepEqual(shown, ["Hé", "", "l"])
 * ```
 */
export class TextPieces {
  readonly #spelling: Spelling
  readonly #decoder = new TextDecoder()
  #held = ""
  #tokens: Array<SampledToken> = []
  #begun = false
  #ended = false

  constructor(spelling: Spelling) {
    this.#spelling = spelling
  }

  /** Takes the next id; what can be shown of the text by now. */
  push(id: number, logprob: number): Piece {
    const { bytes: table, ends } = this.#spelling
    if (this.#ended || ends.has(id)) return { text: "", tokens: [] }
    const bytes = table[id] ?? new Uint8Array(0)
    this.#tokens.push({ id, text: Buffer.from(bytes).toString("utf8"), bytes: [...bytes], logprob })
    return this.#show(this.#decoder.decode(bytes, { stream: true }), false)
  }

  /** The rest, once no more ids come. */
  end(): Piece {
    return this.#show(this.#ended ? "" : this.#decoder.decode(), true)
  }

  #show(text: string, last: boolean): Piece {
    if (this.#ended) return { text: "", tokens: [] }
    this.#held += text
    if (!this.#begun && this.#held !== "") {
      this.#begun = true
      if (this.#spelling.fresh && this.#held.startsWith(" ")) this.#held = this.#held.slice(1)
    }
    const { stopStrings } = this.#spelling
    const found = stopStrings
      .map((stop) => this.#held.indexOf(stop))
      .filter((at) => at >= 0)
      .reduce((least, at) => Math.min(least, at), Infinity)
    this.#ended = last || found < Infinity
    const shown = Math.min(found, last ? Infinity : this.#held.length - this.#openLength())
    const piece = this.#held.slice(0, shown)
    this.#held = this.#held.slice(piece.length)
    if (piece === "" && !this.#ended) return { text: "", tokens: [] }
    const tokens = this.#tokens
    this.#tokens = []
    return { text: piece, tokens }
  }

  /** How many of the last characters could begin a stop string. */
  #openLength(): number {
    let longest = 0
    for (const stop of this.#spelling.stopStrings) {
      for (let length = Math.min(stop.length - 1, this.#held.length); length > longest; length--) {
        if (this.#held.endsWith(stop.slice(0, length))) longest = length
      }
    }
    return longest
  }
}
