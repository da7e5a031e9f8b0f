/** Where a generator's random choices come from. */

/** A stream of numbers in [0, 1), such as `uniformStream(seed)` of `@sml/env-pomdp`. */
export type Random = () => number

/** A uniform integer in `minimum..maximum`, both ends included; takes one number of the stream. */
export const randomInteger = (random: Random, minimum: number, maximum: number): number =>
  minimum + Math.floor(random() * (maximum - minimum + 1))

/** A uniform element of a non-empty list; takes one number of the stream. */
export const randomElement = <A>(random: Random, list: ReadonlyArray<A>): A => {
  const element = list[randomInteger(random, 0, list.length - 1)]
  if (element === undefined) throw new RangeError("An empty list has no random element")
  return element
}
