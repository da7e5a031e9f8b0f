/** What `sml eval --suite` can measure. */
import { existsSync } from "node:fs"

import type { protocols } from "@sml/eval-harness"
import type { DatasetFormat, TaskMapping } from "@sml/tasks"
import { createTasks, generators, loadTasks, readTasks } from "@sml/tasks"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/** A protocol's name. */
export type ProtocolName = keyof typeof protocols

/** A data set in a published format, and the protocol that it is for. */
interface DataSuite {
  /** Absent: found from the names in the first record. */
  readonly format?: DatasetFormat
  readonly protocol: ProtocolName
  readonly description: string
}

/** Suites over files. */
export const dataSuites = {
  gsm8k: { format: "gsm8k", protocol: "feedback", description: "GSM8K with feedback" },
  svamp: { format: "svamp", protocol: "feedback", description: "SVAMP with feedback" },
  math500: { format: "math", protocol: "feedback", description: "MATH-500 with feedback" },
  humaneval: { format: "humaneval", protocol: "feedback", description: "HumanEval with feedback" },
  mbpp: { format: "mbpp", protocol: "feedback", description: "MBPP with feedback" },
  livecodebench: {
    format: "livecodebench",
    protocol: "feedback",
    description: "LiveCodeBench with feedback"
  },
  apps: { format: "apps", protocol: "feedback", description: "APPS with feedback" },
  mint: { format: "mint", protocol: "feedback", description: "MINT's tasks with feedback" },
  "word-problems": {
    format: "word-problems",
    protocol: "feedback",
    description: "GSM-Hard and MAWPS with feedback"
  },
  data: { protocol: "feedback", description: "any other file, with --mapping if need be" },
  sharded: {
    format: "lost-in-conversation",
    protocol: "sharded",
    description: "statements told piece by piece (Lost in Conversation)"
  },
  "missing-premise": {
    format: "missing-premise",
    protocol: "missing-premise",
    description: "questions that lack a premise: abstain, ask or hallucinate"
  },
  in3: {
    format: "in3",
    protocol: "missing-premise",
    description: "requests that leave something open: ask, or go ahead (IN3)"
  }
} as const satisfies Record<string, DataSuite>

/** The suite is not known, or its tasks cannot be had. */
export class SuiteError extends Schema.TaggedError<SuiteError>()("SuiteError", {
  reason: Schema.String
}) {
  override get message(): string {
    return this.reason
  }
}

const isDataSuite = (name: string): name is keyof typeof dataSuites =>
  Object.hasOwn(dataSuites, name)

const isGenerator = (name: string): boolean => generators.some((each) => each.name === name)

/** Where a suite's tasks come from: a file, a name on the hub, or a generator. */
export interface SuiteSource {
  readonly suite: string
  readonly data: string | undefined
  readonly split: string | undefined
  readonly mapping: TaskMapping | undefined
  readonly limit: number
  readonly difficulty: number | undefined
  readonly seed: number
}

/** The tasks of a suite and the protocol that it is for. */
export const suiteTasks = Effect.fn("sml.suiteTasks")(function* (source: SuiteSource) {
  const { data, difficulty, limit, mapping, seed, split, suite } = source
  if (mapping !== undefined && suite !== "data") {
    return yield* new SuiteError({
      reason: `--mapping is for the suite data, and ${suite} has a format of its own; leave it out.`
    })
  }
  if (isDataSuite(suite)) {
    const found: DataSuite = dataSuites[suite]
    const { protocol } = found
    const how =
      mapping === undefined
        ? found.format === undefined
          ? {}
          : { format: found.format }
        : { mapping }
    if (data === undefined) {
      return yield* new SuiteError({
        reason: `The suite ${suite} needs its tasks: give --data with a file, or with owner/name on the Hugging Face hub.`
      })
    }
    if (difficulty !== undefined) {
      return yield* new SuiteError({
        reason: `--difficulty is for generated suites, and ${suite} reads its tasks from --data; leave it out.`
      })
    }
    const isHubName = /^[\w.-]+\/[\w.-]+$/.test(data) && !existsSync(data)
    if (!isHubName && split !== undefined) {
      return yield* new SuiteError({
        reason: `--split chooses among the files of a data set on the hub, and ${data} is a file; leave it out.`
      })
    }
    const tasks = yield* isHubName
      ? loadTasks(data, { ...how, limit, ...(split === undefined ? {} : { split }) })
      : readTasks({ path: data, ...how, limit })
    return { tasks, protocol }
  }
  if (isGenerator(suite)) {
    if (data !== undefined || split !== undefined) {
      return yield* new SuiteError({
        reason: `The suite ${suite} generates its tasks; leave --data and --split out.`
      })
    }
    const tasks = yield* Effect.try({
      try: () =>
        createTasks(suite, {
          // drawn with replacement: some more, for the different ones among them
          size: limit * 4,
          seed,
          split: "test",
          ...(difficulty === undefined ? {} : { difficulty })
        }),
      catch: (error) =>
        new SuiteError({ reason: error instanceof Error ? error.message : String(error) })
    })
    const different = [...new Map(tasks.map((task) => [task.id, task])).values()].slice(0, limit)
    return { tasks: different, protocol: "feedback" as const }
  }
  const known = [...Object.keys(dataSuites), ...generators.map(({ name }) => name)].join(", ")
  return yield* new SuiteError({ reason: `There is no suite ${suite}; choose one of ${known}.` })
})
