/** All generators with what they do. */
import { TaskSourceError } from "../../TaskSourceError.ts"
import { algebra } from "./algebra.ts"
import { algorithms } from "./algorithms.ts"
import { arithmetic } from "./arithmetic.ts"
import { code } from "./code.ts"
import type { DefinedGenerator } from "./defineGenerator.ts"
import { logic } from "./logic.ts"
import { numberTheory } from "./numberTheory.ts"
import { strings } from "./strings.ts"

export const catalogue: ReadonlyArray<DefinedGenerator> = [
  ...arithmetic,
  ...algebra,
  ...numberTheory,
  ...logic,
  ...algorithms,
  ...strings,
  ...code
]

/** Throws a `TaskSourceError` for a name that is not in the catalogue. */
export const generatorOf = (name: string): DefinedGenerator => {
  const found = catalogue.find((generator) => generator.name === name)
  if (found !== undefined) return found
  const names = catalogue.map((generator) => generator.name).join(", ")
  throw new TaskSourceError({ reason: `There is no generator ${name}; choose one of ${names}.` })
}
