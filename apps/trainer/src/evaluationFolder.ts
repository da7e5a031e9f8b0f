/** Where an evaluation lies that is told no folder. */
import { createHash } from "node:crypto"

/** Longest readable part of a model's name in a folder's. */
const READABLE = 40

/**
 * `.sml/evals/gsm8k-SmolLM2-135M-1f3a9c-1`: the suite, the protocol where one is named, the end of the
 * model's path or name with a hash of all of it, and the seed.
 */
export const evaluationFolder = (evaluation: {
  readonly suite: string
  readonly protocol: string | undefined
  readonly model: string
  readonly modelName: string | undefined
  readonly seed: number
}): string => {
  const { model, modelName, protocol, seed, suite } = evaluation
  // an address may hold a key
  const shown = modelName ?? (URL.canParse(model) ? new URL(model).hostname : model)
  const readable = shown
    .split(/[/\\]/)
    .findLast((part) => /\w/.test(part))
    ?.replaceAll(/[^\w.-]+/g, "-")
    .slice(0, READABLE)
  const hash = createHash("sha256")
    .update(JSON.stringify([model, modelName]))
    .digest("hex")
  const parts = [suite, protocol, readable, hash.slice(0, 6), seed]
  return `.sml/evals/${parts.filter((part) => part !== undefined).join("-")}`
}
