/** One published format: how its records are known, and what task each of them is. */
import type { Task } from "@sml/env-pomdp"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

import type { DatasetFormat } from "../DatasetFormat.ts"

/** Where a record comes from: the file's name without folder and endings, and its number from 0. */
export interface RecordPlace {
  readonly stem: string
  readonly index: number
}

export interface DatasetReader {
  readonly format: DatasetFormat
  /** Whether a record with these names, of a file with this path, is of the format. */
  readonly knows: (record: { readonly [key: string]: unknown }, path: string) => boolean
  /** The task of a record, or what is wrong with it. */
  readonly read: (record: unknown, place: RecordPlace) => Result.Result<Task, string>
}

/** `read` says what is wrong with a record by throwing a text in an `Unfit`. */
export class Unfit extends Error {}

export const datasetReader = <A>(definition: {
  readonly format: DatasetFormat
  readonly knows: DatasetReader["knows"]
  readonly schema: Schema.Codec<A, unknown>
  readonly read: (record: A, place: RecordPlace) => Task
}): DatasetReader => {
  const decode = Schema.decodeUnknownResult(definition.schema)
  return {
    format: definition.format,
    knows: definition.knows,
    read: (record, place) => {
      const decoded = decode(record)
      if (Result.isFailure(decoded)) {
        return Result.fail(decoded.failure.message.replaceAll(/\s+/g, " ").trim())
      }
      try {
        return Result.succeed(definition.read(decoded.success, place))
      } catch (cause) {
        if (cause instanceof Unfit) return Result.fail(cause.message)
        throw cause
      }
    }
  }
}

/** Whether a record has all of these names. */
export const has =
  (...names: ReadonlyArray<string>) =>
  (record: { readonly [key: string]: unknown }): boolean =>
    names.every((name) => name in record)

/** A number as a numeral without exponent: `14.0` is `14`. */
export const numeral = (value: number): string => {
  if (!Number.isFinite(value)) throw new Unfit(`${value} is no number for an answer`)
  if (Number.isInteger(value)) return BigInt(value).toString()
  const [digits = "", exponent = "0"] = String(value).split("e")
  const [whole = "", part = ""] = digits.replace("-", "").split(".")
  const shift = Number(exponent)
  // only small numbers that are no integers have an exponent
  const text = shift < 0 ? `0.${whole.padStart(-shift, "0")}${part}` : `${whole}.${part}`
  return value < 0 ? `-${text}` : text
}

export const isNumeral = (text: string): boolean => /^-?\d+(?:\.\d+)?$/.test(text)

export const mathTask = (
  id: string,
  prompt: string,
  answer: string,
  more: { readonly [key: string]: Schema.Json } = {}
): Task => {
  if (answer.trim() === "") throw new Unfit("the answer is empty")
  if (prompt.trim() === "") throw new Unfit("the question is empty")
  const knowledge = { kind: "math-answer", answer: answer.trim(), ...more }
  return { id, domain: "math", prompt: prompt.trim(), knowledge, missing: [] }
}
