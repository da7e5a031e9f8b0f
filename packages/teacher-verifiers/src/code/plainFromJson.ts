/** A test's JSON as the plain values of a language. */
import type * as Schema from "effect/Schema"

import type { PlainValue } from "./PlainValue.ts"
import type { ProgramLanguage } from "./ProgramTests.ts"

/**
 * What a program of the language is called with. A JSON list is a list, an object a dict with text keys.
 * JavaScript knows one kind of number, `float`. For Python a number without a fraction is an integer, as
 * JSON read into doubles does not tell `2.0` from `2`; from 1e21 on, where `String` writes an exponent, it
 * is a float.
 */
export const plainFromJson = (json: Schema.Json, language: ProgramLanguage): PlainValue => {
  if (json === null) return { type: "null" }
  switch (typeof json) {
    case "boolean":
      return { type: "boolean", value: json }
    case "string":
      return { type: "string", text: json }
    case "number":
      return plainNumber(json, language)
    default:
      return isList(json)
        ? { type: "list", items: json.map((item) => plainFromJson(item, language)) }
        : {
            type: "dict",
            entries: Object.entries(json).map(([key, value]) => [
              { type: "string", text: key },
              plainFromJson(value, language)
            ])
          }
  }
}

const isList = (json: Schema.Json): json is ReadonlyArray<Schema.Json> => Array.isArray(json)

const plainNumber = (number: number, language: ProgramLanguage): PlainValue => {
  if (Object.is(number, -0)) return { type: "float", text: language === "python" ? "-0.0" : "-0" }
  if (language !== "python") return { type: "float", text: String(number) }
  return Number.isInteger(number) && Math.abs(number) < 1e21
    ? { type: "integer", text: String(BigInt(number)) }
    : { type: "float", text: String(number) }
}
