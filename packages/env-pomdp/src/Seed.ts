/** Independent random streams from one seed, without shared state. */

/**
 * Mixes integers into one unsigned 32-bit seed (murmur3's finaliser after each part). Equal parts
 * give equal seeds; use it to give every episode, turn and choice a stream of its own.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { mixSeed } from "@sml/env-pomdp"
 *
 * assert.equal(mixSeed(1, 2), mixSeed(1, 2))
 * assert.notEqual(mixSeed(1, 2), mixSeed(2, 1))
 * ```
 */
export const mixSeed = (...parts: ReadonlyArray<number>): number => {
  let hash = 0x9e3779b9
  for (const part of parts) {
    hash ^= part >>> 0
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
    hash = (hash ^ (hash >>> 16)) + 0x9e3779b9
  }
  return hash >>> 0
}

/** FNV-1a of a text, as an unsigned 32-bit seed. */
export const textSeed = (text: string): number => {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  }
  return hash >>> 0
}

/** A stream of numbers in [0, 1) (mulberry32), a function of the seed alone. */
export const uniformStream = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
