/** An evaluation as one HTML file. */
import type { Evaluation } from "./Evaluation.ts"
import type { DialogueRecord } from "./EvaluationStore.ts"
import type { Html } from "./internal/html.ts"
import { html } from "./internal/html.ts"
import { factsHtml, pageHtml } from "./internal/pageHtml.ts"
import { hue } from "./internal/palette.ts"
import { recordsHtml } from "./internal/recordsHtml.ts"
import type { Point } from "./internal/seriesPlot.ts"
import { seriesPlot } from "./internal/seriesPlot.ts"
import { strategyTableHtml } from "./internal/strategyTable.ts"
import { conditionTitle, formatValue, metricKey, metricText } from "./MetricText.ts"
import { comparisonText, mainMetrics } from "./renderEvaluationTable.ts"
import { tableRows } from "./renderTable.ts"
import type { Summary } from "./Summary.ts"

/** Settings of {@link renderEvaluation}. */
export interface RenderEvaluationOptions {
  /** Default: the protocol's name. */
  readonly title?: string
  /** Short facts under the title: the model, the teacher, the machine, the time. */
  readonly facts?: Readonly<Record<string, string>>
  /** Dialogues shown of each condition and outcome; default 3. */
  readonly shown?: number
}

const curveOf = (summary: Summary, condition: string, horizon: number) =>
  Array.from({ length: horizon }, (_, index) => index + 1).flatMap((turn) => {
    const estimate = summary[metricKey(condition, `success@${turn}`)]
    if (estimate === undefined) return []
    const { high, low, n, value } = estimate
    const point: Point = { x: turn, y: value, low, high }
    return [{ point, n }]
  })

const curvesHtml = ({ results, settings }: Evaluation): ReadonlyArray<Html | undefined> =>
  Object.entries(results).map(([domain, summary]) => {
    const curves = settings.protocol.conditions
      .map(({ horizon, name }) => ({ name, curve: curveOf(summary, name, horizon) }))
      .filter(({ curve }) => curve.length > 1)
    const longest = Math.max(0, ...curves.map(({ curve }) => curve.length))
    if (longest === 0) return undefined
    const series = curves.map(({ curve, name }, index) => ({
      label: `${name} ${formatValue(curve.at(-1)?.point.y ?? 0, "rate")}`,
      colour: hue(index),
      points: curve.map(({ point }) => point)
    }))
    return html`<figure>
      <div class="name">${domain}</div>
      ${seriesPlot(series, {
        title: `Success by turn: ${domain}`,
        xLabel: "student turns",
        width: 700,
        height: 320,
        isRate: true,
        yDomain: [0, 1],
        xTicks: Array.from({ length: longest }, (_, index) => index + 1),
        dots: true
      })}
      <figcaption>
        ${curves.map(({ curve, name }) => `${name}: n = ${curve[0]?.n ?? 0} dialogues`).join("; ")}
      </figcaption>
    </figure>`
  })

const tableHtml = (domain: string, summary: Summary, metrics: ReadonlyArray<string>): Html =>
  html`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th scope="col">${domain}</th>
          <th scope="col" class="number">value</th>
          <th scope="col" class="number">95 % interval</th>
          <th scope="col" class="number">n</th>
        </tr>
      </thead>
      ${tableRows([summary], metrics).map(
        ([condition, rows]) =>
          html`<tbody>
            <tr>
              <th scope="rowgroup" colspan="4">${conditionTitle(condition)}</th>
            </tr>
            ${rows.map(({ key, text }) => {
              const estimate = summary[key]
              return estimate === undefined
                ? undefined
                : html`<tr>
                    <th scope="row">${text.title}</th>
                    <td class="number"><b>${formatValue(estimate.value, text.unit)}</b></td>
                    <td class="number">
                      ${formatValue(estimate.low, text.unit)} –
                      ${formatValue(estimate.high, text.unit)}
                    </td>
                    <td class="number">${estimate.n}</td>
                  </tr>`
            })}
          </tbody>`
      )}
    </table>
  </div>`

