/** Failures of reading and writing a run folder, each as one sentence. */
import type * as PlatformError from "effect/PlatformError"
import * as Schema from "effect/Schema"

/**
 * What went wrong, for callers that decide by it:
 *
 * - `read-only`: no permission, or a read-only disk; `full`: no space or quota left;
 * - `missing`: the file or the folder above it does not exist; `exists`: it is there already;
 * - `in-the-way`: a file stands where a folder is needed, or the reverse;
 * - `damaged`: it is there and cannot be understood; `locked`: another process holds the database;
 * - `newer`: the database was written by a newer program; `unreachable`: its server does not answer;
 * - `outside`: a path leaves the folder that it must stay in; `other`: anything else.
 */
export const RunStoreProblem = Schema.Literals([
  "read-only",
  "full",
  "missing",
  "exists",
  "in-the-way",
  "damaged",
  "locked",
  "newer",
  "unreachable",
  "outside",
  "other"
])
export type RunStoreProblem = typeof RunStoreProblem.Type

/** A run folder could not be read or written. `message` says what, where, and what to do. */
export class RunStoreError extends Schema.TaggedError<RunStoreError>()("RunStoreError", {
  problem: RunStoreProblem,
  path: Schema.String,
  reason: Schema.String
}) {
  override get message(): string {
    return this.reason
  }
}

const advice = {
  "read-only": "it is read-only for this user, so choose another folder or change its permissions",
  full: "the disk is full, so free some space and run again (what was written before is kept)",
  missing: "it does not exist, so check the path",
  exists: "it exists already, so choose another name or remove it",
  "in-the-way": "a file stands where a folder is needed, so choose another path or move that file",
  damaged: "it is damaged",
  locked: "another process is writing to it, so wait until that has finished and run again",
  newer: "it was written by a newer version of this program, so update the program",
  unreachable: "its server does not answer, so check that it runs and that the address is right",
  outside: "the path leaves the folder, so give one inside it",
  other: "the system refused"
} as const satisfies Record<RunStoreProblem, string>

const systemCode = (error: PlatformError.PlatformError): string => {
  const { cause } = error.reason
  return typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : ""
}

const problemOf = (error: PlatformError.PlatformError): RunStoreProblem => {
  const code = systemCode(error)
  if (code === "EROFS") return "read-only"
  if (code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG") return "full"
  switch (error.reason._tag) {
    case "PermissionDenied":
      return "read-only"
    case "NotFound":
      return "missing"
    case "AlreadyExists":
      return "exists"
    case "BadResource":
      return "in-the-way"
    default:
      return "other"
  }
}

/**
 * The sentence for a failed file operation; `action` completes "cannot …", such as
 * `write the metrics`.
 */
export const fromPlatformError =
  (action: string, path: string) =>
  (error: PlatformError.PlatformError): RunStoreError => {
    const problem = problemOf(error)
    const detail = problem === "other" ? `${advice.other} (${error.message})` : advice[problem]
    return new RunStoreError({ problem, path, reason: `cannot ${action} in ${path}: ${detail}` })
  }

/** The file is there and its contents are not what a run folder holds. */
export const damaged = (path: string, detail: string): RunStoreError =>
  new RunStoreError({
    problem: "damaged",
    path,
    reason: `${path} is damaged (${detail}), so restore it or start a new run`
  })
