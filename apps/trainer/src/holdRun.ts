/** Two processes must not write one run. */
import type { Run } from "@sml/run-store"

import { ConfigError } from "./ConfigError.ts"
import { holdFolder } from "./holdFolder.ts"

/**
 * Notes in the run's folder that this process writes it, until the scope closes. Fails when another one
 * does; what a killed process left is taken over.
 */
export const holdRun = ({ paths: { directory } }: Run) =>
  holdFolder(
    directory,
    (pid) =>
      new ConfigError({
        reason: `the run in ${directory} is going on in process ${pid}; wait for its end or stop it first`
      })
  )
