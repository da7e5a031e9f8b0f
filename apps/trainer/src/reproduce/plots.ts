/** The report's plots as SVG. */
import { escapeHtml } from "./escapeHtml.ts"

/** A point with its 95 % interval. */
export interface PlotPoint {
  readonly x: number
  readonly y: number
  readonly low: number
  readonly high: number
}

/** A line of a plot; the `index`-th colour. */
export interface PlotLine {
  readonly label: string
  readonly colour: number
  readonly points: ReadonlyArray<PlotPoint>
}

/** Words and shape of a line plot. */
export interface LinePlotOptions {
  readonly title: string
  readonly xLabel: string
  /** Whether values are shares, shown in per cent. */
  readonly isRate: boolean
}

const width = 560
const height = 300
const box = { left: 44, right: 250, top: 14, bottom: 38 }

const fixed = (value: number): string => value.toFixed(1)

/** Steps of 1, 2 or 5 times a power of ten, about `count` of them. */
const ticks = (low: number, high: number, count: number): ReadonlyArray<number> => {
  const rough = (high - low) / count
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10)
  const first = Math.ceil(low / step)
  const last = Math.floor(high / step + 1e-9)
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => (first + index) * step)
}

/** Positions at least `gap` apart, in the order of the wished ones. */
const spread = (wished: ReadonlyArray<number>, gap: number): ReadonlyArray<number> => {
  const order = wished
    .map((_, index) => index)
    .toSorted((a, b) => (wished[a] ?? 0) - (wished[b] ?? 0))
  const placed = [...wished]
  let last = -Infinity
  for (const index of order) {
    last = Math.max(wished[index] ?? 0, last + gap)
    placed[index] = last
  }
  return placed
}

const text = (x: number, y: number, words: string, more: string): string =>
  `<text x="${fixed(x)}" y="${fixed(y)}" ${more}>${escapeHtml(words)}</text>`

const svg = (title: string, size: readonly [number, number], body: ReadonlyArray<string>): string =>
  `<svg role="img" aria-label="${escapeHtml(title)}" viewBox="0 0 ${size[0]} ${size[1]}">${body.join("")}</svg>`

/** Lines over turns with bands, labelled at their ends. Empty where there is nothing to draw. */
export const linePlot = (lines: ReadonlyArray<PlotLine>, options: LinePlotOptions): string => {
  const points = lines.flatMap((line) => line.points)
  if (points.length === 0) return ""
  const xs = points.map(({ x }) => x)
  const [left, right] = [Math.min(...xs), Math.max(...xs)]
  const bottom = Math.min(0, ...points.map(({ low }) => low))
  const top = Math.max(...points.map(({ high }) => high)) * 1.03 || 1
  const x = (value: number) =>
    box.left + ((value - left) / (right - left || 1)) * (width - box.left - box.right)
  const y = (value: number) =>
    height - box.bottom - ((value - bottom) / (top - bottom)) * (height - box.top - box.bottom)
  const mark = (value: number) =>
    options.isRate ? `${Math.round(value * 100)}%` : `${Number(value.toPrecision(3))}`
  const place = ({ x: across, y: up }: { readonly x: number; readonly y: number }) =>
    `${fixed(x(across))},${fixed(y(up))}`
  const ends = lines.map(({ points: each }) => y(each.at(-1)?.y ?? 0))
  const labels = spread(ends, 13)
  return svg(
    options.title,
    [width, height],
    [
      ...ticks(bottom, top, 5).flatMap((value) => [
        `<line class="grid" x1="${box.left}" x2="${width - box.right}" y1="${fixed(y(value))}" y2="${fixed(y(value))}"/>`,
        text(box.left - 6, y(value) + 4, mark(value), `class="axis" text-anchor="end"`)
      ]),
      ...[...new Set(xs)].map((value) =>
        text(x(value), height - box.bottom + 16, `${value}`, `class="axis" text-anchor="middle"`)
      ),
      text(
        (box.left + width - box.right) / 2,
        height - 4,
        options.xLabel,
        `class="axis" text-anchor="middle"`
      ),
      ...lines.map(({ colour, points: each }) => {
        const band = [
          ...each.map((point) => place({ x: point.x, y: point.high })),
          ...each.toReversed().map((point) => place({ x: point.x, y: point.low }))
        ]
        return `<polygon class="band c${colour % 9}" points="${band.join(" ")}"/>`
      }),
      ...lines.map(
        ({ colour, points: each }) =>
          `<polyline class="line c${colour % 9}" points="${each.map(place).join(" ")}"/>`
      ),
      ...lines.map(({ colour, label }, index) =>
        text(width - box.right + 8, (labels[index] ?? 0) + 4, label, `class="label c${colour % 9}"`)
      )
    ]
  )
}

/** A row of a forest plot. `tolerance` or `margin` is drawn as what was expected. */
export interface ForestRow {
  readonly label: string
  readonly value: number
  readonly low: number
  readonly high: number
  readonly expected: readonly [low: number, high: number]
  readonly outcome: string
}

const rowHeight = 22
const forestWidth = 960
const forestBox = { left: 520, right: 60 }

/** Intervals below each other, with the range in which a check is expected behind each. */
export const forestPlot = (
  rows: ReadonlyArray<ForestRow>,
  title: string,
  isRate: boolean
): string => {
  if (rows.length === 0) return ""
  const finite = rows.flatMap(({ expected, high, low }) =>
    [low, high, 0, ...expected].filter(Number.isFinite)
  )
  const [least, most] = [Math.min(...finite), Math.max(...finite)]
  const padding = (most - least || 1) * 0.05
  const [from, to] = [least - padding, most + padding]
  const x = (value: number) =>
    forestBox.left +
    ((Math.min(to, Math.max(from, value)) - from) / (to - from)) *
      (forestWidth - forestBox.left - forestBox.right)
  const tall = rows.length * rowHeight + 30
  const line = (className: string, a: number, b: number, atY: number) =>
    `<line class="${className}" x1="${fixed(x(a))}" x2="${fixed(x(b))}" y1="${fixed(atY)}" y2="${fixed(atY)}"/>`
  return svg(
    title,
    [forestWidth, tall],
    [
      ...ticks(from, to, 8).flatMap((value) => [
        `<line class="grid" x1="${fixed(x(value))}" x2="${fixed(x(value))}" y1="0" y2="${tall - 22}"/>`,
        text(
          x(value),
          tall - 6,
          isRate ? `${Math.round(value * 100)}` : `${Number(value.toPrecision(2))}`,
          `class="axis" text-anchor="middle"`
        )
      ]),
      ...rows.flatMap(({ expected, high, label, low, outcome, value }, index) => {
        const middle = index * rowHeight + rowHeight / 2
        return [
          text(forestBox.left - 10, middle + 4, label, `class="axis ink" text-anchor="end"`),
          line("expected", expected[0], expected[1], middle),
          line(`interval ${outcome}`, low, high, middle),
          `<circle class="${outcome}" cx="${fixed(x(value))}" cy="${fixed(middle)}" r="4"/>`,
          text(forestWidth - forestBox.right + 8, middle + 4, outcome, `class="label ${outcome}"`)
        ]
      })
    ]
  )
}
