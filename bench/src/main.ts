#!/usr/bin/env node
/** The benchmark's command. */
// not the whole of it, which loads an HTTP client and more
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"

import { benchCommand } from "./benchCommand.ts"

Command.run(benchCommand, { version: "0.0.0" }).pipe(
  Effect.provide(NodeServices.layer),
  (program) => NodeRuntime.runMain(program)
)
