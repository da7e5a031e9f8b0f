/**
 * The laws of advantages that are normalised over a batch of groups, as fast-check properties for
 * anybody's implementation. Import it from `@sml/grpo-core/BatchAdvantageLaws`; it needs
 * `fast-check`. Forms that look at one group alone have theirs in `@sml/grpo-core/AdvantageLaws`.
 */
import * as fc from "fast-check"

import {
  type AdvantageLaw,
  allClose,
  anyGroups,
  close,
  deviation,
  eighths,
  exactGroups,
  groupsOf,
  holds,
  holdsOrder,
  isConstant,
  isRefused,
  notFinite,
  orders,
  picked,
  small,
  sum
} from "./internal/lawTools.ts"

/** What is tested: the returns of each group in, one advantage each out; refuses by throwing. */
export type BatchAdvantageFunction = (
  groups: ReadonlyArray<Float64Array>
) => ReadonlyArray<ArrayLike<number>>

/** The conventions that an implementation follows. */
export interface BatchAdvantageLawOptions {
  /**
   * `"BatchStd"`: group mean, standard deviation of all returns. `"ReinforcePlusPlus"`: mean and
   * standard deviation of the batch. `"ReinforcePlusPlusBaseline"`: group mean, then the standard
   * deviation of what is left over the batch.
   */
  readonly form: "BatchStd" | "ReinforcePlusPlus" | "ReinforcePlusPlusBaseline"
  /** ε that it adds to the standard deviation; default 1e-6. */
  readonly epsilon?: number
  /** Divisor `n` (`"population"`, the default) or `n − 1` (`"sample"`) in its standard deviation. */
  readonly std?: "population" | "sample"
  /** `"full"`: all finite doubles (default). `"moderate"`: returns between −1000 and 1000. */
  readonly range?: "full" | "moderate"
  /** Largest relative error; default 1e-9. */
  readonly tolerance?: number
}

type Batch = ReadonlyArray<Float64Array>

const flat = (batch: ReadonlyArray<ArrayLike<number>>): Float64Array =>
  Float64Array.from(batch.flatMap((group) => Array.from(group)))

const average = (values: Float64Array): number => sum(values) / values.length

const each = (batch: Batch, change: (value: number) => number): Array<Float64Array> =>
  batch.map((group) => group.map(change))

const batches = (group: fc.Arbitrary<Float64Array>): fc.Arbitrary<Array<Float64Array>> =>
  fc.array(group, { minLength: 1, maxLength: 5 })

/**
 * The properties that an advantage function of the given batch form must have, by name.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { Result } from "effect"
 * import * as fc from "fast-check"
 * import { advantages } from "@sml/grpo-core"
 * import { batchAdvantageLaws } from "@sml/grpo-core/BatchAdvantageLaws"
 *
 * const ours = (groups: ReadonlyArray<Float64Array>) =>
 *   Result.getOrThrow(
 *     advantages(groups, { _tag: "BatchStd", epsilon: 1e-6, std: "population" })
 *   ).map((group) => group.advantages)
 * const laws = batchAdvantageLaws(ours, { form: "BatchStd" })
 * assert.ok(laws.every((law) => !fc.check(law.property, { numRuns: 20 }).failed))
 * ```
 */
