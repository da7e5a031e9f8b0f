/** The `q` quantile of sorted numbers, interpolated linearly (numpy's default). */
export const quantile = (sorted: Float64Array, q: number): number => {
  const position = (sorted.length - 1) * q
  const below = Math.floor(position)
  const low = sorted[below] ?? Number.NaN
  const high = sorted[Math.min(below + 1, sorted.length - 1)] ?? Number.NaN
  return low + (high - low) * (position - below)
}
