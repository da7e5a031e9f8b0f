/** The table of architectures is complete: by its type, and in fact. */
import { ModelConfig } from "@sml/language-model"
import { architectures } from "@sml/policy-onnx/architectures"
import { expect, it } from "vitest"

it("has a row for every family that a checkpoint can have", () => {
  expect(new Set(Object.keys(architectures))).toEqual(new Set(ModelConfig.fields.family.literals))
})

it("does not compile without one of them", () => {
  const { qwen3, ...short } = architectures
  // @ts-expect-error: qwen3 is missing
  const table: typeof architectures = short
  expect({ ...table, qwen3 }).toEqual(architectures)
})
