/** The whole command line. */
import * as Command from "effect/cli/Command"

import { doctorCommand } from "./doctorCommand.ts"
import { evalCommand } from "./evalCommand.ts"
import { pretrainCommand } from "./pretrainCommand.ts"
import { trainCommand } from "./trainCommand.ts"

/** `sml` and its subcommands. */
export const smlCommand = Command.make("sml").pipe(
  Command.withDescription(
    "Train language models to learn from language feedback inside a conversation."
  ),
  Command.withSubcommands([trainCommand, evalCommand, pretrainCommand, doctorCommand])
)
