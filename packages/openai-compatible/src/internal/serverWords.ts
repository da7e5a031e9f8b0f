/** What a server says about a fault, fit for a sentence. */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/** What servers call a fault: their words, and codes such as `context_length_exceeded`. */
export interface ServerWords {
  readonly text: string
  readonly codes: ReadonlyArray<string>
}

const maybe = <S extends Schema.Top>(schema: S) => Schema.optionalKey(Schema.NullOr(schema))

const Fault = Schema.Struct({
  message: maybe(Schema.Unknown),
  msg: maybe(Schema.Unknown),
  detail: maybe(Schema.Unknown),
  error: maybe(Schema.Unknown),
  loc: maybe(Schema.Array(Schema.Union([Schema.String, Schema.Number]))),
  code: maybe(Schema.Unknown),
  type: maybe(Schema.Unknown)
})
const decodeFault = Schema.decodeUnknownOption(Fault)

const limit = 300

const shortened = (text: string) => {
  const line = text.replaceAll(/\s+/g, " ").trim()
  return line.length > limit ? `${line.slice(0, limit)}…` : line
}

/** Follows `error`, `detail`, `message` and lists of these down to words. */
const dig = (value: unknown, codes: Array<string>, depth: number): string => {
  if (typeof value === "string") return value
  if (depth === 0 || value === null || typeof value !== "object") return ""
  if (Array.isArray(value)) {
    const parts = value.map((item: unknown) => dig(item, codes, depth - 1))
    return parts.filter((part) => part !== "").join("; ")
  }
  const fault = Option.getOrUndefined(decodeFault(value))
  if (fault === undefined) return ""
  for (const code of [fault.code, fault.type]) {
    if (typeof code === "string" || typeof code === "number") codes.push(String(code))
  }
  for (const inner of [fault.error, fault.message, fault.detail, fault.msg]) {
    const words = dig(inner, codes, depth - 1)
    if (words !== "") return fault.loc == null ? words : `${fault.loc.join(".")}: ${words}`
  }
  return ""
}

/** The words of a value that a server sent as `error`. */
export const wordsOf = (value: unknown): ServerWords => {
  const codes: Array<string> = []
  return { text: shortened(dig(value, codes, 5)), codes }
}

const parseJson = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Unknown))

/** The words of the body of a failed request, whether JSON, a page or plain text. */
export const wordsOfBody = (body: string): ServerWords => {
  const json = parseJson(body)
  if (Option.isSome(json)) return wordsOf(json.value)
  return { text: /^\s*</.test(body) ? "(a page, not an answer)" : shortened(body), codes: [] }
}
