import { readFileSync } from "node:fs"
import { join } from "node:path"

import { describe, expect, it } from "@effect/vitest"
import {
  type Aggregation,
  type Datum,
  evaluateObjective,
  evaluatePolicyObjective,
  objectiveNeeds,
  PolicyOptimisation,
  type Surrogate
} from "@sml/policy"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"

const Rows = Schema.Array(Schema.Array(Schema.Finite))
const Golden = Schema.Struct({
  data: Schema.Struct({
    advantages: Schema.Array(Schema.Finite),
    logprobs: Rows,
    sampled: Rows,
    proximal: Rows,
    reference: Rows,
    entropies: Rows
  }),
  cases: Schema.Array(
    Schema.Struct({
      objective: PolicyOptimisation,
      loss: Schema.Finite,
      gradient: Rows,
      entropyGradient: Schema.optionalKey(Rows),
      metrics: Schema.Record(Schema.String, Schema.Finite)
    })
  )
})
const golden = Schema.decodeUnknownSync(Schema.fromJsonString(Golden))(
  readFileSync(join(import.meta.dirname, "golden/objectives.json"), "utf8")
)

const floats = (row: Iterable<number> = []) => Float32Array.from(row)

const goldenData = golden.data.sampled.map((sampled, i): Datum => ({
  tokens: new Int32Array(sampled.length + 1),
  weights: new Float32Array(sampled.length).fill(1),
  advantages: new Float32Array(sampled.length).fill(golden.data.advantages[i] ?? 0),
  logprobs: floats(sampled),
  proximal: floats(golden.data.proximal[i]),
  reference: floats(golden.data.reference[i])
}))

const expectRows = (
  found: ReadonlyArray<ArrayLike<number>>,
  expected: ReadonlyArray<ReadonlyArray<number>>,
  tolerance: number
) => {
  expect(found.length).toBe(expected.length)
  for (const [i, row] of expected.entries()) {
    expect(found[i]?.length).toBe(row.length)
    for (const [t, value] of row.entries()) {
      expect(Math.abs((found[i]?.[t] ?? Number.NaN) - value)).toBeLessThan(tolerance)
    }
  }
}

describe("against TRL's own loss", () => {
  it.each(golden.cases)("$objective", ({ entropyGradient, gradient, loss, metrics, objective }) => {
    const { entropies, logprobs } = golden.data
    const found = evaluatePolicyObjective(objective, goldenData, logprobs, entropies)
    expect(found.loss).toBeCloseTo(loss, 12)
    expectRows(found.gradient, gradient, 1e-12)
    expectRows(
      found.entropyGradient,
      entropyGradient ?? goldenData.map(({ weights }) => [...weights].fill(0)),
      1e-12
    )
    for (const [name, value] of Object.entries(metrics)) {
      expect(Object.entries(found.metrics).find(([key]) => key === name)?.[1]).toBeCloseTo(value, 6)
    }
  })
})

const surrogates: ReadonlyArray<Surrogate> = [
  { _tag: "Reinforce" },
  { _tag: "ImportanceSampling" },
  { _tag: "Clip", low: 0.2, high: 0.28 },
  { _tag: "Clip", low: 0.2, high: 0.2, dual: 1.5 },
  { _tag: "SequenceClip", low: 0.1, high: 0.2 },
  { _tag: "Cispo", low: 0.3, high: 0.3 },
  { _tag: "Cispo", high: 0.3 }
]
const aggregations: ReadonlyArray<Aggregation> = [
  { _tag: "TokenMean" },
  { _tag: "SequenceMean" },
  { _tag: "Constant", length: 7 },
  { _tag: "PromptMean" }
]
const extras: ReadonlyArray<Partial<PolicyOptimisation>> = [
  {},
  { kl: { estimator: "k1", coefficient: 0.3, against: "reference" } },
  { kl: { estimator: "k2", coefficient: 0.3, against: "sampler" }, maskOverlong: true },
  {
    kl: { estimator: "k3", coefficient: 0.3, against: "reference" },
    entropy: 0.2,
    correction: { level: "token", mode: "truncate", max: 1.1, min: 0.9 }
  },
  { entropy: 0.1, correction: { level: "sequence", mode: "mask", max: 1.5 } }
]
const combine = (
  surrogate: Surrogate,
  aggregation: Aggregation,
  extra: Partial<PolicyOptimisation>
): PolicyOptimisation => ({ _tag: "PolicyOptimisation", surrogate, aggregation, ...extra })

