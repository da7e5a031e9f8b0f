import { assert, describe, it } from "@effect/vitest"
import { Student } from "@sml/env-pomdp"
import { UpdateOptions } from "@sml/grpo-core"
import { updateFault } from "@sml/grpo-core/updateFault"
import { TabularPolicy } from "@sml/policy"
import { completeObjective } from "@sml/trainer/completeObjective"
import { ineffectiveOption } from "@sml/trainer/ineffectiveOption"
import { objectiveFields } from "@sml/trainer/ObjectiveOptions"
import type { OptionOrigin } from "@sml/trainer/OptionOrigin"
import type { ConfigLayers } from "@sml/trainer/SmlConfig"
import { defaultTrainOptions, PartialTrainOptions } from "@sml/trainer/TrainOptions"
import { updateOptionsOf } from "@sml/trainer/updateOptionsOf"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"

const inFile = (key: string): OptionOrigin => ({ _tag: "File", file: "sml.config.ts", key })

const complete = (given: PartialTrainOptions) =>
  completeObjective({ ...defaultTrainOptions, ...given })

/** The sentence about settings that a file gives, if there is one. */
const sentence = (given: PartialTrainOptions, layers: ConfigLayers = {}): string | undefined =>
  ineffectiveOption(
    complete(given),
    layers,
    new Map(Object.keys(given).map((key) => [key, inFile(key)]))
  )?.message

const ignored: ReadonlyArray<readonly [PartialTrainOptions, RegExp]> = [
  [{ horizon: 1, discount: 0.9 }, /"discount" does nothing: with one turn/],
  [{ advantage: "leave-one-out", advantageEpsilon: 1e-4 }, /"advantageEpsilon" does nothing/],
  [{ advantage: "mean-normalised", advantageStd: "sample" }, /"advantageStd" does nothing/],
  [{ advantageBaseline: "group" }, /"advantageBaseline" .* choose reinforce-plus-plus/],
  [{ surrogate: "reinforce", clipLow: 0.1 }, /"clipLow" .* the surrogate reinforce clips nothing/],
  [{ surrogate: "importance-sampling", clipHigh: 1, epochs: 2 }, /"clipHigh" does nothing/],
  [{ clipHigh: 0.3 }, /"clipHigh" .* in the one epoch .* raise epochs/],
  [{ surrogate: "cispo", clipDual: 3, epochs: 2 }, /"clipDual" .* choose clip/],
  [{ aggregationLength: 10 }, /"aggregationLength" .* choose constant/],
  [{ klEstimator: "k1" }, /"klEstimator" .* there is no KL penalty/],
  [{ klIn: "reward" }, /"klIn" does nothing/],
  [{ klAgainst: "sampler" }, /"klAgainst" does nothing/],
  [{ kl: 0.1, klAgainst: "sampler" }, /"kl" .* raise epochs/],
  [{ kl: 0.1, klIn: "reward", klAgainst: "reference" }, /"klAgainst" .* always against/],
  [{ correction: "token-mask" }, /"correction" .* while verifyLogprobs refuses/],
  [{ correction: "token-mask", verifyLogprobs: false }, /"correction" .* the ratios of clip/],
  [{ correctionMax: 3 }, /"correctionMax" .* there is no correction/],
  [{ correctionMin: 3 }, /"correctionMin" .* there is no correction/],
  [{ kl: 0.1, klIn: "reward", replacements: 4 }, /"replacements" .* leaves no group/],
  [{ advantage: "reinforce-plus-plus", replacements: 4 }, /"replacements" .* every group/],
  [{ verifyLogprobs: false, logprobTolerance: 1 }, /"logprobTolerance" .* nothing is compared/]
]

const acting: ReadonlyArray<PartialTrainOptions> = [
  {},
  { advantage: "leave-one-out", surrogate: "reinforce", aggregation: "constant" },
  { advantage: "batch-std", advantageEpsilon: 0, advantageStd: "sample" },
  { epochs: 2, clipLow: 0.1, clipHigh: 0.3, clipDual: 3 },
  { kl: 0.1, klEstimator: "k2", klAgainst: "reference" },
  { kl: 0.1, klAgainst: "sampler", epochs: 2 },
  { kl: 0.1, klIn: "reward" },
  {
    surrogate: "reinforce",
    correction: "sequence-mask",
    verifyLogprobs: false,
    correctionMin: 0.5
  },
  { advantage: "reinforce-plus-plus", advantageBaseline: "group", replacements: 4 },
  { replacements: 4, maskOverlong: true, entropyBonus: 0.01, logprobTolerance: 1e-3 }
]

