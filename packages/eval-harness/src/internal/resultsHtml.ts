/** The results of a report: the sentence, the cards and the tables. */
import type { BeforeAfter } from "../BeforeAfter.ts"
import type { Estimate } from "../Estimate.ts"
import { isDisjoint } from "../Estimate.ts"
import type { MetricText } from "../MetricText.ts"
import { conditionTitle, formatChange, formatValue, metricText } from "../MetricText.ts"
import { tableRows } from "../renderTable.ts"
import type { Summary } from "../Summary.ts"
import type { Html } from "./html.ts"
import { html } from "./html.ts"

/** The domains of the results, in order. */
export const domainsOf = ({ after, before }: BeforeAfter): ReadonlyArray<string> => [
  ...new Set([...Object.keys(before), ...Object.keys(after)])
]

/** What is said about two intervals. */
const verdict = (before: Estimate, after: Estimate): string =>
  isDisjoint(before, after) ? "the 95 % intervals do not meet" : "the 95 % intervals overlap"

/** The largest measured `success@k` with `k` up to 4, the turns of training. */
const mainKey = (summary: Summary): string | undefined =>
  ["success@4", "success@3", "success@2", "success@1"].find((key) => summary[key] !== undefined)

/** What came out, in one or two sentences without judgement. */
export const leadHtml = (results: BeforeAfter): Html => {
  const domain = domainsOf(results)[0] ?? ""
  const before = results.before[domain] ?? {}
  const after = results.after[domain] ?? {}
  const key = mainKey(after) ?? ""
  const [one, two] = [before[key], after[key]]
  if (one === undefined || two === undefined) return html``
  const turns = key.slice("success@".length)
  const control = after[`content-free/${key}`]
  const within = turns === "1" ? "at the first turn" : `within ${turns} turns`
  return html`<p class="lead">
    Held-out ${domain} tasks solved ${within}: <b>${formatValue(one.value, "rate")}</b> before,
    <b>${formatValue(two.value, "rate")}</b> after (${formatChange(two.value - one.value, "rate")}
    points; ${verdict(one, two)}; n = ${one.n} and ${two.n}).
    ${
      control === undefined
        ? undefined
        : html`When the teacher says only that an answer is wrong, the trained student reaches
            <b>${formatValue(control.value, "rate")}</b>
            (${formatChange(control.value - two.value, "rate")} points; ${verdict(control, two)}; n
            = ${control.n}).`
    }
  </p>`
}

const brackets = ({ high, low }: Estimate, { unit }: MetricText): string =>
  `[${formatValue(low, unit).replace("%", "")}, ${formatValue(high, unit).replace("%", "")}]`

/** Large numbers for the first domain. */
export const cardsHtml = (results: BeforeAfter): Html | undefined => {
  const domain = domainsOf(results)[0] ?? ""
  const cards = ["success@1", "success@4", "success@10", "fix"].flatMap((key) => {
    const one = results.before[domain]?.[key]
    const two = results.after[domain]?.[key]
    if (one === undefined || two === undefined) return []
    const text = metricText(key)
    return [
      html`<div class="card">
        <div class="name">${text.title}</div>
        <div class="numbers">
          <span class="from">${formatValue(one.value, text.unit)}</span><span class="arrow">→</span
          ><span class="to">${formatValue(two.value, text.unit)}</span>
        </div>
        <div class="change">${formatChange(two.value - one.value, text.unit)} points</div>
        <div class="note">
          ${brackets(one, text)} → ${brackets(two, text)}<br />${
            isDisjoint(one, two) ? "intervals do not meet" : "intervals overlap"
          }<br />n = ${one.n} and ${two.n}
        </div>
      </div>`
    ]
  })
  return cards.length === 0
    ? undefined
    : html`<p class="note cards-of">${domain}, held-out tasks, before → after</p>
        <div class="cards">${cards}</div>`
}

