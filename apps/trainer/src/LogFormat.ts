import * as Flag from "effect/cli/Flag"
import * as GlobalFlag from "effect/cli/GlobalFlag"
/** In which form the commands say what they are doing. */
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

import { argumentValue } from "./argumentValue.ts"

/** What `--log-format` can be. */
export const logFormats = ["text", "json"] as const

/**
 * `--log-format`, for every command: `text` draws or writes for people; `json` writes one JSON object a
 * line on standard error, see `LogLine`, and leaves standard output to the results.
 */
export const LogFormat = GlobalFlag.Setting("log-format")({
  flag: Flag.Literals("log-format", logFormats).pipe(
    Flag.withDescription(
      "text: progress for people; json: one JSON object a line on standard error (default text, or the variable SML_LOG_FORMAT)"
    ),
    Flag.withFallbackConfig(
      Config.Literals(logFormats, "SML_LOG_FORMAT").pipe(Config.withDefault("text"))
    )
  )
})

/** Whether a command line asks for lines for programs: for what is said outside of its command. */
export const asksForJson = (
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string | undefined>>
): boolean => (argumentValue(args, "--log-format") ?? env["SML_LOG_FORMAT"]) === "json"

/** Whether lines for programs are wanted. */
export const logsJson: Effect.Effect<boolean> = Effect.map(
  Effect.serviceOption(LogFormat),
  Option.contains("json")
)