describe("ineffectiveOption", () => {
  it.each(ignored)("%j is an error", (given, expected) => {
    assert.match(sentence(given) ?? "accepted", expected)
    assert.match(
      sentence(given) ?? "",
      /^sml\.config\.ts: "\w+" does nothing: .*, or leave it out$/
    )
  })

  it.each(acting)("%j acts", (given) => {
    assert.isUndefined(sentence(given))
  })

  it("settings of services that the configuration replaces are errors", () => {
    const policy = TabularPolicy.layer({ vocabularySize: 4 })
    const student = Layer.succeed(Student, { speak: () => Effect.die("unused") })
    for (const given of [{ threads: 2 }, { device: "cpu" }, { lora: { rank: 2 } }] as const) {
      assert.match(sentence(given, { policy }) ?? "accepted", /layers\.policy replaces/)
      assert.isUndefined(sentence(given))
    }
    assert.match(sentence({ maxTokens: 3 }, { student }) ?? "accepted", /layers\.student replaces/)
    assert.match(sentence({ checkpoint: "m" }, { policy, student }) ?? "accepted", /replace every/)
    assert.isUndefined(sentence({ checkpoint: "m" }, { policy }))
  })

  it("contradictions are errors", () => {
    assert.match(
      sentence({ advantage: "mean-normalised", kl: 0.1, klIn: "reward" }) ?? "accepted",
      /returns that are not negative/
    )
    assert.match(
      sentence({
        surrogate: "reinforce",
        verifyLogprobs: false,
        correction: "token-mask",
        correctionMin: 3
      }) ?? "accepted",
      /correctionMin is 3 and correctionMax 2/
    )
  })

  it("what is switched off is not asked for, unless somebody types it", () => {
    const flag: OptionOrigin = { _tag: "Flag", flag: "--typed" }
    const evaluation = { evalTasks: 3, evalHorizon: 3, underspecified: true, temperature: 0 }
    for (const [key, value] of Object.entries(evaluation)) {
      const options = complete({ eval: false, [key]: value })
      const message = (own: OptionOrigin, off: OptionOrigin) =>
        ineffectiveOption(options, {}, new Map([[key, own] as const, ["eval", off] as const]))
          ?.message
      assert.isUndefined(message(inFile(key), flag))
      assert.isUndefined(message(inFile(key), inFile("eval")))
      const variable: OptionOrigin = { _tag: "Environment", variable: "SML_TRAIN_EVAL" }
      for (const typed of [message(flag, inFile("eval")), message(flag, flag)]) {
        assert.match(typed ?? "accepted", /^--typed does nothing: nothing is measured/)
      }
      assert.match(message(inFile(key), variable) ?? "accepted", /does nothing/)
    }
  })
})

describe("updateOptionsOf", () => {
  const values = {
    advantage: fc.constantFrom(...objectiveFields.advantage.literals),
    advantageEpsilon: fc.constantFrom(0, 1e-4),
    advantageStd: fc.constantFrom(...objectiveFields.advantageStd.literals),
    advantageBaseline: fc.constantFrom(...objectiveFields.advantageBaseline.literals),
    surrogate: fc.constantFrom(...objectiveFields.surrogate.literals),
    clipLow: fc.constantFrom(0.1, 0.3),
    clipHigh: fc.constantFrom(0.1, 4),
    clipDual: fc.constantFrom(2, 3),
    aggregation: fc.constantFrom(...objectiveFields.aggregation.literals),
    aggregationLength: fc.constantFrom(1, 100),
    kl: fc.constantFrom(0.01, 1),
    klEstimator: fc.constantFrom(...objectiveFields.klEstimator.literals),
    klIn: fc.constantFrom(...objectiveFields.klIn.literals),
    klAgainst: fc.constantFrom(...objectiveFields.klAgainst.literals),
    entropyBonus: fc.constantFrom(0.01, 0.1),
    correction: fc.constantFrom(...objectiveFields.correction.literals),
    correctionMax: fc.constantFrom(2, 3),
    correctionMin: fc.constantFrom(0.5, 2.5),
    maskOverlong: fc.boolean(),
    epochs: fc.constantFrom(1, 2),
    replacements: fc.constantFrom(0, 4),
    verifyLogprobs: fc.boolean(),
    logprobTolerance: fc.constantFrom(1e-4, 1e-3)
  }
  const decode = Schema.decodeUnknownSync(PartialTrainOptions)
  const some = fc
    .subarray(Object.entries<fc.Arbitrary<unknown>>(values), { maxLength: 6 })
    .chain((chosen) => fc.record(Object.fromEntries(chosen)))

  it("the arbitrary has every setting", () => {
    assert.sameMembers(Object.keys(values), Object.keys(objectiveFields))
  })

  it("what is accepted is an update that has no fault, and every given setting changes it", () => {
    let accepted = 0
    fc.assert(
      fc.property(some, (raw) => {
        const given = decode(raw)
        if (sentence(given) !== undefined) return
        accepted += 1
        const update = updateOptionsOf(complete(given))
        const optimiser = Schema.decodeSync(UpdateOptions)({}).optimiser
        assert.isUndefined(updateFault({ ...update, optimiser }))
        // the schema accepts it as it is
        assert.deepStrictEqual(Schema.decodeSync(UpdateOptions)({ ...update, optimiser }), {
          ...update,
          optimiser
        })
        for (const [key, value] of Object.entries(given)) {
          if (key === "replacements") continue
          const without = Object.fromEntries(Object.entries(given).filter(([name]) => name !== key))
          const usual = complete(decode(without))
          if (Object.entries(usual).find(([name]) => name === key)?.[1] === value) continue
          if (key === "clipLow" || key === "clipHigh") {
            assert.include(JSON.stringify(update.objective), JSON.stringify(value))
          } else if (sentence(decode(without)) === undefined) {
            assert.notDeepEqual(updateOptionsOf(usual), update)
          }
        }
      }),
      { numRuns: 4000 }
    )
    assert.isAbove(accepted, 200)
  })

  it("the defaults are the update's own", () => {
    const { optimiser: _, ...usual } = Schema.decodeSync(UpdateOptions)({})
    assert.deepStrictEqual(updateOptionsOf(complete({})), usual)
  })
})
