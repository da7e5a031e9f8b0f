/** The whole command line. */
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"

import { LogFormat } from "./LogFormat.ts"

/** How the subcommands are loaded, in the order in which the help lists them. */
const subcommands = {
  train: () => import("./trainCommand.ts").then((module) => module.trainCommand),
  eval: () => import("./evalCommand.ts").then((module) => module.evalCommand),
  pretrain: () => import("./pretrainCommand.ts").then((module) => module.pretrainCommand),
  verify: () => import("./verifyCommand.ts").then((module) => module.verifyCommand),
  sft: () => import("./sftCommand.ts").then((module) => module.sftCommand),
  serve: () => import("./serveCommand.ts").then((module) => module.serveCommand),
  reproduce: () =>
    import("./reproduce/reproduceCommand.ts").then((module) => module.reproduceCommand),
  runs: () => import("./runsCommand.ts").then((module) => module.runsCommand),
  config: () => import("./configCommand.ts").then((module) => module.configCommand),
  doctor: () => import("./doctorCommand.ts").then((module) => module.doctorCommand)
}

/**
 * `sml` for these arguments: with the subcommand that they begin with, or else, and for completions, with
 * all of them. To load all takes longer than most commands do.
 */
export const smlCommand = Effect.fn("trainer.smlCommand")(function* (args: ReadonlyArray<string>) {
  const all = Object.entries(subcommands)
  const named = all.filter(([name]) => name === args[0])
  const isWhole = named.length === 0 || args.some((each) => each.startsWith("--completions"))
  const wanted = isWhole ? all : named
  const loaded = yield* Effect.promise(() => Promise.all(wanted.map(([, load]) => load())))
  return Command.make("sml").pipe(
    Command.withDescription(
      "Train language models to learn from language feedback inside a conversation."
    ),
    Command.withSubcommands(loaded),
    Command.withGlobalFlags([LogFormat])
  )
})
