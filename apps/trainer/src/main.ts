#!/usr/bin/env node
/** The `sml` command. */
// not the whole of it, which loads an HTTP client and more
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

import { Screen } from "./Screen.ts"
import { smlCommand } from "./smlCommand.ts"
import { usagePresenter } from "./usagePresenter.ts"
import { version } from "./version.ts"

Command.run(smlCommand, { version }).pipe(
  Effect.provide(
    Layer.mergeAll(NodeServices.layer, Screen.layer, CliOutput.layerPresenter(usagePresenter))
  ),
  (program) => NodeRuntime.runMain(program)
)
