/** Runs the command line: what its command needs is loaded here. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

import { ConfigError } from "./ConfigError.ts"
import { stopAtOnce, stopWhenUnheard } from "./interruption.ts"
import { asksForJson, LogFormat, logFormats } from "./LogFormat.ts"
import { reported } from "./reported.ts"
import { safeText } from "./safeText.ts"
import { Screen } from "./Screen.ts"
import { smlCommand } from "./smlCommand.ts"
import { usagePresenter } from "./usagePresenter.ts"
import { version } from "./version.ts"

/** Variables that say where telemetry goes. */
const endpoint = /^OTEL_EXPORTER_OTLP_(?:(?:TRACES|METRICS)_)?ENDPOINT$/

/** Checks the variables, and brings telemetry where somebody listens: it loads an HTTP client and more. */
const observed = Layer.unwrap(
  Effect.gen(function* () {
    const format = process.env["SML_LOG_FORMAT"] ?? ""
    if (!["", ...logFormats].includes(format)) {
      return yield* new ConfigError({
        reason: `SML_LOG_FORMAT is "${safeText(format)}"; expected ${logFormats.join(" or ")}`
      })
    }
    const wanted = Object.entries(process.env).filter(([name]) => endpoint.test(name))
    if (wanted.length === 0) return Layer.empty
    for (const [name, value = ""] of wanted) {
      if (!URL.canParse(value)) {
        // it may hold a key
        return yield* new ConfigError({
          reason: `${name} is no URL; expected one such as http://localhost:4318`
        })
      }
    }
    const { telemetryLayer } = yield* Effect.promise(() => import("./telemetry.ts"))
    return telemetryLayer
  })
)

/** Runs `sml` with the arguments and ends the process with its exit code. */
export const runCommandLine = (args: ReadonlyArray<string>): void => {
  stopAtOnce()
  stopWhenUnheard()
  smlCommand(args).pipe(
    Effect.flatMap((command) => Command.runWith(command, { version })(args)),
    Effect.provide(
      Layer.mergeAll(
        NodeServices.layer,
        Screen.layer,
        CliOutput.layerPresenter(usagePresenter),
        observed
      )
    ),
    // outside of the commands, which read the flag themselves
    Effect.catchTag("ConfigError", (error) => reported(Effect.fail(error))),
    Effect.provideService(LogFormat, asksForJson(args, process.env) ? "json" : "text"),
    (program) => NodeRuntime.runMain(program)
  )
}