const objectives = surrogates.flatMap((surrogate) =>
  aggregations.flatMap((aggregation) =>
    extras.map((extra) => combine(surrogate, aggregation, extra))
  )
)

const logprob = fc.double({ min: -3, max: -0.1, noNaN: true })
/** Targets as [weight, advantage, sampled, proximal, reference, current, entropy]. */
const sequence = fc.record({
  targets: fc.array(
    fc.tuple(
      fc.constantFrom(0, 0.5, 1),
      fc.double({ min: -2, max: 2, noNaN: true }),
      logprob,
      logprob,
      logprob,
      logprob,
      fc.double({ min: 0.1, max: 2, noNaN: true })
    ),
    { minLength: 1, maxLength: 4 }
  ),
  group: fc.constantFrom("a", "b"),
  truncated: fc.boolean()
})

const batch = fc.array(sequence, { minLength: 1, maxLength: 4 }).map((sequences) => ({
  data: sequences.map(({ group, targets, truncated }): Datum => ({
    tokens: new Int32Array(targets.length + 1),
    weights: floats(targets.map(([weight]) => weight)),
    advantages: floats(targets.map(([, advantage]) => advantage)),
    logprobs: floats(targets.map(([, , sampled]) => sampled)),
    proximal: floats(targets.map(([, , , proximal]) => proximal)),
    reference: floats(targets.map(([, , , , reference]) => reference)),
    group,
    truncated
  })),
  logprobs: sequences.map(({ targets }) => targets.map((target) => target[5])),
  entropies: sequences.map(({ targets }) => targets.map((target) => target[6]))
}))

/** Central differences of `loss` in every entry of `rows`. */
const differences = (
  rows: ReadonlyArray<ReadonlyArray<number>>,
  loss: (moved: ReadonlyArray<ReadonlyArray<number>>) => number,
  step: number
) =>
  rows.map((row, i) =>
    row.map((centre, t) => {
      const at = (by: number) => loss(rows.with(i, row.with(t, centre + by)))
      return (at(step) - at(-step)) / (2 * step)
    })
  )

interface Sample {
  readonly data: ReadonlyArray<Datum>
  readonly logprobs: ReadonlyArray<ReadonlyArray<number>>
}

/** `Cispo` with its weights held: REINFORCE with the advantages times the clipped ratio. */
const held = (
  { data, logprobs }: Sample,
  objective: PolicyOptimisation
): { readonly objective: PolicyOptimisation; readonly data: ReadonlyArray<Datum> } => {
  const { surrogate } = objective
  if (surrogate._tag !== "Cispo") return { objective, data }
  const { high, low = Infinity } = surrogate
  const weighted = (datum: Datum, row: ReadonlyArray<number>): Datum => {
    const anchor = objective.correction === undefined ? datum.logprobs : datum.proximal
    const advantages = floats(datum.advantages).map((advantage, t) => {
      const ratio = Math.exp((row[t] ?? 0) - (anchor?.[t] ?? 0))
      return advantage * Math.min(Math.max(ratio, 1 - low), 1 + high)
    })
    return { ...datum, advantages }
  }
  return {
    objective: { ...objective, surrogate: { _tag: "Reinforce" } },
    data: data.map((datum, i) => weighted(datum, logprobs[i] ?? []))
  }
}

