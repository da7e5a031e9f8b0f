/** Pictures of a training run. */
import { Html, html } from "./internal/html.ts"
import { hue, paletteCss } from "./internal/palette.ts"
import type { Point, Series } from "./internal/seriesPlot.ts"
import { seriesPlot, shortNumber } from "./internal/seriesPlot.ts"
import type { LearningCurve, StepMetrics } from "./Report.ts"

/** The first of the names that a metric may have. */
const firstOf = (keys: ReadonlySet<string>, names: ReadonlyArray<string>, label: string) =>
  names
    .filter((name) => keys.has(name))
    .slice(0, 1)
    .map((key) => ({ key, label }))

/**
 * The learning curves that a report shows of these steps: reward, success by turn, questions per
 * turn, entropy and speed, as far as the steps have them.
 */
export const standardCurves = (steps: ReadonlyArray<StepMetrics>): ReadonlyArray<LearningCurve> => {
  const keys = new Set(steps.flatMap((step) => Object.keys(step)))
  const success = [...keys]
    .filter((key) => /^success@\d+$/.test(key))
    .toSorted((a, b) => Number(a.slice(8)) - Number(b.slice(8)))
  return [
    { title: "Reward", isRate: false, series: firstOf(keys, ["reward"], "reward") },
    {
      title: "Success by turn, training tasks",
      isRate: true,
      series: success.map((key) => ({ key, label: key }))
    },
    {
      title: "Questions per turn",
      isRate: true,
      series: firstOf(keys, ["question-rate", "question_rate"], "questions")
    },
    {
      title: "Entropy, nats per token",
      isRate: false,
      series: firstOf(keys, ["entropy"], "entropy")
    },
    {
      title: "Tokens per second",
      isRate: false,
      series: firstOf(
        keys,
        ["tokens/s", "tokens_per_second", "tokens-per-second", "tokensPerSecond"],
        "tokens/s"
      )
    }
  ].filter((curve) => curve.series.length > 0)
}

/** Steps averaged into one point of a smoothed line. */
export const smoothingWindow = (steps: number): number => Math.max(1, Math.round(steps / 12))

const pointsOf = (steps: ReadonlyArray<StepMetrics>, key: string): ReadonlyArray<Point> =>
  steps.flatMap((step, index) => {
    const x = step["step"] ?? index + 1
    const y = step[key]
    return y === undefined || !Number.isFinite(y) || !Number.isFinite(x) ? [] : [{ x, y }]
  })

const trailingMean = (points: ReadonlyArray<Point>, window: number): ReadonlyArray<Point> =>
  points.map(({ x }, index) => {
    const recent = points.slice(Math.max(0, index + 1 - window), index + 1)
    return { x, y: recent.reduce((sum, { y }) => sum + y, 0) / recent.length }
  })

/** Size and words of a plot. */
export interface CurveOptions {
  readonly width?: number
  readonly height?: number
}

const curveSeries = (
  steps: ReadonlyArray<StepMetrics>,
  curve: LearningCurve
): ReadonlyArray<Series> =>
  curve.series.map(({ key, label }, index) => {
    const faint = pointsOf(steps, key)
    const points = trailingMean(faint, smoothingWindow(steps.length))
    const end = points.at(-1)
    const last = end === undefined ? "" : shortNumber(roundTo(end.y, curve.isRate), curve.isRate)
    return {
      // the title names the only line
      label: curve.series.length === 1 ? last : `${label} ${last}`,
      colour: hue(index),
      faint,
      points
    }
  })

/** Whole per cents above 10 %, as noise makes more digits meaningless. */
const roundTo = (value: number, isRate: boolean): number =>
  isRate && value >= 0.1 ? Math.round(value * 100) / 100 : value

/** One learning curve as inline SVG for a page that defines the palette. */
export const inlineCurve = (
  steps: ReadonlyArray<StepMetrics>,
  curve: LearningCurve,
  options: CurveOptions = {}
): Html =>
  seriesPlot(curveSeries(steps, curve), {
    title: curve.title,
    xLabel: "training step",
    isRate: curve.isRate,
    width: options.width ?? 340,
    height: options.height ?? 220
  })

/** Settings of {@link learningCurveSvg}. */
export interface LearningCurveOptions extends CurveOptions {
  /** What to draw; default: success by turn where the steps have it, else the reward. */
  readonly curve?: LearningCurve
}

/**
 * A learning curve as an SVG file of its own (a README's picture): thin the steps, bold their trailing
 * mean. Light or dark after the reader's system. Without any step the axes stay empty.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { learningCurveSvg } from "@sml/eval-harness/learningCurveSvg"
 *
 * const svg = learningCurveSvg([
 *   { step: 1, "success@1": 0.36, "success@4": 0.45 },
 *   { step: 2, "success@1": 0.38, "success@4": 0.52 }
 * ])
 * assert.match(svg, /^<svg/)
 * ```
 */
export const learningCurveSvg = (
  steps: ReadonlyArray<StepMetrics>,
  options: LearningCurveOptions = {}
): string => {
  const { height = 320, width = 720 } = options
  const curves = standardCurves(steps)
  const curve = options.curve ??
    curves.find(({ title }) => title.startsWith("Success")) ??
    curves[0] ?? { title: "Reward", isRate: false, series: [{ key: "reward", label: "reward" }] }
  const plot = inlineCurve(steps, curve, { width: width - 32, height: height - 50 })
  const style = new Html(
    `${paletteCss("svg")}\nsvg { color: var(--ink); font-family: system-ui, sans-serif; }`
  )
  const view = `0 0 ${width} ${height}`
  const picture = html`<svg
    xmlns="http://www.w3.org/2000/svg"
    width="${width}"
    height="${height}"
    viewBox="${view}"
  >
    <style>
      ${style}
    </style>
    <rect width="100%" height="100%" rx="8" fill="var(--paper)" />
    <text x="20" y="30" font-size="15" font-weight="600" fill="currentColor">${curve.title}</text>
    <g transform="translate(16,44)">${plot}</g>
  </svg>`
  return `${picture.source}\n`
}
