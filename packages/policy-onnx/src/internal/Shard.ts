/** The share of all parameters that one lane of an engine updates. */

/** A run of one array's elements, from `from` up to `to`. */
export interface Piece {
  readonly array: number
  readonly from: number
  readonly to: number
  /** Where it begins when all arrays lie end to end. */
  readonly at: number
}

/** The pieces of arrays of these lengths that are a lane's: of all elements in order, the lanes have
 * about as many each. */
export const shardOf = (
  lengths: ReadonlyArray<number>,
  lane: number,
  lanes: number
): ReadonlyArray<Piece> => {
  const total = lengths.reduce((sum, length) => sum + length, 0)
  const begin = Math.round((total * lane) / lanes)
  const end = Math.round((total * (lane + 1)) / lanes)
  let start = 0
  return lengths.flatMap((length, array) => {
    const [from, to] = [Math.max(0, begin - start), Math.min(length, end - start)]
    const at = start + from
    start += length
    return from < to ? [{ array, from, to, at }] : []
  })
}

/** A piece of arrays, as a view. */
export const viewOf = (
  { array, from, to }: Piece,
  arrays: ReadonlyArray<Float32Array>
): Float32Array => (arrays[array] ?? new Float32Array(0)).subarray(from, to)

/** The pieces of arrays, as views. */
export const viewsOf = (
  pieces: ReadonlyArray<Piece>,
  arrays: ReadonlyArray<Float32Array>
): ReadonlyArray<Float32Array> => pieces.map((piece) => viewOf(piece, arrays))
