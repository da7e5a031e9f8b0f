/** Random choices that the generators share. */
import type { Random } from "../../Random.ts"
import { randomInteger } from "../../Random.ts"
import { elementAt } from "./elementAt.ts"

/** The list in a uniformly random order. */
export const shuffled = <A>(random: Random, list: ReadonlyArray<A>): Array<A> => {
  const result = [...list]
  for (let index = result.length - 1; index > 0; index--) {
    const other = randomInteger(random, 0, index)
    const kept = elementAt(result, index)
    result[index] = elementAt(result, other)
    result[other] = kept
  }
  return result
}

/** `count` elements at different places, in random order. */
export const sampled = <A>(random: Random, list: ReadonlyArray<A>, count: number): Array<A> =>
  shuffled(random, list).slice(0, count)

/** `count` results of `draw`, one after the other. */
export const repeated = <A>(count: number, draw: (index: number) => A): Array<A> =>
  Array.from({ length: count }, (_, index) => draw(index))

/** A number with exactly so many decimal digits; digit by digit, so that all of them can come. */
export const numberOfDigits = (random: Random, digits: number): number => {
  let value = randomInteger(random, 1, 9)
  for (let place = 1; place < digits; place++) value = value * 10 + randomInteger(random, 0, 9)
  return value
}

/** An integer of `-maximum..maximum` without zero. */
export const nonZero = (random: Random, maximum: number): number =>
  randomInteger(random, 1, maximum) * (random() < 0.5 ? -1 : 1)

/** A word of so many letters of the alphabet. */
export const letters = (random: Random, alphabet: string, length: number): string =>
  repeated(length, () => alphabet.charAt(randomInteger(random, 0, alphabet.length - 1))).join("")

/** Draws until `accept` says yes. */
export const drawUntil = <A>(draw: () => A, accept: (value: A) => boolean): A => {
  for (let attempt = 0; attempt < 100_000; attempt++) {
    const value = draw()
    if (accept(value)) return value
  }
  throw new RangeError("No draw was acceptable")
}

/** Names of nodes, people and things, in a fixed order: A, B, …, Z. */
export const capitals = (count: number): Array<string> =>
  repeated(count, (index) => String.fromCharCode(65 + index))
