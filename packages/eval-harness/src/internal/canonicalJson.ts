/** JSON that is equal for equal values, whatever the order of their keys. */
import { createHash } from "node:crypto"

const canonical = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(canonical)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map(([key, each]) => [key, canonical(each)])
  )
}

/** The text. */
export const canonicalJson = (value: unknown): string => JSON.stringify(canonical(value)) ?? "null"

/** Its SHA-256, in hexadecimal. */
export const contentHash = (value: unknown): string =>
  createHash("sha256").update(canonicalJson(value)).digest("hex")
