/** The report as one HTML file that loads nothing. */
import { informative } from "@sml/eval-harness"

import type { Domain } from "./Cell.ts"
import { domains, Method } from "./Cell.ts"
import { escapeHtml } from "./escapeHtml.ts"
import { probe } from "./findings.ts"
import { probeTurns } from "./measureCell.ts"
import { pageStyle } from "./pageStyle.ts"
import type { ForestRow, PlotLine } from "./plots.ts"
import { forestPlot, linePlot } from "./plots.ts"
import type { ReportFacts } from "./ReportFacts.ts"
import { reportIntroduction } from "./reportIntroduction.ts"
import type { Table } from "./reportTables.ts"
import { armTitle, reportSections } from "./reportTables.ts"
import type { AnsweredFinding, Reproduction } from "./Reproduction.ts"
import { armsOn, trainedDomains } from "./Reproduction.ts"

const outcomes = new Set(["holds", "fails", "open", "reproduced", "not reproduced", "inconclusive"])

const cellHtml = (cell: string, index: number): string => {
  const tag = index === 0 ? "th" : "td"
  const marked = outcomes.has(cell) ? ` class="${cell.replace(" ", "-")}"` : ""
  return `<${tag}${marked}>${escapeHtml(cell)}</${tag}>`
}

const tableHtml = ({ head, rows, title }: Table): string =>
  [
    `<figure><figcaption>${escapeHtml(title)}</figcaption>`,
    `<div class="scroll"><table><thead><tr>${head.map((cell) => `<th>${escapeHtml(cell)}</th>`).join("")}</tr></thead>`,
    `<tbody>${rows.map((cells) => `<tr>${cells.map(cellHtml).join("")}</tr>`).join("")}</tbody></table></div></figure>`
  ].join("")

/** A metric with a running number, of every arm that was trained on a domain. */
const linesOf = (
  reproduction: Reproduction,
  trained: Domain,
  place: { readonly on: Domain; readonly condition: string },
  metric: (at: number) => string,
  count: number
): ReadonlyArray<PlotLine> =>
  armsOn(reproduction, trained).map((arm) => ({
    label: armTitle(arm).replace(" (variant)", " *"),
    colour: Method.literals.indexOf(arm.method),
    points: Array.from({ length: count }, (_, index) => {
      const found = reproduction.estimate({ arm, ...place, metric: metric(index + 1) })
      return found === undefined
        ? []
        : [{ x: index + 1, y: found.value, low: found.low, high: found.high }]
    }).flat()
  }))

const plotHtml = (title: string, plot: string): string =>
  plot === "" ? "" : `<figure><figcaption>${escapeHtml(title)}</figcaption>${plot}</figure>`

const successPlots = (reproduction: Reproduction): string =>
  trainedDomains(reproduction)
    .flatMap((trained) =>
      domains.map((on) => {
        const title = `Success by turn: trained on ${trained}, measured on ${on}`
        const { evalHorizon } = reproduction.settings
        const place = { on, condition: informative }
        const lines = linesOf(
          reproduction,
          trained,
          place,
          (turn) => `success@${turn}`,
          evalHorizon
        )
        return plotHtml(title, linePlot(lines, { title, xLabel: "student turn", isRate: true }))
      })
    )
    .join("")

const lossPlots = (reproduction: Reproduction): string =>
  trainedDomains(reproduction)
    .map((trained) => {
      const title = `Loss on the correct answer, nats: trained and measured on ${trained}`
      const place = { on: trained, condition: probe }
      const lines = linesOf(reproduction, trained, place, (turn) => `loss@${turn}`, probeTurns)
      return plotHtml(
        title,
        linePlot(lines, { title, xLabel: "teacher turn (1: the statement)", isRate: false })
      )
    })
    .join("")

const forestRows = ({ parts }: AnsweredFinding): ReadonlyArray<ForestRow> =>
  parts.flatMap(({ checks, trained }) =>
    checks.flatMap(({ check, measured, outcome }): ReadonlyArray<ForestRow> => {
      if (measured === undefined) return []
      const { expectation } = check
      const [first] = check.terms
      return [
        {
          label: `${trained}→${first?.on ?? ""}: ${check.name}`,
          ...measured,
          expected:
            expectation._tag === "Greater"
              ? [expectation.margin, Infinity]
              : [-expectation.tolerance, expectation.tolerance],
          outcome
        }
      ]
    })
  )

const forestPlots = ({ answers }: Reproduction): string =>
  answers
    .map((answer) => {
      const title = `${answer.number}. ${answer.claim} – ${answer.verdict}`
      const inNats = answer.parts.some(({ checks }) =>
        checks.some(({ check }) => check.unit === "nats")
      )
      return plotHtml(title, forestPlot(forestRows(answer), title, !inNats))
    })
    .join("")

const list = (lines: ReadonlyArray<string>): string =>
  `<ul>${lines.map((line) => `<li>${escapeHtml(line)}</li>`).join("")}</ul>`

/** The whole page. */
export const renderHtml = (reproduction: Reproduction, facts: ReportFacts): string => {
  const introduction = reportIntroduction(reproduction, facts)
  const [answers, ...sections] = reportSections(reproduction)
  const sectionHtml = ({ tables, text, title }: NonNullable<typeof answers>): string =>
    `<section><h2>${escapeHtml(title)}</h2><p>${escapeHtml(text)}</p>${tables.map(tableHtml).join("")}</section>`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(introduction.title)}</title>
<style>${pageStyle}</style>
</head>
<body><main>
<h1>${escapeHtml(introduction.title)}</h1>
<dl>${introduction.facts.map(([name, value]) => `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd></div>`).join("")}</dl>
${introduction.paragraphs.map((paragraph) => `<p>${escapeHtml(paragraph)}</p>`).join("")}
${answers === undefined ? "" : sectionHtml(answers)}
<section><h2>The checks at a glance</h2><p>Each line is a 95 % interval, the grey bar behind it what was expected; in points, or nats per turn for finding 5. “math→code” was trained on math and measured on code.</p>${forestPlots(reproduction)}</section>
<section><h2>Success by turn</h2><p>Bands are 95 % intervals; training has at most ${reproduction.settings.horizon} turns; * marks the variants of this project.</p><div class="plots">${successPlots(reproduction)}</div></section>
<section><h2>Loss on the correct answer</h2><div class="plots">${lossPlots(reproduction)}</div></section>
${sections.map(sectionHtml).join("\n")}
<section><h2>Deviations from the paper</h2>${list(introduction.deviations)}<p>Variants of this project:</p>${list(introduction.variants)}</section>
</main></body>
</html>
`
}
