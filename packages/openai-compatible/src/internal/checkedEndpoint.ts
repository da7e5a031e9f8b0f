/** The options of an endpoint, checked and with their defaults. */
import * as Duration from "effect/Duration"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"

import type { ChatOptions } from "../ChatOptions.ts"
import type { EndpointOptions } from "../EndpointOptions.ts"
import { InvalidEndpoint } from "../InvalidEndpoint.ts"

export interface CheckedEndpoint {
  readonly baseUrl: string
  readonly model: string
  readonly apiKey: string | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly concurrency: number
  readonly requestsPerMinute: number | undefined
  readonly retries: number
  readonly patienceMillis: number
  readonly deadlineMillis: number
  readonly firstTokenMillis: number | undefined
  readonly maxAnswerBytes: number
  readonly defaults: ChatOptions
}

const refuse = (reason: string) => Result.fail(new InvalidEndpoint({ reason }))

const checkedUrl = (text: string) => {
  const example = "use one such as http://localhost:11434/v1"
  let url: URL
  try {
    url = new URL(text.trim())
  } catch {
    return refuse(`${JSON.stringify(text)} is no base URL of a server; ${example}.`)
  }
  // a URL with a password is not repeated in the sentence
  if (url.username !== "" || url.password !== "") {
    return refuse(
      `The base URL of ${url.host} has a user name or a password in it; give the key as apiKey instead.`
    )
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    return refuse(`${JSON.stringify(text)} is no http or https URL of a server; ${example}.`)
  }
  if (url.search !== "" || url.hash !== "") {
    return refuse(
      `The base URL of ${url.host} has a query or a fragment; leave out what follows its path.`
    )
  }
  return Result.succeed(`${url.origin}${url.pathname.replace(/\/+$/, "")}`)
}

const checkedMillis = (name: string, input: Duration.Input) => {
  const millis = Duration.toMillis(input)
  return millis > 0
    ? Result.succeed(Math.min(millis, 2 ** 31 - 1))
    : refuse(`The ${name} of the endpoint is ${millis} ms; use a time above 0.`)
}

const checkedCount = (name: string, value: number, least: number) =>
  Number.isInteger(value) && value >= least
    ? Result.succeed(value)
    : refuse(
        `The option ${name} of the endpoint is ${value}; use a whole number of ${least} or more.`
      )

/** What can stand in a header: visible characters and spaces of ASCII. */
const headerValue = /^[\x20-\x7e]*$/

const plain = (value: Redacted.Redacted | string) =>
  typeof value === "string" ? value : Redacted.value(value)

export const checkedEndpoint = (
  options: EndpointOptions
): Result.Result<CheckedEndpoint, InvalidEndpoint> =>
  Result.gen(function* () {
    const baseUrl = yield* checkedUrl(options.baseUrl)
    // keys read from files end with a line break
    const apiKey = options.apiKey === undefined ? "" : Redacted.value(options.apiKey).trim()
    if (!headerValue.test(apiKey) || apiKey.includes(" ")) {
      return yield* refuse(
        `The key for ${baseUrl} has a space or a character that no header can carry; copy it again.`
      )
    }
    const headers: Record<string, string> = {}
    for (const [name, value] of Object.entries(options.headers ?? {})) {
      if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name) || !headerValue.test(plain(value))) {
        return yield* refuse(
          `The header ${JSON.stringify(name)} for ${baseUrl} cannot be sent; use visible ASCII characters.`
        )
      }
      headers[name.toLowerCase()] = plain(value)
    }
    if (options.model.trim() === "") {
      return yield* refuse(`No model of ${baseUrl} is named; ask for the models that it offers.`)
    }
    const { firstTokenDeadline, requestsPerMinute } = options
    if (requestsPerMinute !== undefined && !(requestsPerMinute > 0)) {
      return yield* refuse(
        `The option requestsPerMinute of the endpoint is ${requestsPerMinute}; use a number above 0.`
      )
    }
    return {
      baseUrl,
      model: options.model,
      apiKey: apiKey === "" ? undefined : apiKey,
      headers,
      requestsPerMinute,
      concurrency: yield* checkedCount("concurrency", options.concurrency ?? 8, 1),
      retries: yield* checkedCount("retries", options.retries ?? 4, 0),
      patienceMillis: Duration.toMillis(options.patience ?? "2 minutes"),
      deadlineMillis: yield* checkedMillis("deadline", options.deadline ?? "5 minutes"),
      firstTokenMillis:
        firstTokenDeadline === undefined
          ? undefined
          : yield* checkedMillis("deadline for the first token", firstTokenDeadline),
      maxAnswerBytes: yield* checkedCount("maxAnswerBytes", options.maxAnswerBytes ?? 2 ** 25, 1),
      defaults: options.defaults ?? {}
    }
  })
