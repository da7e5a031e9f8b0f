/** A file of a public data set → tasks. */
import { basename } from "node:path"

import type { Task } from "@sml/env-pomdp"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"

import { TaskSourceError } from "../TaskSourceError.ts"
import { DatasetFormat } from "./DatasetFormat.ts"
import { codeReaders } from "./internal/codeReaders.ts"
import type { DatasetReader } from "./internal/DatasetReader.ts"
import { dialogueReaders } from "./internal/dialogueReaders.ts"
import { fileRecords } from "./internal/fileRecords.ts"
import { mathReaders } from "./internal/mathReaders.ts"
import { mapRecord, TaskMapping } from "./TaskMapping.ts"

// the first that knows a record reads it: those with more names stand first
const readers: ReadonlyArray<DatasetReader> = [...dialogueReaders, ...codeReaders, ...mathReaders]

/**
 * - `path`: JSON lines or a JSON list (also `.gz`), CSV or TSV (by the name), or Parquet.
 * - `format`: default: found from the names in the first record.
 * - `mapping`: for records of no published format; excludes `format`.
 * - `limit`: largest number of tasks; what comes after it is not read.
 */
export const ReadTasksOptions = Schema.Struct({
  path: Schema.NonEmptyString,
  format: Schema.optionalKey(DatasetFormat),
  mapping: Schema.optionalKey(TaskMapping),
  limit: Schema.optionalKey(Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)))
})
export type ReadTasksOptions = typeof ReadTasksOptions.Type

const decodeOptions = Schema.decodeUnknownResult(ReadTasksOptions, { onExcessProperty: "error" })

const isRecord = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const formatNames = DatasetFormat.literals.join(", ")

/** How records are read, once the first of them is seen. */
type ReadRecord = (value: unknown, index: number) => Result.Result<Task, string>

const chooseReader = (options: ReadTasksOptions, first: unknown): ReadRecord | string => {
  const { format, mapping, path } = options
  const stem = basename(path).replace(/(?:\.(?:jsonl?|csv|tsv|parquet|ndjson|gz))+$/i, "")
  if (mapping !== undefined) {
    return (value, index) => mapRecord(value, mapping, `${stem}/${index}`)
  }
  if (!isRecord(first)) return "a record has to be an object with names"
  const found = readers.find((reader) =>
    format === undefined ? reader.knows(first, path) : reader.format === format
  )
  if (found !== undefined) return (value, index) => found.read(value, { stem, index })
  const names = Object.keys(first).join(", ")
  return "c_h" in first
    ? "tutoring dialogues of Bridge have no answer that could be verified, so they make no tasks"
    : `records with the names ${names} are of no known format (${formatNames}); give a mapping, such as { prompt: "${Object.keys(first)[0] ?? "question"}", answer: "…" }`
}

async function* tasksOf(options: ReadTasksOptions): AsyncGenerator<Task> {
  const { limit = Infinity, path } = options
  const ids = new Map<string, string>()
  let read: ReadRecord | undefined
  let index = 0
  if (limit === 0) return
  for await (const { line, row, value } of fileRecords(path)) {
    const place = line > 0 ? `${path}:${line}` : `${path}, row ${row}`
    const refuse = (what: string) =>
      new TaskSourceError({
        reason: `${place}: ${what}.`,
        file: path,
        ...(line > 0 && { line })
      })
    const chosen = read ?? chooseReader(options, value)
    if (typeof chosen === "string") throw refuse(chosen)
    read = chosen
    const task = chosen(value, index)
    if (Result.isFailure(task)) throw refuse(task.failure.replace(/\.$/, ""))
    const { id } = task.success
    const other = ids.get(id)
    if (other !== undefined) throw refuse(`the id ${id} is already that of ${other}`)
    ids.set(id, place)
    yield task.success
    if (++index >= limit) return
  }
  if (index === 0) {
    throw new TaskSourceError({ reason: `${path} holds no records; fetch it again.`, file: path })
  }
}

/**
 * The tasks of a file, one at a time: the file is never in memory as a whole. Fails with a
 * `TaskSourceError` that names the file and the line at the first record that is not as it should be.
 *
 * | format | domain, `kind` of the knowledge | besides |
 * |---|---|---|
 * | `gsm8k` | `math`, `math-answer` | `solution`, `calculations`; Socratic: `hints` |
 * | `svamp`, `math`, `word-problems` | `math`, `math-answer` | `solution`; MATH: `topic`, `level` |
 * | `humaneval` | `code`, `program` with `check` | `solution` where it is known |
 * | `mbpp` | `code`, `program` with `asserts` | `solution`; the first assertion is shown |
 * | `livecodebench`, `apps` | `code`, `program` with `stdio` or `calls` | APPS: `solution` |
 * | `mint` | `math` or `text`, `math-answer` or `text-answer` | `answerType` |
 * | `lost-in-conversation` | `math`, `math-answer` | `shards`, `statement` |
 * | `missing-premise` | `missing-premise`, `missing-premise` | |
 * | `in3` | `clarification`, `clarification` | `shards` |
 */
export const streamTasks = (options: ReadTasksOptions): Stream.Stream<Task, TaskSourceError> => {
  const decoded = decodeOptions(options)
  if (Result.isFailure(decoded)) {
    const problem = decoded.failure.message
    return Stream.fail(
      new TaskSourceError({ reason: `The options for reading tasks cannot be used: ${problem}` })
    )
  }
  // an iterable, not an iterator: a stream may run more than once
  const tasks = { [Symbol.asyncIterator]: () => tasksOf(decoded.success) }
  return Stream.fromAsyncIterable(tasks, (cause) =>
    cause instanceof TaskSourceError
      ? cause
      : new TaskSourceError({
          reason: `${options.path} cannot be read: ${String(cause)}`,
          file: options.path
        })
  )
}

/**
 * All tasks of a file, see {@link streamTasks}.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { mkdtemp, writeFile } from "node:fs/promises"
 * import { tmpdir } from "node:os"
 * import { join } from "node:path"
 * import { readTasks } from "@sml/tasks/datasets"
 * import { Effect } from "effect"
 *
 * const path = join(await mkdtemp(join(tmpdir(), "tasks-")), "capitals.csv")
 * await writeFile(path, "country,capital\nFrance,Paris\nPeru,Lima\n")
 * const tasks = await Effect.runPromise(
 *   readTasks({
 *     path,
 *     mapping: { prompt: "What is the capital of {country}?", answer: "capital", kind: "text-answer" }
 *   })
 * )
 * assert.equal(tasks[1]?.prompt, "What is the capital of Peru?")
 * assert.deepEqual(tasks[1]?.knowledge, { kind: "text-answer", answer: "Lima" })
 * ```
 */
export const readTasks = Effect.fn("readTasks")(
  (options: ReadTasksOptions): Effect.Effect<ReadonlyArray<Task>, TaskSourceError> =>
    Stream.runCollect(streamTasks(options))
)
