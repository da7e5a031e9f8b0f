import { describe, expect, it } from "@effect/vitest"
import { AdvantageForm } from "@sml/grpo-core/AdvantageForm"
import { advantageLaws, type GroupForm } from "@sml/grpo-core/AdvantageLaws"
import { advantages } from "@sml/grpo-core/advantages"
import { batchAdvantageLaws } from "@sml/grpo-core/BatchAdvantageLaws"
import { groupAdvantages } from "@sml/grpo-core/groupAdvantages"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"

import golden from "./golden/advantages.json" with { type: "json" }

const batchOf = (form: AdvantageForm) => (groups: ReadonlyArray<ArrayLike<number>>) =>
  Result.getOrThrow(advantages(groups, form)).map((group) => group.advantages)

const refusal = (groups: ReadonlyArray<ArrayLike<number>>, form: AdvantageForm) =>
  Result.getOrThrow(Result.flip(advantages(groups, form)))

const groupForms: ReadonlyArray<AdvantageForm & { readonly _tag: GroupForm }> = [
  { _tag: "GroupStd", epsilon: 1e-6, std: "population" },
  { _tag: "GroupStd", epsilon: 0, std: "sample" },
  { _tag: "MeanCentred" },
  { _tag: "LeaveOneOut" },
  { _tag: "MeanNormalised", epsilon: 1e-6 },
  { _tag: "MeanNormalised", epsilon: 0 }
]

describe.each(groupForms)("the laws of $_tag", (form) => {
  const epsilon = "epsilon" in form ? form.epsilon : 0
  const std = "std" in form ? form.std : "population"
  const alone = (returns: Float64Array) => batchOf(form)([returns])[0] ?? []
  it.each(advantageLaws(alone, { form: form._tag, epsilon, std }))("$name", ({ property }) => {
    fc.assert(property, { numRuns: 60 })
  })
})

const epsilon = 1e-6
const batchForms = [
  ["BatchStd", { _tag: "BatchStd", epsilon, std: "sample" }],
  ["ReinforcePlusPlus", { _tag: "ReinforcePlusPlus", epsilon, std: "sample", baseline: "batch" }],
  [
    "ReinforcePlusPlusBaseline",
    { _tag: "ReinforcePlusPlus", epsilon, std: "population", baseline: "group" }
  ]
] as const

describe.each(batchForms)("the laws of %s", (name, form) => {
  const laws = batchAdvantageLaws(batchOf(form), { form: name, epsilon, std: form.std })
  it.each(laws)("$name", ({ property }) => {
    fc.assert(property, { numRuns: 60 })
  })
})

const allForms: ReadonlyArray<AdvantageForm> = [
  ...groupForms,
  ...batchForms.map(([, form]) => form)
]

describe("advantages", () => {
  it.each(golden.cases)("are those of $form", ({ advantages: expected, digits, form, returns }) => {
    const found = batchOf(Schema.decodeUnknownSync(AdvantageForm)(form))(returns).flatMap((group) =>
      Array.from(group)
    )
    for (const [at, value] of expected.flat().entries()) {
      expect(Math.abs((found[at] ?? Number.NaN) - value)).toBeLessThan(
        10 ** -digits * (1 + Math.abs(value))
      )
    }
  })

  it("has the bits of groupAdvantages where the form is the same", () => {
    const finite = fc.double({ noNaN: true, noDefaultInfinity: true })
    fc.assert(
      fc.property(fc.array(finite, { minLength: 2, maxLength: 9 }), (group) => {
        const [one] = Result.getOrThrow(
          advantages([group], { _tag: "GroupStd", epsilon: 1e-6, std: "population" })
        )
        expect(one).toEqual(Result.getOrThrow(groupAdvantages(group)))
      })
    )
  })

  it("normalises a batch of one group as that group", () => {
    const exact = fc.array(
      fc.integer({ min: -8000, max: 8000 }).map((value) => value / 8),
      {
        minLength: 2,
        maxLength: 12
      }
    )
    fc.assert(
      fc.property(exact, fc.constantFrom("population", "sample"), (group, std) => {
        const [expected = []] = batchOf({ _tag: "GroupStd", epsilon, std })([group])
        for (const [, form] of batchForms) {
          const [found = []] = batchOf({ ...form, std })([group])
          for (const [at, value] of expected.entries()) expect(found[at]).toBeCloseTo(value, 9)
        }
      })
    )
  })

  it("flags a group without variance in every form that compares within groups", () => {
    for (const form of allForms) {
      const flags = Result.getOrThrow(
        advantages(
          [
            [1, 1, 1],
            [0, 1]
          ],
          form
        )
      ).map(({ degenerate }) => degenerate)
      const compares = form._tag !== "ReinforcePlusPlus" || form.baseline === "group"
      expect(flags).toEqual([compares, false])
    }
    const [first] = Result.getOrThrow(
      advantages(
        [
          [1, 1],
          [1, 1, 1]
        ],
        {
          _tag: "ReinforcePlusPlus",
          epsilon: 0,
          std: "population",
          baseline: "batch"
        }
      )
    )
    expect(first).toMatchObject({ degenerate: true, std: 0, mean: 1 })
  })

  it("gives the moments of the returns in every form", () => {
    for (const form of allForms) {
      const [group] = Result.getOrThrow(
        advantages(
          [
            [3, 1],
            [0, 0]
          ],
          form
        )
      )
      expect(group).toMatchObject({ mean: 2 })
      expect(group?.std).toBeCloseTo(
        form._tag === "GroupStd" && form.std === "sample" ? Math.SQRT2 : 1,
        12
      )
    }
  })

  it.each([1e300, 1e-300])("is stable at ±%d in every form", (size) => {
    for (const form of allForms) {
      const [[high = 0, low = 0] = []] = batchOf(form)([
        [size, 0],
        [size, 0]
      ])
      // what is added to the divisor decides where the returns are far below it
      const scale = "epsilon" in form ? Math.min(1, size / (form.epsilon || size)) : size
      expect(high / scale).toBeGreaterThan(0.4)
      expect(high / scale).toBeLessThan(1.1)
      expect(high).toBe(-low)
    }
  })

  it("says which return of which group has no advantage", () => {
    for (const form of allForms) {
      expect(refusal([[0, 1], [1]], form)).toMatchObject({ _tag: "GroupTooSmall", group: 1 })
      expect(refusal([[0, Number.NaN]], form)).toMatchObject({ _tag: "NonFiniteReturn", index: 1 })
    }
    const negative = refusal(
      [
        [0, 1],
        [0, -1]
      ],
      { _tag: "MeanNormalised", epsilon: 0 }
    )
    expect(negative).toMatchObject({ _tag: "NegativeReturn", index: 1, group: 1, value: -1 })
    expect(negative.message).toMatch(/^Return 1 of group 1 of the batch is -1; .*at least 0/)
    const far = refusal([[Number.MAX_VALUE, -Number.MAX_VALUE]], { _tag: "LeaveOneOut" })
    expect(far).toMatchObject({ _tag: "AdvantageOverflow", group: 0 })
  })

  it("has nothing to say about no groups, and refuses an impossible epsilon", () => {
    for (const form of allForms) expect(batchOf(form)([])).toEqual([])
    expect(() => advantages([[0, 1]], { _tag: "MeanNormalised", epsilon: -1 })).toThrow(RangeError)
  })
})
