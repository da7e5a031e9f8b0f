/** Which columns of a table make a task. */
import type { Task } from "@sml/env-pomdp"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

const Column = Schema.NonEmptyString

/**
 * For records of any form. A column is a name; `a.b` is `b` inside `a`.
 *
 * - `prompt`: a column, or a text with columns in braces: `{context}\n\n{question}`.
 * - `kind`: what the answer is compared as; default `math-answer`.
 * - `answer`: column of the answer; for `program` it is not read.
 * - `solution`: column of the worked solution, or of a right program.
 * - `id`: column of the id; default: the record's number.
 * - `language` (default `python`), `tests` and `entry`: for `program`. The column `tests` holds a list
 *   of assertions, or source that declares `check(candidate)`; then `entry` is the column of the
 *   candidate's name.
 */
export const TaskMapping = Schema.Struct({
  prompt: Schema.NonEmptyString,
  kind: Schema.optionalKey(Schema.Literals(["math-answer", "text-answer", "program"])),
  answer: Schema.optionalKey(Column),
  solution: Schema.optionalKey(Column),
  id: Schema.optionalKey(Column),
  language: Schema.optionalKey(Schema.Literals(["python", "javascript", "typescript"])),
  tests: Schema.optionalKey(Column),
  entry: Schema.optionalKey(Column)
})
export type TaskMapping = typeof TaskMapping.Type

const isRecord = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === "object" && value !== null

const valueAt = (record: unknown, column: string): unknown => {
  if (isRecord(record) && Object.hasOwn(record, column)) return record[column]
  const [first = "", ...rest] = column.split(".")
  if (rest.length === 0 || !isRecord(record) || !Object.hasOwn(record, first)) return undefined
  return valueAt(record[first], rest.join("."))
}

class NoColumn extends Error {}

const textAt = (record: unknown, column: string): string => {
  const value = valueAt(record, column)
  if (value === undefined || value === null || value === "") {
    const names = isRecord(record) ? Object.keys(record).join(", ") : "none"
    throw new NoColumn(`nothing stands in the column ${column}; the columns are ${names}`)
  }
  return typeof value === "string" ? value : JSON.stringify(value)
}

const promptOf = (record: unknown, prompt: string): string =>
  /\{[^{}\n]+\}/.test(prompt)
    ? prompt.replaceAll(/\{([^{}\n]+)\}/g, (_, column: string) => textAt(record, column))
    : textAt(record, prompt)

const Assertions = Schema.NonEmptyArray(Schema.NonEmptyString)

const knowledgeOf = (record: unknown, mapping: TaskMapping): Schema.Json => {
  const { answer, entry, kind = "math-answer", language = "python", solution, tests } = mapping
  const worked = solution === undefined ? {} : { solution: textAt(record, solution) }
  if (kind !== "program") {
    if (answer === undefined) throw new NoColumn("the mapping names no column for the answer")
    return { kind, answer: textAt(record, answer), ...worked }
  }
  if (tests === undefined) throw new NoColumn("the mapping names no column for the tests")
  const list = Schema.decodeUnknownResult(Assertions)(valueAt(record, tests))
  if (Result.isSuccess(list)) {
    const checked = { kind: "asserts", setup: "", asserts: list.success }
    return { kind, language, preamble: "", tests: checked, ...worked }
  }
  if (entry === undefined) throw new NoColumn("the mapping names no column for the entry")
  const source = { kind: "check", source: textAt(record, tests), entry: textAt(record, entry) }
  return { kind, language, preamble: "", tests: source, ...worked }
}

const domains = { "math-answer": "math", "text-answer": "text", program: "code" } as const

/** The task that a mapping makes of a record, or what is wrong with it. */
export const mapRecord = (
  record: unknown,
  mapping: TaskMapping,
  defaultId: string
): Result.Result<Task, string> => {
  try {
    return Result.succeed({
      id: mapping.id === undefined ? defaultId : textAt(record, mapping.id),
      domain: domains[mapping.kind ?? "math-answer"],
      prompt: promptOf(record, mapping.prompt),
      knowledge: knowledgeOf(record, mapping),
      missing: []
    })
  } catch (cause) {
    if (cause instanceof NoColumn) return Result.fail(cause.message)
    throw cause
  }
}