const valueCell = (estimate: Estimate | undefined, text: MetricText): Html =>
  estimate === undefined
    ? html`<td class="value"><small>not measured</small></td>`
    : html`<td class="value">
        <b>${formatValue(estimate.value, text.unit)}</b><small>${brackets(estimate, text)}</small
        ><small>n ${estimate.n}</small>
      </td>`

const changeCell = (
  before: Estimate | undefined,
  after: Estimate | undefined,
  text: MetricText
) => {
  if (before === undefined || after === undefined) return html`<td class="change"></td>`
  const change = formatChange(after.value - before.value, text.unit)
  return isDisjoint(before, after)
    ? html`<td class="change disjoint">${change} *</td>`
    : html`<td class="change">${change}</td>`
}

/** Two intervals above each other on a common scale: hollow before, filled after. */
const rangeCell = (
  before: Estimate | undefined,
  after: Estimate | undefined,
  text: MetricText
): Html => {
  const both = [before, after].filter((each) => each !== undefined)
  const scale = text.unit === "rate" ? 1 : Math.max(1e-9, ...both.map(({ high }) => high))
  const x = (value: number) => (4 + (142 * value) / scale).toFixed(1)
  const mark = (estimate: Estimate | undefined, y: number, colour: string, fill: string) =>
    estimate === undefined
      ? undefined
      : html`<line
            x1="${x(estimate.low)}"
            x2="${x(estimate.high)}"
            y1="${y}"
            y2="${y}"
            stroke="${colour}"
            stroke-width="2"
          /><circle
            cx="${x(estimate.value)}"
            cy="${y}"
            r="3"
            stroke="${colour}"
            stroke-width="1.5"
            fill="${fill}"
          />`
  return html`<td class="range">
    <svg width="150" height="18" viewBox="0 0 150 18" style="overflow: visible" aria-hidden="true">
      <line x1="4" x2="146" y1="17.5" y2="17.5" stroke="var(--rule)" />
      ${mark(before, 4.5, "var(--before)", "var(--paper)")}${mark(after, 12, "var(--after)", "var(--after)")}
    </svg>
  </td>`
}

/** One domain's before/after table. */
const tableHtml = (results: BeforeAfter, domain: string, metrics?: ReadonlyArray<string>): Html => {
  const before = results.before[domain] ?? {}
  const after = results.after[domain] ?? {}
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th scope="col">${domain}</th>
          <th scope="col" class="number">before</th>
          <th scope="col" class="number">after</th>
          <th scope="col" class="number">change</th>
          <th scope="col">○ before ● after</th>
        </tr>
      </thead>
      ${tableRows([before, after], metrics).map(
        ([condition, rows]) =>
          html`<tbody>
            <tr>
              <th scope="rowgroup" colspan="5">${conditionTitle(condition)}</th>
            </tr>
            ${rows.map(
              ({ key, text }) =>
                html`<tr>
                  <th scope="row">${text.title}</th>
                  ${valueCell(before[key], text)}${valueCell(after[key], text)}${changeCell(before[key], after[key], text)}${rangeCell(before[key], after[key], text)}
                </tr> `
            )}
          </tbody>`
      )}
    </table>
  </div>`
}

/** The headline tables of all domains. */
export const tablesHtml = (results: BeforeAfter): Html =>
  html`${domainsOf(results).map((domain) => tableHtml(results, domain))}`

/** Every metric that was measured, and what each of them means. */
export const everythingHtml = (results: BeforeAfter): Html => {
  const keys = [results.before, results.after].flatMap((domains) =>
    Object.values(domains).flatMap((summary) => Object.keys(summary))
  )
  const names = [...new Set(keys.map((key) => metricText(key).name))]
  return html`<details>
    <summary>Every metric, and what it means</summary>
    ${domainsOf(results).map((domain) => tableHtml(results, domain, names))}
    <dl class="meanings">
      ${names.map((name) => {
        const { explanation, title } = metricText(name)
        return explanation === ""
          ? undefined
          : html`<dt>${title}</dt>
              <dd>${explanation}</dd>`
      })}
    </dl>
  </details>`
}
