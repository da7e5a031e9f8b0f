/** Lines over turns or steps, labelled at their ends instead of in a legend. */
import type { Html } from "./html.ts"
import { drawSvg, Plot } from "./plot.ts"

/** A point of a line; `low` and `high` draw a band. */
export interface Point {
  readonly x: number
  readonly y: number
  readonly low?: number
  readonly high?: number
}

/** One line. `faint` are unsmoothed points drawn thinly behind it. */
export interface Series {
  readonly label: string
  readonly colour: string
  readonly points: ReadonlyArray<Point>
  readonly faint?: ReadonlyArray<Point>
}

/** Settings of a plot of lines. */
export interface SeriesPlotOptions {
  readonly title: string
  readonly xLabel: string
  readonly width: number
  readonly height: number
  /** Whether values are shares, shown in per cent. */
  readonly isRate: boolean
  /** Default: from 0 to a little above the largest value. */
  readonly yDomain?: readonly [number, number]
  /** Positions of the marks on the x axis. */
  readonly xTicks?: ReadonlyArray<number>
  /** Dots on the points: for few points that were each measured. */
  readonly dots?: boolean
  /** A vertical line with a word. */
  readonly marker?: { readonly x: number; readonly label: string }
}

/**
 * Moves labels apart: positions at least `gap` from each other, inside `[low, high]` where there is
 * room, in the order of the wished ones and as near to them as that allows.
 */
const spreadLabels = (
  wished: ReadonlyArray<number>,
  gap: number,
  [low, high]: readonly [number, number]
): ReadonlyArray<number> => {
  const order = wished.map((_, index) => index).toSorted((a, b) => at(wished, a) - at(wished, b))
  const placed = wished.map((value) => Math.min(high, Math.max(low, value)))
  // push up from below, then back down from the top
  order.forEach((index, rank) => {
    const below = order[rank - 1]
    if (below !== undefined) placed[index] = Math.max(at(placed, index), at(placed, below) + gap)
  })
  order.toReversed().forEach((index, rank, reversed) => {
    const above = reversed[rank - 1]
    const limit = above === undefined ? high : at(placed, above) - gap
    placed[index] = Math.min(at(placed, index), limit)
  })
  return placed
}

const at = (numbers: ReadonlyArray<number>, index: number): number => numbers[index] ?? 0

const greatest = (series: ReadonlyArray<Series>): number =>
  series.reduce(
    (most, { faint = [], points }) =>
      [...points, ...faint].reduce((top, { high, y }) => Math.max(top, high ?? y), most),
    0
  )

/** A value on an axis or at a line: per cent for rates, else a short number. */
export const shortNumber = (value: number, isRate: boolean): string =>
  isRate
    ? `${Number((value * 100).toFixed(1))}%`
    : Math.abs(value) >= 1000
      ? `${Number((value / 1000).toFixed(1))}k`
      : `${Number(value.toPrecision(3))}`

/** The lines, their bands and their labels as SVG. */
export const seriesPlot = (series: ReadonlyArray<Series>, options: SeriesPlotOptions): Html => {
  const { dots = false, height, isRate, marker, title, width, xLabel, xTicks } = options
  const top = greatest(series)
  const yDomain = options.yDomain ?? [0, top === 0 ? 1 : top * 1.05]
  const ends = series.flatMap((each) => {
    const end = each.points.at(-1)
    return end === undefined ? [] : [{ ...each, end }]
  })
  const gap = ((yDomain[1] - yDomain[0]) * 15) / (height - 60)
  const labels = spreadLabels(
    ends.map(({ end }) => end.y),
    gap,
    [yDomain[0], yDomain[1]]
  )
  const longest = Math.max(0, ...ends.map(({ label }) => label.length))
  return drawSvg(title, {
    width,
    height,
    marginTop: 20,
    marginBottom: 36,
    marginLeft: 40,
    marginRight: 14 + 7 * longest,
    x: { label: null },
    y: { domain: [...yDomain], label: null, nice: options.yDomain === undefined },
    marks: [
      Plot.gridY({ stroke: "var(--rule)", strokeOpacity: 1, ticks: 5 }),
      Plot.axisY({
        ticks: 5,
        tickSize: 0,
        tickFormat: (value: number) => shortNumber(value, isRate),
        color: "var(--muted)",
        label: null
      }),
      Plot.axisX({
        ticks: xTicks === undefined ? 5 : [...xTicks],
        tickSize: 4,
        tickFormat: (value: number) => `${value}`,
        color: "var(--muted)",
        label: xLabel,
        labelArrow: "none",
        labelAnchor: "center",
        labelOffset: 34
      }),
      ...(marker === undefined
        ? []
        : [
            Plot.ruleX([marker.x], { stroke: "var(--muted)", strokeDasharray: "2 3" }),
            Plot.text([marker.label], {
              x: [marker.x],
              frameAnchor: "top",
              dy: -14,
              fill: "var(--muted)",
              text: (label: string) => label
            })
          ]),
      ...series.flatMap(({ colour, faint, points }) => [
        Plot.areaY(
          points.filter(({ high, low }) => low !== undefined && high !== undefined),
          { x: "x", y1: "low", y2: "high", fill: colour, fillOpacity: 0.16 }
        ),
        ...(faint === undefined
          ? []
          : [
              Plot.lineY([...faint], {
                x: "x",
                y: "y",
                stroke: colour,
                strokeWidth: 1,
                strokeOpacity: 0.35
              })
            ]),
        Plot.lineY([...points], { x: "x", y: "y", stroke: colour, strokeWidth: 2 }),
        ...(dots ? [Plot.dot([...points], { x: "x", y: "y", fill: colour, r: 2.5 })] : [])
      ]),
      ...ends.map(({ colour, end, label }, index) =>
        Plot.text([label], {
          x: [end.x],
          y: [at(labels, index)],
          dx: 8,
          textAnchor: "start",
          fill: colour,
          fontWeight: 600,
          text: (word: string) => word
        })
      )
    ]
  })
}
