/** What a soak has shown, from what was seen of its processes. */

/** A look at a process. `seconds` counts from its start; `memory` is resident, in bytes. */
export interface Sample {
  readonly seconds: number
  readonly memory: number
  readonly handles: number
  readonly threads: number
}

/** One process of the run: how it ended, whether it should have, and what was seen of it. */
export interface Segment {
  readonly end: string
  readonly expected: boolean
  readonly seconds: number
  readonly samples: ReadonlyArray<Sample>
  /** The longest time without a new row, in seconds. */
  readonly longestGap: number
}

/** Seconds without a new row that count as a hang; the start of a process takes some of them. */
const HANG = 90

/** The first part of a process's time, in which memory grows to what the work needs. */
const WARM_UP = 0.25

/** How much memory may grow after that. */
const GROWTH = 0.05

/** How many handles (files, pipes, sockets) and threads more may be there in the end. */
const MORE = 2

const median = (numbers: ReadonlyArray<number>): number =>
  numbers.toSorted((left, right) => left - right)[Math.floor(numbers.length / 2)] ?? Number.NaN

/**
 * The medians of something in the fifth after a process's warm-up and in its last fifth. Nothing when
 * there are fewer than ten looks after the warm-up.
 */
export const firstAndLast = (
  { samples, seconds }: Pick<Segment, "samples" | "seconds">,
  what: "memory" | "handles" | "threads"
): Pair => {
  const values = samples
    .filter((sample) => sample.seconds >= WARM_UP * seconds)
    .map((sample) => sample[what])
  if (values.length < 10) return undefined
  const fifth = Math.floor(values.length / 5)
  return { first: median(values.slice(0, fifth)), last: median(values.slice(-fifth)) }
}

/** Steps that have no row, and rows of steps that have one already. */
export const rowFaults = (steps: ReadonlyArray<number>) => {
  const seen = new Set(steps)
  const last = steps.reduce((most, step) => Math.max(most, step), 0)
  return { lost: last - seen.size, twice: steps.length - seen.size }
}

/** Everything that a soak measures, and what of it is not as it should be. */
export const soakReport = (
  segments: ReadonlyArray<Segment>,
  rows: { readonly steps: ReadonlyArray<number>; readonly damaged: number }
) => {
  const processes = segments.map((segment) => ({
    end: segment.end,
    expected: segment.expected,
    seconds: segment.seconds,
    longestGap: segment.longestGap,
    memory: firstAndLast(segment, "memory"),
    handles: firstAndLast(segment, "handles"),
    threads: firstAndLast(segment, "threads")
  }))
  const { lost, twice } = rowFaults(rows.steps)
  const hangs = processes.filter(({ longestGap }) => longestGap > HANG).length
  const failures = [
    ...processes.flatMap(({ end, expected, handles, memory, threads }, index) => {
      const name = `process ${index + 1}`
      return [
        ...(expected ? [] : [`${name} ended ${end}`]),
        ...(memory !== undefined && memory.last > memory.first * (1 + GROWTH)
          ? [`${name}: memory grew by more than ${100 * GROWTH} %`]
          : []),
        ...(handles !== undefined && handles.last > handles.first + MORE
          ? [`${name}: handles grew`]
          : []),
        ...(threads !== undefined && threads.last > threads.first + MORE
          ? [`${name}: threads grew`]
          : [])
      ]
    }),
    ...(rows.steps.length === 0 ? ["no step was finished"] : []),
    ...(lost === 0 ? [] : [`${lost} rows are lost`]),
    ...(twice === 0 ? [] : [`${twice} rows are there twice`]),
    ...(rows.damaged === 0 ? [] : [`${rows.damaged} rows are damaged`]),
    ...(hangs === 0 ? [] : [`${hangs} processes hung`])
  ]
  return {
    steps: rows.steps.length,
    lost,
    twice,
    damaged: rows.damaged,
    hangs,
    processes,
    failures
  }
}

const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0)

type Pair = { readonly first: number; readonly last: number } | undefined

const between = (pair: Pair, shown: (value: number) => string): string =>
  pair === undefined ? "too short" : `${shown(pair.first)} → ${shown(pair.last)}`

const growth = (pair: Pair): string =>
  pair === undefined ? "" : ` (${((100 * (pair.last - pair.first)) / pair.first).toFixed(1)} %)`

/** The report as a page. */
export const renderSoak = (report: ReturnType<typeof soakReport>): string => {
  return [
    "# Soak",
    "",
    "Written by `pnpm soak`; do not edit. Training with a teacher that fails in 1 % of its replies, a",
    "verifier that crashes in 1 % of its checks, random delays in both, and a process that is killed and",
    "resumed. Memory, handles and threads: medians of the fifth after the warm-up and of the last fifth of",
    "each process's time.",
    "",
    `${report.steps} steps; rows lost: ${report.lost}, twice: ${report.twice}, damaged: ${report.damaged}; hangs: ${report.hangs}.`,
    "",
    "| process | ended by | seconds | memory, MiB | handles | threads | longest time without a row, s |",
    "| ------- | -------- | ------- | ----------- | ------- | ------- | ----------------------------- |",
    ...report.processes.map(
      ({ end, handles, longestGap, memory, seconds, threads }, index) =>
        `| ${index + 1} | ${end} | ${seconds.toFixed(0)} | ${between(memory, mebibytes)}${growth(memory)} | ${between(handles, String)} | ${between(threads, String)} | ${longestGap.toFixed(0)} |`
    ),
    "",
    report.failures.length === 0
      ? "Everything is within its bounds."
      : `Not within its bounds: ${report.failures.join("; ")}.`,
    ""
  ].join("\n")
}
