/** Keys and passwords, taken out of what is stored. */
import type * as Schema from "effect/Schema"

/** What stands where a secret was. */
export const redactedText = "<redacted>"

const secretWords = new Set([
  "key",
  "apikey",
  "token",
  "secret",
  "password",
  "passwd",
  "authorization",
  "credential",
  "credentials",
  "bearer"
])

/** `apiKey`, `API_KEY` and `x-api-key` end in the word `key`; `maxTokens` ends in none of the words. */
const isSecretName = (name: string): boolean => {
  const words = name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word !== "")
  const last = words.at(-1)
  return last !== undefined && secretWords.has(last)
}

/** Shorter ones would be found in harmless text. */
const shortestSecret = 8

/**
 * The values of variables whose names say that they are secret, such as `OPENAI_API_KEY`; the longest
 * first, so that a secret that holds another one goes whole.
 */
export const secretsOf = (
  environment: Readonly<Record<string, string | undefined>>
): ReadonlyArray<string> =>
  Object.entries(environment)
    .flatMap(([name, value]) =>
      value !== undefined && value.length >= shortestSecret && isSecretName(name) ? [value] : []
    )
    .toSorted((left, right) => right.length - left.length)

// credentials of a URL, and the shapes of the keys of well-known services
const inUrl = /([a-z][a-z0-9+.-]*:\/\/)[^\s/@]*@/gi
const shapes = /\b(?:sk|pk|rk|hf|ghp|gho|xox[abp]|tml)[-_][A-Za-z0-9_-]{16,}|\bBearer\s+[^\s"]{8,}/g

/** The text without the given secrets, URL credentials and what has the shape of a key. */
export const redactText = (text: string, secrets: ReadonlyArray<string>): string => {
  let clean = text
  for (const secret of secrets) clean = clean.replaceAll(secret, redactedText)
  return clean.replaceAll(inUrl, `$1${redactedText}@`).replaceAll(shapes, redactedText)
}

/**
 * A configuration with every secret replaced: text under a name such as `apiKey`, and in any other
 * text what {@link redactText} finds.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { redactSecrets } from "@sml/run-store"
 *
 * const config = { apiKey: "abc", maxTokens: 24, url: "https://me:pw@host/v1", note: "key canary-1" }
 * assert.deepEqual(redactSecrets(config, ["canary-1"]), {
 *   apiKey: "<redacted>",
 *   maxTokens: 24,
 *   url: "https://<redacted>@host/v1",
 *   note: "key <redacted>"
 * })
 * ```
 */
export const redactSecrets = (value: Schema.Json, secrets: ReadonlyArray<string>): Schema.Json =>
  walk(value, secrets, isSecretName)

/**
 * Data with every text cleaned by {@link redactText}. Names say nothing here: the `key` of a task's
 * dictionary is no password, and what is lost of a task cannot be trained on again.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { redactTexts } from "@sml/run-store"
 *
 * const knowledge = { key: ["C major"], note: "canary-1" }
 * assert.deepEqual(redactTexts(knowledge, ["canary-1"]), { key: ["C major"], note: "<redacted>" })
 * ```
 */
export const redactTexts = (value: Schema.Json, secrets: ReadonlyArray<string>): Schema.Json =>
  walk(value, secrets, () => false)

const walk = (
  value: Schema.Json,
  secrets: ReadonlyArray<string>,
  isSecret: (name: string) => boolean
): Schema.Json => {
  if (typeof value === "string") return redactText(value, secrets)
  if (isList(value)) return value.map((each) => walk(each, secrets, isSecret))
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([name, each]) => [
        redactText(name, secrets),
        isSecret(name) && (typeof each === "string" || Array.isArray(each))
          ? redactedText
          : walk(each, secrets, isSecret)
      ])
    )
  }
  return value
}

const isList = (value: Schema.Json): value is Schema.JsonArray => Array.isArray(value)