const everythingHtml = ({ results }: Evaluation): Html => {
  const names = [
    ...new Set(
      Object.values(results)
        .flatMap((summary) => Object.keys(summary))
        .map((key) => metricText(key).name)
    )
  ]
  return html`<details>
    <summary>Every metric, and what it means</summary>
    ${Object.entries(results).map(([domain, summary]) => tableHtml(domain, summary, names))}
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

const textOf = (value: unknown): string =>
  typeof value === "string" ? value : JSON.stringify(value)

const remarksHtml = (evaluation: Evaluation): ReadonlyArray<Html> => {
  const { damagedLines, dialogues, failures, notPlayed } = evaluation
  return [
    ...(failures.length === 0
      ? []
      : [
          html`<p>
            ${failures.length} of ${dialogues} dialogues were broken off by a failure and are left
            out of every number but their count. The first: ${failures[0]?.reason}
          </p>`
        ]),
    ...Object.entries(notPlayed).map(
      ([condition, tasks]) =>
        html`<p>${condition}: ${tasks} tasks could not be told in this way.</p>`
    ),
    ...(damagedLines === 0
      ? []
      : [html`<p>${damagedLines} damaged lines of the transcripts were passed over.</p>`])
  ]
}

/**
 * A self-contained page: the main numbers with intervals and n, success by turn, the comparisons, what
 * the student does at each turn, and dialogues with every turn labelled. It has no script and loads
 * nothing; whatever a student, a teacher or a server said is escaped.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { protocols } from "@sml/eval-harness"
 * import { renderEvaluation } from "@sml/eval-harness/renderEvaluation"
 *
 * const page = renderEvaluation(
 *   {
 *     settings: {
 *       version: 1,
 *       protocol: protocols.feedback({ turns: 2, levels: ["binary"] }),
 *       model: "a student",
 *       teacher: null,
 *       seed: 0,
 *       tasks: { count: 100, hash: "" }
 *     },
 *     results: { math: { "binary/success@1": { value: 0.48, low: 0.38, high: 0.58, n: 100 } } },
 *     comparisons: [],
 *     dialogues: 100,
 *     failures: [],
 *     notPlayed: {},
 *     damagedLines: 0
 *   },
 *   []
 * )
 * assert.match(page, /^<!doctype html>/)
 * ```
 */
export const renderEvaluation = (
  evaluation: Evaluation,
  records: ReadonlyArray<DialogueRecord>,
  options: RenderEvaluationOptions = {}
): string => {
  const { comparisons, dialogues, results, settings } = evaluation
  const { protocol } = settings
  const title = options.title ?? `Evaluation: ${protocol.name}`
  const facts = {
    protocol: protocol.name,
    model: textOf(settings.model),
    teacher: textOf(settings.teacher),
    tasks: `${settings.tasks.count}`,
    dialogues: `${dialogues}`,
    seed: `${settings.seed}`,
    ...options.facts
  }
  const metrics = mainMetrics(evaluation)
  const groups = protocol.conditions.flatMap(({ name }) =>
    Object.keys(results).flatMap((domain) => {
      const some = records.filter((each) => each.condition === name && each.domain === domain)
      return some.length === 0 ? [] : [{ heading: `${domain}, ${conditionTitle(name)}`, some }]
    })
  )
  return pageHtml(
    title,
    html`<header>
        <h1>${title}</h1>
        ${factsHtml(facts)}
      </header>
      <section>
        <h2>Results</h2>
        <p class="note">Value, 95 % interval, n.</p>
        ${Object.entries(results).map(([domain, summary]) => tableHtml(domain, summary, metrics))}
        ${remarksHtml(evaluation)} ${everythingHtml(evaluation)}
      </section>
      <section>
        <h2>Success by turn</h2>
        <p class="note">Share of dialogues solved by each turn, with 95 % bands.</p>
        ${curvesHtml(evaluation)}
      </section>
      ${
        comparisons.length === 0
          ? undefined
          : html`<section>
              <h2>Comparisons</h2>
              <p class="note">
                The same tasks under two conditions; difference with its 95 % interval, paired
                permutation test.
              </p>
              <ul>
                ${comparisons.map((each) => html`<li>${comparisonText(each)}</li>`)}
              </ul>
            </section>`
      }
      <section>
        <h2>What the student does, by turn</h2>
        ${groups.map(
          ({ heading, some }) =>
            html`<h3>${heading}</h3>
              ${strategyTableHtml(some)}`
        )}
      </section>
      ${groups.map(
        ({ heading, some }) =>
          html`<section>
            <h2>Dialogues: ${heading}</h2>
            ${recordsHtml(some, options.shown ?? 3)}
          </section>`
      )}
      <section>
        <h2>Settings</h2>
        <pre>${JSON.stringify(settings, undefined, 2)}</pre>
      </section>
      <footer class="note">
        Rates per dialogue of tasks played once have Wilson intervals; everything else is
        bootstrapped over tasks. n counts dialogues, turns, tasks or transitions, whichever the
        number is a share of.
      </footer>`
  )
}
