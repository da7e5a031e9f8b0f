/** A learner's data in parts, one for each lane of an engine. */
import type { PackedData } from "./protocol.ts"

/** Some of the sequences, in their order. */
export interface DataPart {
  readonly data: PackedData
  /** The part's own entries of an array with one entry per target. */
  readonly pick: (targets: Float32Array) => Float32Array
  /** Puts results, one per target of the part, where they belong among those of all data. */
  readonly place: (results: Float32Array, all: Float32Array) => void
}

/**
 * Cuts data into `count` parts of about as many tokens each: the longest sequence first, always to the
 * part that has the fewest. Parts can be empty.
 */
export const dataParts = (data: PackedData, count: number): ReadonlyArray<DataPart> => {
  const rows = Array.from({ length: count }, (): Array<number> => [])
  const tokens = new Float64Array(count)
  const longestFirst = Array.from(data.lengths.keys()).toSorted(
    (a, b) => (data.lengths[b] ?? 0) - (data.lengths[a] ?? 0) || a - b
  )
  for (const row of longestFirst) {
    const least = tokens.indexOf(Math.min(...tokens))
    rows[least]?.push(row)
    tokens[least] = (tokens[least] ?? 0) + (data.lengths[row] ?? 0)
  }
  const starts = new Int32Array(data.lengths.length)
  let start = 0
  for (const [row, length] of data.lengths.entries()) {
    starts[row] = start
    start += length
  }
  return rows.map((some) =>
    partOf(
      data,
      some.toSorted((a, b) => a - b),
      starts
    )
  )
}

const partOf = (data: PackedData, rows: ReadonlyArray<number>, starts: Int32Array): DataPart => {
  const lengths = Int32Array.from(rows, (row) => data.lengths[row] ?? 0)
  const total = lengths.reduce((sum, length) => sum + length, 0)
  // a sequence has one target less than tokens
  const eachRun = (use: (from: number, to: number, length: number) => void): void => {
    let to = 0
    for (const [index, row] of rows.entries()) {
      const length = (lengths[index] ?? 1) - 1
      use((starts[row] ?? 0) - row, to, length)
      to += length
    }
  }
  const pick = (targets: Float32Array): Float32Array => {
    const picked = new Float32Array(total - rows.length)
    eachRun((from, to, length) => picked.set(targets.subarray(from, from + length), to))
    return picked
  }
  const tokens = new Int32Array(total)
  let at = 0
  for (const [index, row] of rows.entries()) {
    const [start, length] = [starts[row] ?? 0, lengths[index] ?? 0]
    tokens.set(data.tokens.subarray(start, start + length), at)
    at += length
  }
  return {
    data: {
      lengths,
      tokens,
      weights: pick(data.weights),
      advantages: data.advantages === undefined ? undefined : pick(data.advantages),
      sampled: data.sampled === undefined ? undefined : pick(data.sampled)
    },
    pick,
    place: (results, all) =>
      eachRun((from, to, length) => all.set(results.subarray(to, to + length), from))
  }
}
