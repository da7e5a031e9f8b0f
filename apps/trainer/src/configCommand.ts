/** `sml config`. */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"

import { jsonText } from "./jsonText.ts"
import { originText } from "./OptionOrigin.ts"
import { reported } from "./reported.ts"
import { type ResolvedOptions, resolveTraining } from "./resolveOptions.ts"
import { safeText } from "./safeText.ts"
import { textColumns } from "./textColumns.ts"
import { configFlag, trainFlags } from "./trainFlags.ts"
import { optionFields } from "./TrainOptions.ts"

/** A setting as it would act. `value` is absent where it is off or decided by the machine. */
interface EffectiveOption {
  readonly key: string
  readonly value?: unknown
  readonly origin: string
}

/** What an absent setting means. */
const whenAbsent: Readonly<Record<string, string>> = {
  threads: "one per core, at most 8",
  device: "cpu",
  checkpoint: "the embedded student",
  lora: "none: every weight is trained",
  json: "none"
}

/** Every setting with its value and where that comes from; those of an adapter one by one. */
export const effectiveOptions = ({
  layers,
  options,
  origins
}: ResolvedOptions): ReadonlyArray<EffectiveOption> => {
  const values = new Map<string, unknown>(Object.entries(options))
  const row = (key: string, value: unknown): EffectiveOption => {
    const origin = origins.get(key)
    return {
      key,
      ...(value !== undefined && { value }),
      origin: origin === undefined ? "default" : originText(origin)
    }
  }
  return [
    ...Object.keys(optionFields).flatMap((key) =>
      key === "lora" && options.lora !== undefined
        ? Object.entries(options.lora).map(([name, value]) => row(`lora.${name}`, value))
        : [row(key, values.get(key))]
    ),
    ...Object.entries(layers).flatMap(([name, layer]) =>
      layer === undefined ? [] : [row(`layers.${name}`, "a layer")]
    )
  ]
}

const shown = ({ key, value }: EffectiveOption): string => {
  if (value === undefined) return whenAbsent[key] ?? "off"
  return typeof value === "string" ? value : jsonText(value)
}

/** One line a setting; a long path does not push the others apart. */
const renderOptions = (rows: ReadonlyArray<EffectiveOption>): string =>
  textColumns(
    rows.map((row) => [row.key, shown(row), row.origin].map(safeText)),
    40
  )

/** Prints the settings that `sml train` would run with, given the same flags. */
export const configCommand = Command.make(
  "config",
  {
    config: configFlag,
    format: Flag.Literals("format", ["text", "json"]).pipe(
      Flag.withDescription("how it is printed (default text)"),
      Flag.withDefault("text")
    ),
    ...trainFlags
  },
  Effect.fn("sml.config")(function* ({ config, format, ...flags }) {
    const resolved = yield* resolveTraining(config, flags)
    const rows = effectiveOptions(resolved)
    yield* Console.log(
      format === "json"
        ? jsonText(Object.fromEntries(rows.map(({ key, ...row }) => [key, row])))
        : renderOptions(rows)
    )
  }, reported)
).pipe(
  Command.withDescription(
    "Print the settings that sml train would run with, given the same flags, and where each comes from: a flag, the configuration file, a variable SML_TRAIN_…, or the default. What sml train would refuse is refused here."
  ),
  Command.withShortDescription("print the effective configuration"),
  Command.withExamples([
    { command: "sml config", description: "of this folder" },
    { command: "sml config --surrogate cispo --epochs 2", description: "with these flags" },
    { command: "sml config --format json", description: "for programs" }
  ])
)
