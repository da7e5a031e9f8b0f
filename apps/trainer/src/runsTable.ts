/** What `sml runs` prints for people; every text of unknown origin is made fit for a terminal. */
import type { MetricsLine, RecordedEpisode, RunSummary } from "@sml/run-store"

import { jsonText } from "./jsonText.ts"
import { recentMean } from "./runsStore.ts"
import { safeText } from "./safeText.ts"
import { isWallClock } from "./StepRecord.ts"
import { textColumns } from "./textColumns.ts"

const shown = (value: number | undefined): string =>
  value === undefined ? "-" : String(Number(value.toPrecision(4)))

/** One line a run. */
export const renderRuns = (runs: ReadonlyArray<RunSummary>): string =>
  runs.length === 0
    ? "no runs"
    : textColumns([
        ["run", "status", "steps", "folder"],
        ...runs.map(({ directory, id, status, steps }) => [
          safeText(id),
          status,
          String(steps),
          safeText(directory)
        ])
      ])

const numberOf = (value: unknown) => (typeof value === "number" ? value : undefined)

const namesOf = (lines: ReadonlyArray<MetricsLine>): ReadonlyArray<string> => [
  ...new Set(lines.flatMap((line) => Object.keys(line).filter((name) => name !== "step")))
]

/** All that is known of a run, without its dialogues. */
export const renderRun = (
  run: RunSummary,
  metrics: ReadonlyArray<MetricsLine>,
  checkpoints: ReadonlyArray<number>
): string =>
  [
    textColumns([
      ["run", safeText(run.id)],
      ["status", run.status],
      ["folder", safeText(run.directory)],
      ["steps", String(run.steps)],
      ["checkpoints", checkpoints.length === 0 ? "none" : checkpoints.join(", ")],
      ["seeds", jsonText(run.seeds)],
      ["versions", jsonText(run.versions)],
      ["machine", jsonText(run.machine)],
      ["configuration", jsonText(run.config)]
    ]),
    ...(metrics.length === 0
      ? []
      : [
          "",
          textColumns([
            ["metric", "first", "last", "mean of the last 10"],
            ...namesOf(metrics).map((name) => {
              const [first] = metrics
              return [
                safeText(name),
                shown(numberOf(first?.[name])),
                shown(numberOf(metrics.at(-1)?.[name])),
                shown(recentMean(metrics, name))
              ]
            })
          ])
        ])
  ].join("\n")

const verdictText = (line: RecordedEpisode, turn: number): string => {
  const verdict = line.episode.state.verdicts[turn]
  if (verdict === undefined) return ""
  if (verdict._tag === "NoAttempt") return " (no attempt)"
  return verdict.correct ? " (correct)" : " (wrong)"
}

/** Dialogues as they were held. */
export const renderEpisodes = (episodes: ReadonlyArray<RecordedEpisode>): string =>
  episodes
    .map((line) => {
      const { advantage, episode, phase } = line
      const worth = advantage === undefined ? "" : `, advantage ${shown(advantage)}`
      let spoken = 0
      return [
        `${safeText(phase)} ${safeText(episode.state.episode)}: ${episode.stop}, reward ${episode.reward}${worth}`,
        ...episode.state.history.map(
          ({ role, text }) =>
            `  ${role}: ${safeText(text)}${role === "student" ? verdictText(line, spoken++) : ""}`
        )
      ].join("\n")
    })
    .join("\n\n")

/** A setting that two runs have different values of; its path, as `lora.rank`. */
interface Difference {
  readonly path: string
  readonly left: unknown
  readonly right: unknown
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const differences = (left: unknown, right: unknown, path = ""): ReadonlyArray<Difference> => {
  if (isRecord(left) && isRecord(right)) {
    return [...new Set([...Object.keys(left), ...Object.keys(right)])].flatMap((key) =>
      differences(left[key], right[key], path === "" ? key : `${path}.${key}`)
    )
  }
  return JSON.stringify(left) === JSON.stringify(right) ? [] : [{ path, left, right }]
}

/** What tells two runs apart. */
export interface Comparison {
  readonly settings: ReadonlyArray<Difference>
  /** The first step whose numbers differ, clocks aside; `null` where the runs are the same. */
  readonly firstDifference: number | null
  /** Means over the last ten steps, by metric. */
  readonly metrics: Readonly<
    Record<string, { readonly left: number | null; readonly right: number | null }>
  >
}

/** A run and its lines. */
export interface Measured {
  readonly run: RunSummary
  readonly metrics: ReadonlyArray<MetricsLine>
}

const withoutClocks = (line: MetricsLine | undefined): unknown =>
  line === undefined ? undefined : Object.entries(line).filter(([name]) => !isWallClock(name))

/** Compares settings and measurements. */
export const compareRuns = (left: Measured, right: Measured): Comparison => {
  const steps = Math.max(left.metrics.length, right.metrics.length)
  const first = Array.from({ length: steps }, (_, index) => index).find(
    (index) =>
      differences(withoutClocks(left.metrics[index]), withoutClocks(right.metrics[index])).length >
      0
  )
  const lines = first === undefined ? undefined : (left.metrics[first] ?? right.metrics[first])
  return {
    settings: differences(left.run.config, right.run.config),
    firstDifference: lines?.step ?? null,
    metrics: Object.fromEntries(
      namesOf([...left.metrics, ...right.metrics]).map((name) => [
        name,
        {
          left: recentMean(left.metrics, name) ?? null,
          right: recentMean(right.metrics, name) ?? null
        }
      ])
    )
  }
}

/** The comparison for people. */
export const renderComparison = (
  { firstDifference, metrics, settings }: Comparison,
  left: string,
  right: string
): string =>
  [
    firstDifference === null
      ? "the same numbers in every step"
      : `the numbers differ from step ${firstDifference} on`,
    "",
    textColumns([
      ["", safeText(left), safeText(right)],
      ...settings.map((each) => [
        safeText(each.path),
        each.left === undefined ? "-" : jsonText(each.left),
        each.right === undefined ? "-" : jsonText(each.right)
      ]),
      ...Object.entries(metrics).map(([name, mean]) => [
        safeText(name),
        shown(mean.left ?? undefined),
        shown(mean.right ?? undefined)
      ])
    ])
  ].join("\n")
