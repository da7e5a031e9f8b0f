/** Whether Python programs can be run here. */
import * as Schema from "effect/Schema"

/**
 * - `works`: with these versions.
 * - `missing-bubblewrap`, `missing-python`: is not installed.
 * - `refused-namespaces`: bubblewrap is there, but the system does not let it make namespaces.
 * - `unsupported-system`: not Linux on x86_64 or aarch64.
 * - `broken`: did not start, for another reason.
 */
export const PythonSandboxStatus = Schema.Union([
  Schema.TaggedStruct("works", { bubblewrap: Schema.String, python: Schema.String }),
  Schema.TaggedStruct("missing-bubblewrap", {}),
  Schema.TaggedStruct("missing-python", {}),
  Schema.TaggedStruct("refused-namespaces", { detail: Schema.String }),
  Schema.TaggedStruct("unsupported-system", { detail: Schema.String }),
  Schema.TaggedStruct("broken", { detail: Schema.String })
])
export type PythonSandboxStatus = typeof PythonSandboxStatus.Type

/** The status in one sentence; where the sandbox does not work, with what to do. */
export const statusSentence = (status: PythonSandboxStatus): string => {
  switch (status._tag) {
    case "works":
      return `Python ${status.python} runs in a sandbox of bubblewrap ${status.bubblewrap}.`
    case "missing-bubblewrap":
      return "Python programs are not run, as bubblewrap is not installed: apt-get install bubblewrap"
    case "missing-python":
      return "Python programs are not run, as there is no python3 in /usr/bin or /usr/local/bin: apt-get install python3"
    case "refused-namespaces":
      return `Python programs are not run, as this system does not let bubblewrap make user namespaces (${status.detail}): allow them with sysctl kernel.unprivileged_userns_clone=1 or, on Ubuntu, kernel.apparmor_restrict_unprivileged_userns=0; in a container, start it with a seccomp profile that allows them`
    case "unsupported-system":
      return `Python programs are not run on ${status.detail}, as their sandbox needs Linux on x86_64 or aarch64.`
    default:
      return `Python programs are not run, as their sandbox does not start (${status.detail}): check that python3 under /usr works, or reinstall with apt-get install bubblewrap python3`
  }
}
