/** The whole command line. */
import * as Command from "effect/cli/Command"

import { configCommand } from "./configCommand.ts"
import { doctorCommand } from "./doctorCommand.ts"
import { evalCommand } from "./evalCommand.ts"
import { LogFormat } from "./LogFormat.ts"
import { pretrainCommand } from "./pretrainCommand.ts"
import { reproduceCommand } from "./reproduce/reproduceCommand.ts"
import { runsCommand } from "./runsCommand.ts"
import { serveCommand } from "./serveCommand.ts"
import { sftCommand } from "./sftCommand.ts"
import { trainCommand } from "./trainCommand.ts"
import { verifyCommand } from "./verifyCommand.ts"

/** `sml` and its subcommands. */
export const smlCommand = Command.make("sml").pipe(
  Command.withDescription(
    "Train language models to learn from language feedback inside a conversation."
  ),
  Command.withSubcommands([
    trainCommand,
    evalCommand,
    pretrainCommand,
    verifyCommand,
    sftCommand,
    serveCommand,
    reproduceCommand,
    runsCommand,
    configCommand,
    doctorCommand
  ]),
  Command.withGlobalFlags([LogFormat])
)
