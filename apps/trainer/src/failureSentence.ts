/** Any failure as one sentence for the person at the terminal. */
import * as Cause from "effect/Cause"
import type * as CliError from "effect/cli/CliError"
import * as Predicate from "effect/Predicate"

import { safeText } from "./safeText.ts"

const oneLine = (text: string): string => safeText(text).replaceAll(/\s+/g, " ").trim()

const messageOf = (failure: unknown): string => {
  if (Predicate.hasProperty(failure, "message") && Predicate.isString(failure.message)) {
    return oneLine(failure.message)
  }
  return oneLine(String(failure))
}

/**
 * The sentence for a cause. An expected failure speaks for itself; anything else is a fault of ours
 * and says how to see more of it.
 */
export const failureSentence = (cause: Cause.Cause<unknown>): string => {
  const failure = Cause.squash(cause)
  const expected = cause.reasons.some(Cause.isFailReason)
  const message = messageOf(failure)
  return expected
    ? message
    : `sml has met a fault of its own (${message}); run it again with --log-level debug and report what it prints`
}

const advice = (command: string) => `; "${command} --help" lists what is known`

/** The sentence for a command line that cannot be read. */
export const usageSentence = (
  path: ReadonlyArray<string>,
  errors: ReadonlyArray<CliError.NonShowHelpErrors>
): string => {
  const command = path.join(" ")
  const [error] = errors
  if (error === undefined) return `${command}: the command line cannot be read${advice(command)}`
  switch (error._tag) {
    case "UnrecognizedOption": {
      const nearest = error.suggestions[0]
      const meant = nearest === undefined ? advice(command) : `; did you mean ${nearest}?`
      return `${command}: unknown option ${oneLine(error.option)}${meant}`
    }
    case "UnknownSubcommand": {
      const nearest = error.suggestions[0]
      const meant = nearest === undefined ? advice(command) : `; did you mean ${nearest}?`
      return `${command}: unknown command ${oneLine(error.subcommand)}${meant}`
    }
    default:
      return `${command}: ${oneLine(error.message).replace(/\.$/, "")}${advice(command)}`
  }
}
