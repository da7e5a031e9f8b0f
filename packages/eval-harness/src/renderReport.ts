/** A training run as one HTML file. */
import { dialoguesHtml } from "./internal/dialoguesHtml.ts"
import type { Html } from "./internal/html.ts"
import { html } from "./internal/html.ts"
import { factsHtml, pageHtml } from "./internal/pageHtml.ts"
import { hue } from "./internal/palette.ts"
import { cardsHtml, everythingHtml, leadHtml, tablesHtml } from "./internal/resultsHtml.ts"
import { turnPlotsHtml } from "./internal/turnPlots.ts"
import { inlineCurve, smoothingWindow, standardCurves } from "./learningCurveSvg.ts"
import type { Report, StepMetrics } from "./Report.ts"

const curvesHtml = (steps: ReadonlyArray<StepMetrics>): Html | undefined => {
  const curves = standardCurves(steps)
  if (curves.length === 0) return undefined
  const window = smoothingWindow(steps.length)
  return html`<h2>Learning curves</h2>
    <p class="note">
      Measured while training, on training tasks, over ${steps.length}
      steps.${window === 1 ? "" : ` Thin: every step. Bold: mean of the last ${window} steps.`}
    </p>
    <div class="plots">
      ${curves.map(
        (curve) =>
          html`<figure>
            <div class="name">${curve.title}</div>
            ${inlineCurve(steps, curve)}
          </figure>`
      )}
    </div>`
}

const profileHtml = (profile: Readonly<Record<string, number>>): Html | undefined => {
  const parts = Object.entries(profile).filter(([, seconds]) => seconds > 0)
  const total = parts.reduce((sum, [, seconds]) => sum + seconds, 0)
  if (total === 0) return undefined
  const share = (seconds: number) => ((100 * seconds) / total).toFixed(1)
  return html`<h2>Where the time goes</h2>
    <div class="shares" role="img" aria-label="Shares of the training time">
      ${parts.map(
        ([, seconds], index) =>
          html`<span style="flex: ${share(seconds)} 1 0; background: ${hue(index)}"></span>`
      )}
    </div>
    <ul class="legend">
      ${parts.map(
        ([name, seconds], index) =>
          html`<li>
            <i style="background: ${hue(index)}"></i>${name} <b>${share(seconds)} %</b>
            <small>${seconds.toFixed(1)} s</small>
          </li>`
      )}
    </ul>`
}

/**
 * A self-contained HTML page: the before/after tables with intervals and n, success by turn, learning
 * curves, where the time went, readable dialogues and the configuration. It has no script and loads
 * nothing (its content security policy forbids it); every text of a student or teacher is escaped.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { renderReport } from "@sml/eval-harness/renderReport"
 *
 * const page = renderReport({
 *   title: "A training run",
 *   results: {
 *     before: { math: { "success@4": { value: 0.48, low: 0.42, high: 0.54, n: 300 } } },
 *     after: { math: { "success@4": { value: 0.68, low: 0.62, high: 0.73, n: 300 } } },
 *     seconds: {}
 *   },
 *   steps: [{ step: 1, reward: 0.4 }, { step: 2, reward: 0.5 }],
 *   profile: { rollout: 12, verification: 1, gradient: 14 },
 *   config: { steps: 2 },
 *   dialogues: []
 * })
 * assert.match(page, /^<!doctype html>/)
 * ```
 */
export const renderReport = (report: Report): string =>
  pageHtml(
    report.title,
    html`<header>
        <h1>${report.title}</h1>
        ${leadHtml(report.results)}
        ${report.facts === undefined ? undefined : factsHtml(report.facts)}
        ${cardsHtml(report.results)}
      </header>
      <section>
        <h2>Before and after</h2>
        <p class="note">
          On held-out tasks. Value, 95 % interval, n. Change in points; * where the two intervals do
          not meet.
        </p>
        ${tablesHtml(report.results)} ${everythingHtml(report.results)}
      </section>
      <section>
        <h2>Success by turn</h2>
        <p class="note">
          Share of held-out tasks solved by each turn, with 95 % bands. Under content-free feedback
          the teacher says only that an answer is wrong: what is gained there is not gained by
          reading feedback.
        </p>
        ${turnPlotsHtml(report.results, report.trainedTurns)}
      </section>
      <section>${curvesHtml(report.steps)}</section>
      <section>${profileHtml(report.profile)}</section>
      ${report.dialogues.map((set) => html`<section>${dialoguesHtml(set)}</section>`)}
      <section>
        <h2>Configuration</h2>
        <pre>${JSON.stringify(report.config, undefined, 2)}</pre>
      </section>
      <footer class="note">
        Rates per dialogue have Wilson intervals; everything else is bootstrapped over tasks. n
        counts dialogues, turns or transitions, whichever the number is a share of. Dialogues that a
        failure broke off are counted and left out.
      </footer>`
  )
