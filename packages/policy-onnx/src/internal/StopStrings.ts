/** Finding stop strings in sampled ids, whatever the ids that spell them. */
import type { Vocabulary } from "./protocol.ts"

/** Follows one completion: its bytes are compared, since a stop string may begin and end in
 * mid-token. */
export class StopStrings {
  readonly #vocabulary: Vocabulary
  readonly #strings: ReadonlyArray<Buffer>
  readonly #longest: number
  // the end of the completion, as much of it as a stop string could still need
  #tail: Buffer = Buffer.alloc(0)

  constructor(vocabulary: Vocabulary, strings: ReadonlyArray<string>) {
    this.#vocabulary = vocabulary
    this.#strings = strings.map((text) => Buffer.from(text, "utf8"))
    this.#longest = this.#strings.reduce((most, { length }) => Math.max(most, length), 0)
  }

  /** Takes the next id; whether a stop string is complete with it. */
  append(id: number): boolean {
    const { bytes, ends } = this.#vocabulary
    const added = bytes.subarray(ends[id - 1] ?? 0, ends[id] ?? 0)
    // all strings that end in the new bytes lie in this
    const seen = Buffer.concat([this.#tail, added])
    this.#tail = seen.subarray(Math.max(0, seen.length - this.#longest + 1))
    return this.#strings.some((string) => seen.includes(string))
  }
}
