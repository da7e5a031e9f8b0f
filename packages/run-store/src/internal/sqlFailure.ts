/** Failures of a database, as sentences. */
import * as Predicate from "effect/Predicate"
import type * as SqlError from "effect/sql/SqlError"

import { RunStoreError } from "../RunStoreError.ts"
import type { RunStoreProblem } from "../RunStoreError.ts"

const sentences = {
  locked: "another process is writing to it; wait until that has finished and run again",
  "read-only":
    "it is read-only for this user; change its permissions or use another folder or database",
  damaged:
    "it is no run database, or is damaged; move it away or restore it (run folders are kept apart from it and are read into a new one)",
  full: "the disk is full; free some space and run again (what was written before is kept)",
  missing: "it cannot be opened; check that its folder is there and can be written to",
  unreachable: "its server does not answer or refuses us; check that it runs, and the address"
} as const satisfies Partial<Record<RunStoreProblem, string>>

/** Primary result codes of SQLite (https://www.sqlite.org/rescode.html). */
const sqliteProblems: ReadonlyMap<number, keyof typeof sentences> = new Map([
  [3, "read-only"],
  [5, "locked"],
  [6, "locked"],
  [8, "read-only"],
  [11, "damaged"],
  [13, "full"],
  [14, "missing"],
  [26, "damaged"]
])

const problemOf = (error: SqlError.SqlError): keyof typeof sentences | undefined => {
  const { _tag, cause } = error.reason
  if (Predicate.hasProperty(cause, "errcode") && typeof cause.errcode === "number") {
    return sqliteProblems.get(cause.errcode & 0xff)
  }
  switch (_tag) {
    case "ConnectionError":
    case "AuthenticationError":
      return "unreachable"
    case "AuthorizationError":
      return "read-only"
    case "LockTimeoutError":
    case "DeadlockError":
      return "locked"
    default:
      return undefined
  }
}

/** `action` completes "cannot …", `where` is the database without its password. */
export const fromSqlError =
  (action: string, where: string) =>
  (error: SqlError.SqlError): RunStoreError => {
    const problem = problemOf(error)
    const detail =
      problem === undefined
        ? `the database refused (${error.reason.message ?? error.message})`
        : sentences[problem]
    return new RunStoreError({
      problem: problem ?? "other",
      path: where,
      reason: `cannot ${action} in ${where}: ${detail}`
    })
  }
