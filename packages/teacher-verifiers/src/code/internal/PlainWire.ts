/**
 * How values cross the border of a JavaScript realm: JSON in which what JSON lacks is an object with one
 * key. `{"u":0}` is undefined, `{"f":"NaN"}` a number without JSON, `{"i":"12"}` a bigint, `{"d":[[key,
 * value]]}` an object, `{"m":[[key, value]]}` a Map, `{"s":[item]}` a Set.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

import type { PlainValue } from "../PlainValue.ts"

type Json = Schema.Json

const isList = (json: Json): json is ReadonlyArray<Json> => Array.isArray(json)

const number = (value: number): string =>
  Number.isFinite(value) && !Object.is(value, -0)
    ? String(value)
    : `{"f":"${Object.is(value, -0) ? "-0" : value}"}`

/** The wire's text of JSON. */
export const wireFromJson = (json: Json): string => {
  if (typeof json === "number") return number(json)
  if (typeof json !== "object" || json === null) return JSON.stringify(json)
  return isList(json)
    ? `[${json.map(wireFromJson).join(",")}]`
    : `{"d":[${Object.entries(json)
        .map(([key, value]) => `[${JSON.stringify(key)},${wireFromJson(value)}]`)
        .join(",")}]}`
}

const decodeJson = Schema.decodeUnknownResult(Schema.fromJsonString(Schema.Json))

/** The value of a wire's text, or undefined for a text that no realm writes. */
export const plainFromWire = (text: string): PlainValue | undefined => {
  const wire = decodeJson(text)
  return Result.isSuccess(wire) ? plain(wire.success) : undefined
}

const plain = (wire: Json): PlainValue | undefined => {
  if (wire === null) return { type: "null" }
  switch (typeof wire) {
    case "boolean":
      return { type: "boolean", value: wire }
    case "number":
      return { type: "float", text: String(wire) }
    case "string":
      return { type: "string", text: wire }
  }
  if (isList(wire)) return list("list", wire)
  const [[kind, data] = ["", null], ...more] = Object.entries(wire)
  return more.length > 0 ? undefined : special(kind, data)
}

const special = (kind: string, data: Json): PlainValue | undefined => {
  if (kind === "u") return { type: "undefined" }
  if (typeof data === "string") {
    if (kind === "f" && /^(?:NaN|-?Infinity|-0)$/.test(data)) return { type: "float", text: data }
    if (kind === "i" && /^-?\d+$/.test(data)) return { type: "integer", text: data }
    return undefined
  }
  if (typeof data !== "object" || data === null || !isList(data)) return undefined
  if (kind === "s") return list("set", data)
  return kind === "d" || kind === "m" ? dict(data) : undefined
}

const list = (type: "list" | "set", wires: ReadonlyArray<Json>): PlainValue | undefined => {
  const items: Array<PlainValue> = []
  for (const wire of wires) {
    const item = plain(wire)
    if (item === undefined) return undefined
    items.push(item)
  }
  return { type, items }
}

const dict = (wires: ReadonlyArray<Json>): PlainValue | undefined => {
  const entries: Array<readonly [PlainValue, PlainValue]> = []
  for (const wire of wires) {
    const pair = typeof wire === "object" && wire !== null && isList(wire) ? wire : []
    const [left, right] = pair
    const key = left === undefined ? undefined : plain(left)
    const value = right === undefined ? undefined : plain(right)
    if (key === undefined || value === undefined || pair.length !== 2) return undefined
    entries.push([key, value])
  }
  return { type: "dict", entries }
}
