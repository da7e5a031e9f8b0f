/** Mean and deviations of finite numbers, exact to rounding over the whole range of doubles. */

/**
 * The numbers as `unit · (origin + centre + deviations[i])`: `unit` is a power of two near the largest
 * magnitude, so that nothing overflows or vanishes when it is squared, and `spread` the population
 * standard deviation in units.
 */
export interface Moments {
  readonly unit: number
  readonly deviations: Float64Array
  /** The mean, in units. */
  readonly centre: number
  readonly spread: number
}

const average = (values: Float64Array): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

/** The largest power of two that is at most `value` (positive), within the range of doubles. */
export const powerOfTwo = (value: number): number =>
  2 ** Math.max(-1074, Math.min(1023, Math.floor(Math.log2(value))))

export const largestOf = (values: Float64Array): number =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)

export const rootMeanSquare = (values: Float64Array): number =>
  Math.sqrt(average(values.map((value) => value * value)))

/** Moments of at least one finite number. */
export const momentsOf = (values: Float64Array): Moments => {
  const largest = largestOf(values)
  const unit = largest === 0 ? 1 : powerOfTwo(largest)
  // distances from one member: exact where values are close, in [−4, 4] whatever their size
  const start = (values[0] ?? 0) / unit
  const shifted = values.map((value) => value / unit - start)
  const centre = average(shifted)
  const deviations = shifted.map((value) => value - centre)
  return { unit, deviations, centre: start + centre, spread: rootMeanSquare(deviations) }
}

/** The factor from a population standard deviation of `size` numbers to the one that is asked for. */
export const stdFactor = (std: "population" | "sample", size: number): number =>
  std === "population" ? 1 : Math.sqrt(size / (size - 1))

/**
 * `unit · deviations / (unit · scale + ε)`, where `scale` is in units. ε in units may overflow; then
 * everything is as small as ε allows, and the quotient is formed in plain numbers.
 */
export const divided = (
  deviations: Float64Array,
  unit: number,
  scale: number,
  epsilon: number
): Float64Array => {
  const relative = epsilon / unit
  const plain = Math.min(scale * unit, Number.MAX_VALUE) + epsilon
  return Number.isFinite(relative)
    ? deviations.map((value) => value / (scale + relative))
    : deviations.map((value) => (value * unit) / plain)
}
