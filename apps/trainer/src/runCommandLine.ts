/** Runs the command line: everything that the commands need is loaded here. */
// not the whole of it, which loads an HTTP client and more
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

import { stopAtOnce } from "./interruption.ts"
import { Screen } from "./Screen.ts"
import { smlCommand } from "./smlCommand.ts"
import { usagePresenter } from "./usagePresenter.ts"
import { version } from "./version.ts"

/** Runs `sml` with the arguments and ends the process with its exit code. */
export const runCommandLine = (args: ReadonlyArray<string>): void => {
  stopAtOnce()
  Command.runWith(smlCommand, { version })(args).pipe(
    Effect.provide(
      Layer.mergeAll(NodeServices.layer, Screen.layer, CliOutput.layerPresenter(usagePresenter))
    ),
    (program) => NodeRuntime.runMain(program)
  )
}
