import { differentiability, operatorNames } from "@sml/onnx-autodiff"
import fc from "fast-check"
import { describe, expect, it } from "vitest"

import { checkGradient } from "./finiteDifferences.ts"
import { operatorCases } from "./operatorCases.ts"

describe("every rule agrees with finite differences", () => {
  it("there is a case for each differentiable operator and for no other", () => {
    const differentiable = operatorNames.filter((name) => differentiability(name).kind === "rule")
    expect(operatorNames.filter((name) => name in operatorCases)).toEqual(differentiable)
  })

  for (const name of operatorNames) {
    const operatorCase = operatorCases[name]
    if (operatorCase === undefined) continue
    it(name, async () => {
      let met = false
      await fc.assert(
        fc.asyncProperty(fc.gen(), async (gen) => {
          const operators = await checkGradient(gen, operatorCase)
          met ||= operators.has(name)
        }),
        { numRuns: 16 }
      )
      expect(met, `no graph of the case contained ${name}`).toBe(true)
    })
  }
})