const plain = (more: Partial<PolicyOptimisation> = {}): PolicyOptimisation => ({
  _tag: "PolicyOptimisation",
  surrogate: { _tag: "Reinforce" },
  aggregation: { _tag: "TokenMean" },
  ...more
})

const datum = (more: Partial<Datum> = {}): Datum => ({
  tokens: new Int32Array(2),
  weights: floats([1]),
  advantages: floats([0]),
  ...more
})

describe("evaluatePolicyObjective", () => {
  it.each(objectives)(
    "has the derivatives that finite differences find: $surrogate, $aggregation",
    (description) => {
      fc.assert(
        fc.property(batch, (sample) => {
          const { entropies, logprobs } = sample
          const found = evaluatePolicyObjective(description, sample.data, logprobs, entropies)
          const { data, objective } = held(sample, description)
          const slopes = (step: number) =>
            differences(
              logprobs,
              (rows) => evaluatePolicyObjective(objective, data, rows, entropies).loss,
              step
            )
          const fine = slopes(5e-7)
          for (const [i, row] of slopes(1e-6).entries()) {
            for (const [t, slope] of row.entries()) {
              // a kink of min or clip is near
              if (Math.abs(slope - (fine[i]?.[t] ?? 0)) > 1e-6) continue
              expect(Math.abs(slope - (found.gradient[i]?.[t] ?? Number.NaN))).toBeLessThan(1e-5)
            }
          }
          const byEntropy = differences(
            entropies,
            (rows) => evaluatePolicyObjective(description, sample.data, logprobs, rows).loss,
            1e-3
          )
          expectRows(found.entropyGradient, byEntropy, 1e-9)
        }),
        { numRuns: 8 }
      )
    }
  )

  it("is the clipped objective where the choices are the same", () => {
    const clipped = plain({ surrogate: { _tag: "Clip", low: 0.2, high: 0.3 } })
    fc.assert(
      fc.property(batch, ({ data, logprobs }) => {
        const ours = evaluateObjective(clipped, data, logprobs)
        const other = evaluateObjective(
          { _tag: "ClippedPolicyGradient", clipLow: 0.2, clipHigh: 0.3, normaliser: "weight" },
          data,
          logprobs
        )
        expect(ours.loss).toBeCloseTo(other.loss, 12)
        expectRows(
          ours.gradient,
          other.gradient.map((row) => Array.from(row)),
          1e-12
        )
      })
    )
  })

  it("estimates the divergence in the three ways", () => {
    const compared = datum({ reference: floats([-2]) })
    const kl = (estimator: "k1" | "k2" | "k3") =>
      evaluatePolicyObjective(
        plain({ kl: { estimator, coefficient: 1, against: "reference" } }),
        [compared],
        [[-1]]
      )
    // δ = −1
    for (const [estimator, value, slope] of [
      ["k1", 1, 1],
      ["k2", 0.5, 1],
      ["k3", Math.exp(-1), 1 - Math.exp(-1)]
    ] as const) {
      const { gradient, loss, metrics } = kl(estimator)
      expect([loss, gradient[0]?.[0], metrics.kl]).toEqual([value, slope, value])
    }
  })

  it("weighs tokens, sequences and prompts as its aggregation says", () => {
    const long = datum({
      tokens: new Int32Array(4),
      weights: floats([1, 1, 1]),
      advantages: floats([1, 1, 1]),
      group: "a"
    })
    const short = datum({ advantages: floats([1]), group: "a" })
    const other = datum({ advantages: floats([1]), group: "b" })
    const slopes = (aggregation: Aggregation) =>
      evaluatePolicyObjective(
        plain({ aggregation }),
        [long, short, other],
        [[0, 0, 0], [0], [0]]
      ).gradient.map((row) => -(row[0] ?? 0))
    expect(slopes({ _tag: "TokenMean" })).toEqual([1 / 5, 1 / 5, 1 / 5])
    expect(slopes({ _tag: "SequenceMean" })).toEqual([1 / 9, 1 / 3, 1 / 3])
    expect(slopes({ _tag: "Constant", length: 10 })).toEqual([1 / 30, 1 / 30, 1 / 30])
    expect(slopes({ _tag: "PromptMean" })).toEqual([1 / 8, 1 / 8, 1 / 2])
  })

  it("does not count what was cut off, and has nothing to say when all was", () => {
    const cut = datum({ advantages: floats([1]), truncated: true })
    const whole = datum({ advantages: floats([1]), truncated: false })
    const mask = plain({ maskOverlong: true })
    const { gradient, loss } = evaluatePolicyObjective(mask, [cut, whole], [[-5], [-1]])
    expect([loss, ...gradient.map((row) => row[0])]).toEqual([1, 0, -1])
    const none = evaluatePolicyObjective(mask, [cut], [[-5]])
    expect([none.loss, none.gradient[0]?.[0]]).toEqual([0, 0])
  })

  it("takes the ratio to the proximal policy where it corrects for the sampler", () => {
    const data = [
      datum({ advantages: floats([1]), logprobs: floats([-2]), proximal: floats([-1]) })
    ]
    const objective = plain({
      surrogate: { _tag: "Clip", low: 0.5, high: 0.5 },
      correction: { level: "token", mode: "truncate", max: 2 }
    })
    const { gradient, metrics } = evaluatePolicyObjective(objective, data, [[-1]])
    // the ratio is 1 and not clipped; e is truncated to 2
    expect(gradient[0]?.[0]).toBe(-2)
    expect(metrics["sampling/importance_sampling_ratio/max"]).toBe(2)
    const masked = plain({ ...objective, correction: { level: "token", mode: "mask", max: 2 } })
    expect(evaluatePolicyObjective(masked, data, [[-1]]).gradient[0]?.[0]).toBeCloseTo(0, 15)
  })

  it("refuses data without what it needs, and an entropy bonus without entropies", () => {
    const objective = plain({
      surrogate: { _tag: "SequenceClip", low: 0.1, high: 0.1 },
      aggregation: { _tag: "PromptMean" },
      kl: { estimator: "k3", coefficient: 0.1, against: "reference" },
      maskOverlong: true
    })
    const needs = objectiveNeeds(objective)
    expect([...needs].toSorted()).toEqual([
      "advantages",
      "group",
      "logprobs",
      "reference",
      "truncated"
    ])
    const complete = datum({
      logprobs: floats([-1]),
      reference: floats([-1]),
      group: "a",
      truncated: false,
      label: "e/1"
    })
    expect(evaluatePolicyObjective(objective, [complete], [[-1]]).metrics.kl).toBe(0)
    for (const part of needs) {
      const { [part]: _, ...rest } = complete
      expect(() => evaluatePolicyObjective(objective, [rest], [[-1]])).toThrow(
        `datum e/1 has no ${part}`
      )
    }
    expect(() => evaluatePolicyObjective(plain({ entropy: 0.1 }), [datum()], [[-1]])).toThrow(
      "give the entropies"
    )
  })

  it("has no place for an option that cannot act", () => {
    const decode = Schema.decodeUnknownResult(PolicyOptimisation, { onExcessProperty: "error" })
    const refused = (surrogate: unknown, more = {}) =>
      decode({ ...plain(more), surrogate })._tag === "Failure"
    expect(refused({ _tag: "Reinforce" })).toBe(false)
    expect(refused({ _tag: "Reinforce", high: 0.2 })).toBe(true)
    expect(refused({ _tag: "Clip", low: 0.2, high: 0.2, dual: 1 })).toBe(true)
    expect(refused({ _tag: "SequenceClip", low: 0.2, high: 0.2, dual: 2 })).toBe(true)
    expect(refused({ _tag: "Reinforce" }, { entropy: 0 })).toBe(true)
    // @ts-expect-error there is nothing to clip in REINFORCE
    const clipped: Surrogate = { _tag: "Reinforce", high: 0.2 }
    expect(refused(clipped)).toBe(true)
  })
})
