/** The first words of the report. */
import { clockTime } from "../formatting.ts"
import { leastSeeds } from "./decide.ts"
import { deviations } from "./deviations.ts"
import { methods } from "./methods.ts"
import type { ReportFacts } from "./ReportFacts.ts"
import type { Reproduction } from "./Reproduction.ts"

/** Title, facts by name, paragraphs, and the lists of deviations and variants. */
export interface Introduction {
  readonly title: string
  readonly facts: ReadonlyArray<readonly [name: string, value: string]>
  readonly paragraphs: ReadonlyArray<string>
  readonly deviations: ReadonlyArray<string>
  readonly variants: ReadonlyArray<string>
}

/** What stands above the tables. */
export const reportIntroduction = (
  { cells, results, seeds, settings }: Reproduction,
  facts: ReportFacts
): Introduction => ({
  title: facts.quick
    ? "The paper's comparisons, in short (sml reproduce --quick)"
    : "The paper's comparisons on the embedded student",
  facts: [
    ["date", facts.date],
    ...facts.runs.map(
      ({ command, date, finished, jobs, machine, seconds: took, threads }) =>
        [
          "command",
          `${command} (${date}, ${machine}): ${finished} cells in ${clockTime(took)}, ${jobs} at a time on ${threads} thread(s) each`
        ] as const
    ),
    [
      "cells",
      `${results.length} of ${cells.length} finished, which took ${clockTime(results.reduce((sum, { seconds: took }) => sum + (took["total"] ?? 0), 0))} if added up`
    ],
    ["seeds compared", seeds.length === 0 ? "none is whole yet" : seeds.join(", ")],
    [
      "settings",
      `${settings.steps} steps of ${settings.tasks} tasks × ${settings.group} dialogues (single-turn: × ${settings.singleTurnGroup}), ${settings.horizon} turns, γ ${settings.discount}; offline ${settings.sftTasks} tasks × ${settings.sftSamples} dialogues, ${settings.epochs} epochs; ${settings.evalTasks} held-out tasks per seed, domain and kind of feedback, ${settings.evalHorizon} turns`
    ],
    ["student", `embedded, sha256 ${settings.checkpoint.slice(0, 16)}…`]
  ],
  paragraphs: [
    "Every student starts from the same weights, learns by one method in one domain, and is then measured in both on held-out tasks. With a seed, all students meet the same tasks with the same luck. Intervals are 95 %: the percentile bootstrap over seeds and, within each, tasks.",
    ...(facts.quick
      ? [
          `This is the short run: fewer steps, tasks and seeds. It shows directions and that everything works; with fewer than ${leastSeeds} seeds no finding is answered.`
        ]
      : [])
  ],
  deviations: deviations(settings),
  variants: Object.values(methods).flatMap(({ deviation, title }) =>
    deviation === undefined ? [] : [`${title}: ${deviation}.`]
  )
})