export const batchAdvantageLaws = (
  advantages: BatchAdvantageFunction,
  options: BatchAdvantageLawOptions
): ReadonlyArray<AdvantageLaw> => {
  const { epsilon = 1e-6, form, range = "full", std = "population", tolerance = 1e-9 } = options
  const sample = std === "sample"
  const grouped = form !== "ReinforcePlusPlus"
  const anyBatch = batches(anyGroups(range))
  const exactBatch = batches(exactGroups)
  const of = (batch: Batch): ReadonlyArray<Float64Array> =>
    advantages(batch).map((group) => Float64Array.from(group))
  const same = (
    actual: ReadonlyArray<Float64Array>,
    expected: ReadonlyArray<Float64Array>,
    within = tolerance
  ) => {
    holds(actual.length === expected.length, `${actual.length} groups of ${expected.length}`)
    for (const [at, group] of expected.entries()) allClose(actual[at] ?? [], group, within)
  }
  /** `r` less its baseline. */
  const residuals = (batch: Batch): Batch => {
    const all = average(flat(batch))
    return batch.map((group) => {
      const base = grouped ? average(group) : all
      return group.map((value) => (isConstant(group) && grouped ? 0 : value - base))
    })
  }
  const divisor = (batch: Batch): number =>
    deviation(flat(form === "BatchStd" ? batch : residuals(batch)), sample)
  const formula = (batch: Batch): Batch => {
    const below = divisor(batch)
    return each(residuals(batch), (value) => (below === 0 ? 0 : value / (below + epsilon)))
  }

  return [
    {
      name: "one finite advantage for every return",
      property: fc.property(anyBatch, (batch) => {
        const result = of(batch)
        holds(result.length === batch.length, `${result.length} groups of ${batch.length}`)
        for (const [at, group] of batch.entries()) {
          holds(result[at]?.length === group.length, `advantages of group ${at}`)
        }
        holds(flat(result).every(Number.isFinite), "an advantage is not finite")
      })
    },
    {
      name: "the returns are left as they were",
      property: fc.property(anyBatch, (batch) => {
        const copy = flat(batch)
        of(batch)
        holds(
          flat(batch).every((value, at) => Object.is(value, copy[at])),
          "a return was changed"
        )
      })
    },
    {
      name: "the formula, on moderate returns",
      property: fc.property(exactBatch, (batch) => {
        same(of(batch), formula(batch))
      })
    },
    {
      name: grouped ? "zero mean in every group" : "zero mean over the batch",
      property: fc.property(anyBatch, (batch) => {
        const result = of(batch)
        for (const part of grouped ? result : [flat(result)]) {
          close(average(part), 0, tolerance * Math.sqrt(part.length), "mean")
        }
      })
    },
    {
      name: "adding a constant to all returns changes nothing",
      property: fc.property(
        exactBatch,
        fc.integer({ min: -1_000_000, max: 1_000_000 }),
        (batch, shift) => {
          same(of(each(batch, (value) => value + shift)), of(batch))
        }
      )
    },
    {
      name: "a positive factor changes nothing but the weight of epsilon",
      property: fc.property(
        exactBatch,
        fc.integer(range === "full" ? { min: -900, max: 900 } : { min: -10, max: 10 }),
        (batch, exponent) => {
          const scale = 2 ** exponent
          const below = divisor(batch)
          const change = below === 0 ? 0 : (below + epsilon) / (below + epsilon / scale)
          same(
            of(each(batch, (value) => value * scale)),
            each(of(batch), (value) => value * change)
          )
        }
      )
    },
    {
      name: "negated returns give negated advantages",
      property: fc.property(anyBatch, (batch) => {
        same(
          of(each(batch, (value) => -value)),
          each(of(batch), (value) => -value)
        )
      })
    },
    {
      name: "permuted groups give permuted advantages",
      property: fc.property(
        anyBatch.chain((batch) => fc.tuple(fc.constant(batch), orders(batch.length))),
        ([batch, order]) => {
          const empty = new Float64Array()
          const result = of(batch)
          same(
            of(order.map((index) => batch[index] ?? empty)),
            order.map((index) => result[index] ?? empty)
          )
        }
      )
    },
    {
      name: "permuted returns give permuted advantages",
      property: fc.property(
        anyBatch.chain((batch) =>
          fc.tuple(fc.constant(batch), fc.tuple(...batch.map(({ length }) => orders(length))))
        ),
        ([batch, order]) => {
          const permuted = (values: Batch) =>
            values.map((group, at) => picked(group, order[at] ?? []))
          same(of(permuted(batch)), permuted(of(batch)))
        }
      )
    },
    {
      name: "a better return never has a smaller advantage, and equal returns have equal ones",
      property: fc.property(anyBatch, (batch) => {
        const result = of(batch)
        if (!grouped) holdsOrder(flat(batch), flat(result))
        for (const [at, group] of batch.entries()) holdsOrder(group, result[at] ?? [])
      })
    },
    {
      name: grouped
        ? "a group of equal returns gives exactly zero"
        : "a batch of equal returns gives exactly zero",
      property: fc.property(
        exactBatch,
        range === "full" ? fc.double({ noNaN: true, noDefaultInfinity: true }) : eighths,
        fc.nat(),
        (batch, value, at) => {
          const place = at % batch.length
          const spoilt = batch.map((group, index) =>
            index === place || !grouped ? group.map(() => value) : group
          )
          holds(
            (of(spoilt)[place] ?? [Number.NaN]).every((advantage) => advantage === 0),
            "an advantage is not 0"
          )
        }
      )
    },
    {
      name: "repeating every return changes nothing but the divisor",
      property: fc.property(exactBatch, (batch) => {
        const twice = batch.map((group) => Float64Array.of(...group, ...group))
        const below = divisor(batch)
        const change = below === 0 ? 0 : (below + epsilon) / (divisor(twice) + epsilon)
        const expected = of(batch).map((group) =>
          Float64Array.of(...group, ...group).map((value) => value * change)
        )
        same(of(twice), expected)
      })
    },
    {
      name: "single precision agrees with double precision",
      property: fc.property(
        batches(groupsOf(fc.double({ min: -1, max: 1, noNaN: true }), small)),
        (batch) => {
          fc.pre(divisor(batch) > 0.1)
          same(of(each(batch, Math.fround)), of(batch), Math.max(tolerance, 1e-5))
        }
      )
    },
    {
      name: "a group of one is refused",
      property: fc.property(
        exactBatch,
        groupsOf(eighths, { minLength: 0, maxLength: 1 }),
        (batch, lonely) => {
          holds(
            isRefused(advantages, [...batch, lonely]),
            `a group of ${lonely.length} was accepted`
          )
        }
      )
    },
    {
      name: "non-finite returns are refused",
      property: fc.property(exactBatch, fc.nat(), notFinite, (batch, at, value) => {
        const [first = new Float64Array(), ...rest] = batch
        const spoilt = [...rest, first.with(at % first.length, value)]
        holds(isRefused(advantages, spoilt), `${value} was accepted`)
      })
    }
  ]
}
