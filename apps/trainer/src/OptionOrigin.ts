/** Where the value of a setting comes from. */
import { flagName } from "./flagName.ts"

/** From the strongest to the weakest: a flag, a key of the configuration file, a variable, the default. */
export type OptionOrigin =
  | { readonly _tag: "Flag"; readonly flag: string }
  | { readonly _tag: "File"; readonly file: string; readonly key: string }
  | { readonly _tag: "Environment"; readonly variable: string }
  | { readonly _tag: "Default" }

const strength = { Flag: 3, File: 2, Environment: 1, Default: 0 } as const

/** Whether `left` wins over `right`. */
export const isStronger = (left: OptionOrigin, right: OptionOrigin): boolean =>
  strength[left._tag] > strength[right._tag]

/** `sml.config.ts: "steps"`, `--steps`, `SML_TRAIN_STEPS`. */
export const originText = (origin: OptionOrigin): string => {
  switch (origin._tag) {
    case "Flag":
      return origin.flag
    case "File":
      return `${origin.file}: "${origin.key}"`
    case "Environment":
      return origin.variable
    case "Default":
      return "default"
    default:
      return origin satisfies never
  }
}

/** `lora.rank` → `--lora-rank`. */
export const flagOf = (key: string): string => `--${flagName(key.replaceAll(".", "-"))}`

/** What the variables of settings begin with. */
export const variablePrefix = "SML_TRAIN_"

/** `lora.rank` → `SML_TRAIN_LORA_RANK`. */
export const variableOf = (key: string): string =>
  variablePrefix + flagName(key.replaceAll(".", "-")).replaceAll("-", "_").toUpperCase()
