/** Plain values as people write them in a language. */
import type { PlainValue } from "./PlainValue.ts"
import type { ProgramLanguage } from "./ProgramTests.ts"

/** Longer texts are cut. */
const maximumLength = 1000

/**
 * The value as a literal of the language, on one line, of at most `limit` UTF-16 units (default 1000;
 * then it ends in `…`). Control, format and line characters are escaped, so that the text is safe in a
 * prompt, a page or a terminal; its words may be the program's.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { showPlainValue } from "@sml/teacher-verifiers"
 *
 * const value = {
 *   type: "dict",
 *   entries: [[{ type: "string", text: "it's" }, { type: "tuple", items: [{ type: "null" }] }]]
 * } as const
 * assert.equal(showPlainValue(value, "python"), `{"it's": (None,)}`)
 * assert.equal(showPlainValue(value, "javascript"), `{"it's": [null]}`)
 * ```
 */
export const showPlainValue = (
  value: PlainValue,
  language: ProgramLanguage,
  limit: number = maximumLength
): string => {
  const writer = new Writer(limit)
  if (language === "python") writePython(value, writer)
  else writeJavaScript(value, writer)
  return writer.text.length > limit ? `${writer.text.slice(0, limit - 1)}…` : writer.text
}

/** Stops taking text once it has enough: a value may be much larger than what is shown of it. */
class Writer {
  readonly limit: number
  text = ""
  constructor(limit: number) {
    this.limit = limit
  }
  get isFull(): boolean {
    return this.text.length > this.limit
  }
  write(text: string): void {
    if (!this.isFull) this.text += text.slice(0, this.limit + 1)
  }
  /** `open item, item close` */
  list<A>(open: string, items: ReadonlyArray<A>, close: string, item: (each: A) => void): void {
    this.write(open)
    for (const [index, each] of items.entries()) {
      if (this.isFull) return
      if (index > 0) this.write(", ")
      item(each)
    }
    this.write(close)
  }
}

/** Text between quotes, on one line, without anything that does not print. */
const quoted = (text: string, quote: "'" | '"', limit: number): string => {
  let out: string = quote
  for (const character of text) {
    if (out.length > limit) break
    out += escaped(character, quote)
  }
  return out + quote
}

const escapes: ReadonlyMap<string, string> = new Map([
  ["\\", "\\\\"],
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"]
])

const escaped = (character: string, quote: string): string => {
  if (character === quote) return `\\${quote}`
  const short = escapes.get(character)
  if (short !== undefined) return short
  if (!/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(character)) return character
  let out = ""
  for (let index = 0; index < character.length; index++) {
    const code = character.charCodeAt(index).toString(16)
    out += code.length <= 2 ? `\\x${code.padStart(2, "0")}` : `\\u${code.padStart(4, "0")}`
  }
  return out
}

const pythonFloat = (text: string): string => {
  switch (text) {
    case "NaN":
      return "float('nan')"
    case "Infinity":
      return "float('inf')"
    case "-Infinity":
      return "float('-inf')"
    default:
      return /^-?\d+$/.test(text) ? `${text}.0` : text
  }
}

const byteText = (byte: number): string => {
  const character = String.fromCodePoint(byte)
  if (character === "'" || character === "\\") return `\\${character}`
  return byte >= 32 && byte < 127 ? character : `\\x${byte.toString(16).padStart(2, "0")}`
}

const writePython = (value: PlainValue, writer: Writer): void => {
  const item = (each: PlainValue) => writePython(each, writer)
  switch (value.type) {
    case "null":
    case "undefined":
      return writer.write("None")
    case "boolean":
      return writer.write(value.value ? "True" : "False")
    case "integer":
    case "complex":
      return writer.write(value.text)
    case "float":
      return writer.write(pythonFloat(value.text))
    case "string": {
      const quote = value.text.includes("'") && !value.text.includes('"') ? '"' : "'"
      return writer.write(quoted(value.text, quote, writer.limit))
    }
    case "bytes":
      return writer.write(`b'${[...Buffer.from(value.text, "base64")].map(byteText).join("")}'`)
    case "list":
      return writer.list("[", value.items, "]", item)
    case "tuple":
      return writer.list("(", value.items, value.items.length === 1 ? ",)" : ")", item)
    case "set":
      return value.items.length === 0
        ? writer.write("set()")
        : writer.list("{", value.items, "}", item)
    case "frozenset":
      return value.items.length === 0
        ? writer.write("frozenset()")
        : writer.list("frozenset({", value.items, "})", item)
    case "dict":
      return writer.list("{", value.entries, "}", ([key, each]) => {
        item(key)
        writer.write(": ")
        item(each)
      })
  }
}

const writeJavaScript = (value: PlainValue, writer: Writer): void => {
  const item = (each: PlainValue) => writeJavaScript(each, writer)
  switch (value.type) {
    case "null":
    case "undefined":
      return writer.write(value.type)
    case "boolean":
      return writer.write(String(value.value))
    case "integer":
      return writer.write(`${value.text}n`)
    case "float":
    case "complex":
      return writer.write(value.text)
    case "string":
      return writer.write(quoted(value.text, '"', writer.limit))
    case "bytes":
      return writer.list("Uint8Array [", [...Buffer.from(value.text, "base64")], "]", (byte) =>
        writer.write(String(byte))
      )
    case "list":
    case "tuple":
      return writer.list("[", value.items, "]", item)
    case "set":
    case "frozenset":
      return writer.list("new Set([", value.items, "])", item)
    case "dict":
      return value.entries.every(([key]) => key.type === "string")
        ? writer.list("{", value.entries, "}", ([key, each]) => {
            item(key)
            writer.write(": ")
            item(each)
          })
        : writer.list("new Map([", value.entries, "])", ([key, each]) =>
            writer.list("[", [key, each], "]", item)
          )
  }
}
