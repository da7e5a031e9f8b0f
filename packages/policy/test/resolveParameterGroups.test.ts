import { adamW, AdamW, decodeOptions, resolveParameterGroups } from "@sml/policy"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

const names = [
  "model.embed_tokens.weight",
  "model.layers.0.self_attn.q_proj.weight",
  "model.layers.0.input_layernorm.weight",
  "model.layers.1.self_attn.q_proj.weight"
]
const decayed = [true, true, false, true]
const settings = adamW({ learningRate: 1e-3, weightDecay: 0.1 })
const resolve = (groups: AdamW["groups"]) =>
  resolveParameterGroups(groups === undefined ? settings : { ...settings, groups }, names, decayed)

describe("resolveParameterGroups", () => {
  it("is the optimiser's settings where there is no group", () => {
    const plain = decayed.map((decay) => ({ learningRate: 1e-3, weightDecay: decay ? 0.1 : 0 }))
    expect(Result.getOrThrow(resolve(undefined))).toEqual(plain)
    expect(Result.getOrThrow(resolve([]))).toEqual(plain)
  })

  it("takes the first group that matches", () => {
    const resolved = Result.getOrThrow(
      resolve([
        { parameters: "layers\\.1\\.", learningRateScale: 0.5 },
        { parameters: "q_proj", weightDecay: 0.3 },
        { parameters: "norm", learningRateScale: 2, weightDecay: 0.2 }
      ])
    )
    expect(resolved).toEqual([
      { learningRate: 1e-3, weightDecay: 0.1 },
      { learningRate: 1e-3, weightDecay: 0.3 },
      { learningRate: 2e-3, weightDecay: 0.2 },
      { learningRate: 5e-4, weightDecay: 0.1 }
    ])
  })

  it("scales the learning rate of a group that matches all, and nothing else", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 10, noNaN: true }), (learningRateScale) => {
        const resolved = Result.getOrThrow(resolve([{ parameters: "", learningRateScale }]))
        resolved.forEach(({ learningRate, weightDecay }, index) => {
          expect(learningRate).toBe(1e-3 * learningRateScale)
          expect(weightDecay).toBe(decayed[index] === true ? 0.1 : 0)
        })
      })
    )
  })

  it.each([
    ["matches nothing", [{ parameters: "lm_head", weightDecay: 0 }], /"lm_head" gets none/],
    [
      "comes after one that has everything",
      [
        { parameters: ".", weightDecay: 0 },
        { parameters: "q_proj", weightDecay: 1 }
      ],
      /"q_proj" gets none of the 4 parameters/
    ],
    ["is no expression", [{ parameters: "(", weightDecay: 0 }], /"\(" is malformed/],
    ["sets nothing", [{ parameters: "norm" }], /"norm" is malformed/],
    ["is out of range", [{ parameters: "norm", learningRateScale: -1 }], /malformed/]
  ])("refuses a group that %s", (_what, groups, problem) => {
    const result = resolve(groups)
    expect(Result.isFailure(result) ? result.failure.message : "").toMatch(problem)
  })

  it.each([
    [{ parameters: "(", weightDecay: 0 }, /"\(" is not a regular expression/],
    [{ parameters: "norm" }, /sets nothing/],
    [{ parameters: "norm", weightDecay: -1 }, /weightDecay/],
    [{ parameters: "norm", weightDecays: 1 }, /weightDecays/]
  ])("is checked with the options of a method, too: %o", async (group, problem) => {
    const error = await Effect.runPromise(
      Effect.flip(decodeOptions("here", AdamW, { ...settings, groups: [group] }))
    )
    expect(error.message).toMatch(problem)
  })
})
