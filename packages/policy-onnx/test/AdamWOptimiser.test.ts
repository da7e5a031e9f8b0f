import { type AdamW, adamW, adamWStep, globalNorm, initialAdamWState } from "@sml/policy"
import { AdamWOptimiser } from "@sml/policy-onnx/AdamWOptimiser"
import type { ParameterSettings } from "@sml/policy/resolveParameterGroups"
import * as Result from "effect/Result"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

type Arrays = ReadonlyArray<Float32Array>

const doubles = (arrays: Arrays) => arrays.map((array) => Float64Array.from(array))
const copies = (arrays: Arrays) => arrays.map((array) => array.slice())

/** Numbers in −1 … 1 that depend on the seed alone (a linear congruence). */
const noise = (seed: number) => {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 31 - 1
  }
}

const arraysOf = (sizes: ReadonlyArray<number>, scale: number, seed: number): Arrays => {
  const next = noise(seed)
  return sizes.map((size) => Float32Array.from({ length: size }, () => scale * next()))
}

const step = (
  optimiser: AdamWOptimiser,
  gradients: Arrays,
  settings: AdamW,
  parameters: ReadonlyArray<ParameterSettings>
) => Result.getOrThrow(optimiser.step(gradients, settings, parameters))

/**
 * The largest error after these steps, against `adamWStep` in float64, as a part of the updates.
 * The size of an update is that of the same gradients without their signs, which do not cancel, and
 * the rounding of the weights themselves, half a last place a step, is not an error of the update,
 * nor is that of a first moment that is a denormal number.
 */
const largestError = (
  weights: Arrays,
  gradients: ReadonlyArray<Arrays>,
  settings: AdamW,
  parameters: ReadonlyArray<ParameterSettings>
): number => {
  const got = copies(weights)
  const optimiser = new AdamWOptimiser(got)
  const expected = doubles(weights)
  const state = initialAdamWState(expected)
  const moved = doubles(weights)
  const unsigned = initialAdamWState(moved)
  for (const gradient of gradients) {
    const norm = step(optimiser, gradient, settings, parameters)
    const reference = adamWStep(expected, doubles(gradient), state, settings, parameters)
    expect(Math.abs(norm - reference)).toBeLessThanOrEqual(1e-7 * reference)
    const absolute = doubles(gradient).map((array) => array.map(Math.abs))
    const undecayed = parameters.map((parameter) => ({ ...parameter, weightDecay: 0 }))
    adamWStep(moved, absolute, unsigned, settings, undecayed)
  }
  expect(optimiser.steps).toBe(gradients.length)
  const steps = gradients.length
  const denormal = (steps ** 2 * 2 ** -148) / (settings.epsilon * (1 - settings.beta1))
  let largest = 0
  got.forEach((array, index) => {
    const { learningRate = 0, weightDecay = 0 } = parameters[index] ?? {}
    array.forEach((w, i) => {
      const start = weights[index]?.[i] ?? 0
      const reference = expected[index]?.[i] ?? 0
      const update = Math.abs((moved[index]?.[i] ?? 0) - start)
      const magnitude = Math.max(Math.abs(start), Math.abs(reference), Math.abs(w)) + update
      const size = update + steps * learningRate * weightDecay * magnitude
      const rounding = steps * (2 ** -24 * magnitude + 2 ** -149) + learningRate * denormal
      const error = Math.abs(w - reference) - rounding
      if (error > 0) largest = Math.max(largest, size === 0 ? Infinity : error / size)
      if (Number.isNaN(w)) largest = Infinity
    })
  })
  return largest
}

const window = 16_384
const sizes = [0, 1, 3, 4, 5, window - 1, window, window + 1, 3 * window + 7]

const same = (count: number, learningRate: number, weightDecay: number) =>
  Array.from({ length: count }, () => ({ learningRate, weightDecay }))

