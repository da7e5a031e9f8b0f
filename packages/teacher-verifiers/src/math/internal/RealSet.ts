/** Sets of real numbers as disjoint intervals in order; ends are exact expressions. */
import type { Expression } from "./Expression.ts"

/** `at` orders the ends; `e` is what the end exactly is, absent at infinity. */
export interface End {
  readonly at: number
  readonly e: Expression | undefined
  readonly isClosed: boolean
}

interface Interval {
  readonly low: End
  readonly high: End
}

export type RealSet = ReadonlyArray<Interval>

/** An end at plus or minus infinity. */
export const infinite = (at: number): End => ({ at, e: undefined, isClosed: false })

export const allReals: RealSet = [{ low: infinite(-Infinity), high: infinite(Infinity) }]

/** Whether two ends are the same number; exact. */
export type SameEnd = (a: Expression, b: Expression) => boolean

/** -1, 0 or 1; ends whose doubles are close are compared exactly. */
const order = (a: End, b: End, same: SameEnd): number => {
  if (a.at === b.at && (a.e === undefined || b.e === undefined)) return 0
  const scale = Math.max(1, Math.abs(a.at), Math.abs(b.at))
  if (
    Math.abs(a.at - b.at) <= 1e-9 * scale &&
    a.e !== undefined &&
    b.e !== undefined &&
    same(a.e, b.e)
  ) {
    return 0
  }
  return a.at < b.at ? -1 : 1
}

const isEmpty = ({ high, low }: Interval, same: SameEnd): boolean => {
  const o = order(low, high, same)
  return o > 0 || (o === 0 && !(low.isClosed && high.isClosed))
}

/** In order, without gaps that hold nothing. */
const tidy = (intervals: RealSet, same: SameEnd): RealSet => {
  const sorted = intervals
    .filter((interval) => !isEmpty(interval, same))
    .toSorted(
      (a, b) => order(a.low, b.low, same) || Number(b.low.isClosed) - Number(a.low.isClosed)
    )
  const out: Array<Interval> = []
  for (const interval of sorted) {
    const last = out.at(-1)
    const gap = last === undefined ? -1 : order(last.high, interval.low, same)
    if (
      last === undefined ||
      gap < 0 ||
      (gap === 0 && !last.high.isClosed && !interval.low.isClosed)
    ) {
      out.push(interval)
      continue
    }
    const reach = order(last.high, interval.high, same)
    const high =
      reach > 0
        ? last.high
        : reach < 0
          ? interval.high
          : { ...last.high, isClosed: last.high.isClosed || interval.high.isClosed }
    out[out.length - 1] = { low: last.low, high }
  }
  return out
}

export const union = (a: RealSet, b: RealSet, same: SameEnd): RealSet => tidy([...a, ...b], same)

export const complement = (a: RealSet, same: SameEnd): RealSet => {
  const out: Array<Interval> = []
  let low: End = infinite(-Infinity)
  for (const interval of tidy(a, same)) {
    out.push({
      low,
      high: { ...interval.low, isClosed: interval.low.e !== undefined && !interval.low.isClosed }
    })
    low = { ...interval.high, isClosed: interval.high.e !== undefined && !interval.high.isClosed }
  }
  out.push({ low, high: infinite(Infinity) })
  // nothing lies beyond infinity
  return tidy(
    out.filter(({ high, low: from }) => from.at !== Infinity && high.at !== -Infinity),
    same
  )
}

export const intersection = (a: RealSet, b: RealSet, same: SameEnd): RealSet =>
  complement(union(complement(a, same), complement(b, same), same), same)

export const difference = (a: RealSet, b: RealSet, same: SameEnd): RealSet =>
  intersection(a, complement(b, same), same)

export const equalSets = (a: RealSet, b: RealSet, same: SameEnd): boolean => {
  const left = tidy(a, same)
  const right = tidy(b, same)
  return (
    left.length === right.length &&
    left.every((interval, i) => {
      const other = right[i]
      return (
        other !== undefined &&
        order(interval.low, other.low, same) === 0 &&
        order(interval.high, other.high, same) === 0 &&
        interval.low.isClosed === other.low.isClosed &&
        interval.high.isClosed === other.high.isClosed
      )
    })
  )
}
