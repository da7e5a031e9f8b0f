/** Success by turn, before and after, one plot for each way in which the teacher behaved. */
import type { BeforeAfter } from "../BeforeAfter.ts"
import { conditionTitle, metricText } from "../MetricText.ts"
import type { Summary } from "../Summary.ts"
import type { Html } from "./html.ts"
import { html } from "./html.ts"
import { domainsOf } from "./resultsHtml.ts"
import type { Point } from "./seriesPlot.ts"
import { seriesPlot } from "./seriesPlot.ts"

const curveOf = (summary: Summary, condition: string): ReadonlyArray<Point> =>
  Object.entries(summary)
    .flatMap(([key, { high, low, value }]) => {
      const text = metricText(key)
      const match = /^success@(\d+)$/.exec(text.name)
      return match === null || text.condition !== condition
        ? []
        : [{ x: Number(match[1]), y: value, low, high }]
    })
    .toSorted((a, b) => a.x - b.x)

const percent = (points: ReadonlyArray<Point>): string =>
  `${Math.round((points.at(-1)?.y ?? 0) * 100)}%`

const conditionsOf = (...summaries: ReadonlyArray<Summary>): ReadonlyArray<string> => [
  ...new Set(
    summaries.flatMap((summary) => Object.keys(summary)).map((key) => metricText(key).condition)
  )
]

/** Plots for every domain and condition that has at least two turns. */
export const turnPlotsHtml = (
  results: BeforeAfter,
  trainedTurns: number | undefined
): ReadonlyArray<Html> =>
  domainsOf(results).map((domain) => {
    const before = results.before[domain] ?? {}
    const after = results.after[domain] ?? {}
    const curves = conditionsOf(before, after)
      .map((condition) => ({
        condition,
        one: curveOf(before, condition),
        two: curveOf(after, condition)
      }))
      .filter(({ one, two }) => one.length > 1 || two.length > 1)
    const inTwo = curves.length === 2 || curves.length === 4
    const figures = curves.map(({ condition, one, two }) => {
      const turns = (one.length > two.length ? one : two).map(({ x }) => x)
      const title = conditionTitle(condition)
      const plot = seriesPlot(
        [
          { label: `before ${percent(one)}`, colour: "var(--before)", points: one },
          { label: `after ${percent(two)}`, colour: "var(--after)", points: two }
        ].filter(({ points }) => points.length > 0),
        {
          title: `Success by turn: ${domain}, ${title}`,
          xLabel: "student turns",
          width: inTwo ? 500 : 330,
          height: inTwo ? 260 : 230,
          isRate: true,
          yDomain: [0, 1],
          xTicks: turns,
          dots: true,
          ...(trainedTurns === undefined || trainedTurns >= (turns.at(-1) ?? 1)
            ? {}
            : { marker: { x: trainedTurns, label: "turns in training" } })
        }
      )
      return html`<figure>
        <div class="name">${title}</div>
        ${plot}
      </figure>`
    })
    return html`<h3>${domain}</h3>
      <div class="${inTwo ? "plots two" : "plots"}">${figures}</div>`
  })