describe("AdamWOptimiser", () => {
  it("does what adamWStep does in float64, for arrays of all lengths", () => {
    const gradients = [1, 2, 3, 4].map((seed) => arraysOf(sizes, 0.01, seed))
    const parameters = sizes.map((_, i) => ({ learningRate: 1e-3 * i, weightDecay: 0.1 * (i % 3) }))
    for (const maxGradNorm of [0.1, 1e9]) {
      for (const scale of [0, 1]) {
        const weights = arraysOf(sizes, scale, 9)
        const error = largestError(weights, gradients, adamW({ maxGradNorm }), parameters)
        expect(error).toBeLessThan(2e-6)
      }
    }
    // one array at a time: the others' clipping does not hide anything
    for (const size of sizes) {
      const one = gradients.map((arrays) => arrays.filter(({ length }) => length === size))
      const zero = [new Float32Array(size)]
      expect(largestError(zero, one, adamW(), same(1, 1e-3, 0))).toBeLessThan(2e-6)
    }
  })

  it("does so with any settings", () => {
    const settings = fc.record({
      learningRate: fc.constant(0),
      beta1: fc.oneof(fc.constantFrom(0, 0.9), fc.double({ min: 0, max: 0.99, noNaN: true })),
      beta2: fc.oneof(fc.constantFrom(0, 0.999), fc.double({ min: 0, max: 0.999, noNaN: true })),
      epsilon: fc.constantFrom(1e-15, 1e-8, 1e-3, 1),
      weightDecay: fc.constant(0),
      maxGradNorm: fc.constantFrom(1e-3, 1, 1e6)
    })
    const parameter = fc.record({
      learningRate: fc.constantFrom(0, 1e-6, 1e-3, 0.5),
      weightDecay: fc.constantFrom(0, 0.01, 1)
    })
    fc.assert(
      fc.property(
        settings,
        fc.array(fc.tuple(fc.nat(40), parameter), { maxLength: 4 }),
        fc.constantFrom(0, 1e-3, 1),
        fc.constantFrom(1e-8, 1e-2, 1, 1e4),
        fc.nat(),
        (adam, arrays, weightScale, gradientScale, seed) => {
          const lengths = arrays.map(([length]) => length)
          const gradients = Array.from({ length: 6 }, (_, i) =>
            arraysOf(lengths, gradientScale, seed + i)
          )
          const parameters = arrays.map(([, own]) => own)
          const weights = arraysOf(lengths, weightScale, seed)
          expect(largestError(weights, gradients, adam, parameters)).toBeLessThan(2e-6)
        }
      ),
      { numRuns: 300 }
    )
  })

  it("follows adamWStep over many steps with slow means", () => {
    const weights = [new Float32Array(64)]
    const gradients = Array.from({ length: 3000 }, (_, i) => arraysOf([64], 1, i))
    const settings = adamW({ beta1: 0.9, beta2: 0.999 })
    expect(largestError(weights, gradients, settings, same(1, 1e-3, 0))).toBeLessThan(2e-6)
  })

  it("gives the same bits from run to run, and after a reset", () => {
    const weights = arraysOf(sizes, 1, 5)
    const gradients = [6, 7, 8].map((seed) => arraysOf(sizes, 0.1, seed))
    const parameters = same(sizes.length, 1e-2, 0.1)
    const run = (arrays: Arrays, optimiser: AdamWOptimiser) => {
      const norms = gradients.map((g) => step(optimiser, g, adamW(), parameters))
      const moments = optimiser.moments.map(({ first, second }) => [first.slice(), second.slice()])
      return { norms, moments, weights: copies(arrays) }
    }
    const [one, other] = [copies(weights), copies(weights)]
    const optimiser = new AdamWOptimiser(one)
    const expected = run(one, optimiser)
    expect(run(other, new AdamWOptimiser(other))).toEqual(expected)

    const buffers = optimiser.moments.map(({ first }) => first.buffer)
    optimiser.reset()
    expect(optimiser.steps).toBe(0)
    one.forEach((array, i) => array.set(weights[i] ?? []))
    expect(run(one, optimiser)).toEqual(expected)
    // the memory is the old one
    expect(optimiser.moments.every(({ first }, i) => first.buffer === buffers[i])).toBe(true)
  })

  it("goes on from a state with the same bits", () => {
    const lengths = [5, 1, 40_003]
    const settings = adamW({ learningRate: 0.1 })
    const parameters = lengths.map(() => ({ learningRate: 0.1, weightDecay: 0.01 }))
    const gradients = Array.from({ length: 6 }, (_, at) => arraysOf(lengths, 1, 10 + at))
    const whole = arraysOf(lengths, 1, 1)
    const optimiser = new AdamWOptimiser(whole)
    for (const gradient of gradients) step(optimiser, gradient, settings, parameters)

    const weights = arraysOf(lengths, 1, 1)
    const first = new AdamWOptimiser(weights)
    expect(first.state()).toEqual({ steps: 0, first: [], second: [] })
    for (const gradient of gradients.slice(0, 3)) step(first, gradient, settings, parameters)
    const state = first.state()
    // the state is a copy
    first.reset()
    const second = new AdamWOptimiser(weights)
    step(
      second,
      gradients[0] ?? [],
      { ...settings, learningRate: 0 },
      lengths.map(() => ({ learningRate: 0, weightDecay: 0 }))
    )
    expect(Result.isSuccess(second.load(state))).toBe(true)
    for (const gradient of gradients.slice(3)) step(second, gradient, settings, parameters)
    expect(weights).toEqual(whole)
    expect(() => second.load({ ...state, first: [] })).toThrow(RangeError)
  })

  it("changes nothing when the gradient is not finite", () => {
    const weights = arraysOf([5, 9], 1, 1)
    const optimiser = new AdamWOptimiser(weights)
    const parameters = same(2, 0.1, 0.1)
    // which allocates the moments
    step(optimiser, [Float32Array.of(1, 2, 3, 4, NaN), new Float32Array(9)], adamW(), parameters)
    const all = optimiser.moments.flatMap(({ first, second }) => [...first, ...second])
    expect(all).toEqual(Array.from({ length: 28 }, () => 0))
    for (const before of [0, 1]) {
      const moments = () =>
        optimiser.moments.map(({ first, second }) => [first.slice(), second.slice()])
      const saved = { weights: copies(weights), steps: optimiser.steps, moments: moments() }
      for (const bad of [NaN, Infinity, -Infinity]) {
        for (const place of [0, 8]) {
          const gradients = arraysOf([5, 9], 1, 2)
          gradients[1]?.fill(bad, place, place + 1)
          expect(step(optimiser, gradients, adamW(), parameters)).not.toSatisfy(Number.isFinite)
          expect(weights).toEqual(saved.weights)
          expect(optimiser.steps).toBe(before)
          expect(moments()).toEqual(saved.moments)
        }
      }
      // nothing of them is left behind
      expect(largestErrorOfNext(optimiser, weights)).toBeLessThan(1e-6)
    }
  })

  it("takes denormal and huge gradients", () => {
    for (const scale of [1e-44, 1e-40, 1e-30, 1e-12]) {
      const gradients = [1, 2].map((seed) => arraysOf([21], scale, seed))
      const unclipped = adamW({ maxGradNorm: 1e9 })
      // √v is nothing beside epsilon, and the weights begin at 0: nothing is hidden by them
      const weights = [new Float32Array(21)]
      expect(largestError(weights, gradients, unclipped, same(1, 1, 0))).toBeLessThan(2e-6)
    }
    for (const scale of [1e10, 1e20, 1e30, 3e38]) {
      const gradients = [1, 2].map((seed) => arraysOf([21], scale, seed))
      const weights = arraysOf([21], 1, 3)
      // clipped to a norm of 1, the scale may be a number that float32 does not have
      expect(largestError(weights, gradients, adamW(), same(1, 1e-3, 0.1))).toBeLessThan(2e-6)
      // unclipped, a first step moves every weight by the learning rate
      const first = gradients.slice(0, 1)
      const unclipped = adamW({ maxGradNorm: 1e300 })
      expect(largestError(weights, first, unclipped, same(1, 1e-3, 0.1))).toBeLessThan(2e-6)
    }
  })

  it("keeps the moments of adamWStep", () => {
    const weights = arraysOf([6, 0, 3], 1, 1)
    const state = initialAdamWState(weights)
    const optimiser = new AdamWOptimiser(copies(weights))
    expect(optimiser.moments).toEqual([])
    for (const seed of [1, 2, 3]) {
      const gradients = arraysOf([6, 0, 3], 0.1, seed)
      step(optimiser, gradients, adamW(), same(3, 1e-3, 0))
      adamWStep(weights, gradients, state, adamW(), same(3, 1e-3, 0))
    }
    expect(optimiser.moments.map(({ array, offset }) => [array, offset])).toEqual([
      [0, 0],
      [2, 0]
    ])
    for (const { array, first, second } of optimiser.moments) {
      first.forEach((m, i) => expect(m).toBeCloseTo(state.first[array]?.[i] ?? NaN, 7))
      second.forEach((v, i) => expect(v).toBeCloseTo(state.second[array]?.[i] ?? NaN, 9))
    }
  })

  it("has a norm in float64", () => {
    const gradients = arraysOf([100_003], 1, 4)
    const optimiser = new AdamWOptimiser(arraysOf([100_003], 1, 5))
    const norm = step(optimiser, gradients, adamW(), same(1, 0, 0))
    expect(Math.abs(norm / globalNorm(gradients) - 1)).toBeLessThan(1e-12)
  })

  it("refuses arrays of other lengths", () => {
    const optimiser = new AdamWOptimiser([new Float32Array(3)])
    expect(() => optimiser.step([new Float32Array(4)], adamW(), same(1, 0, 0))).toThrow(RangeError)
    expect(() => optimiser.step([new Float32Array(3)], adamW(), [])).toThrow(RangeError)
    expect(() => optimiser.step([], adamW(), same(1, 0, 0))).toThrow(RangeError)
  })
})

/** The relative error of the norm of one more step, which does not change weights. */
const largestErrorOfNext = (optimiser: AdamWOptimiser, weights: Arrays): number => {
  const gradients = arraysOf(
    weights.map(({ length }) => length),
    1,
    3
  )
  const norm = step(optimiser, gradients, adamW(), same(weights.length, 0, 0))
  return Math.abs(norm / globalNorm(gradients) - 1)
}
