import { readFileSync } from "node:fs"
import { join } from "node:path"

import {
  constantSchedule,
  decodeOptions,
  learningRateAt,
  LearningRateSchedule,
  scheduleFault
} from "@sml/policy"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

const Golden = Schema.Struct({
  learningRate: Schema.Number,
  cases: Schema.Array(
    Schema.Struct({
      schedule: Schema.Literals(["Constant", "Linear", "Cosine"]),
      warmupSteps: Schema.Int,
      totalSteps: Schema.Int,
      rates: Schema.Array(Schema.Number)
    })
  )
})

const golden = Schema.decodeUnknownSync(Schema.fromJsonString(Golden))(
  readFileSync(join(import.meta.dirname, "golden/schedules.json"), "utf8")
)

const rates = (schedule: LearningRateSchedule, steps: number) =>
  Array.from({ length: steps }, (_, step) =>
    learningRateAt(schedule, { learningRate: 1, step, steps })
  )

const shape = fc
  .record({
    warmupSteps: fc.nat(30),
    holdSteps: fc.nat(30),
    decaySteps: fc.integer({ min: 1, max: 60 }),
    finalFraction: fc.double({ min: 0, max: 1, noNaN: true }),
    tag: fc.constantFrom("Linear", "Cosine")
  })
  .map(({ decaySteps, tag, ...rest }) => ({
    schedule: { _tag: tag, ...rest } satisfies LearningRateSchedule,
    steps: rest.warmupSteps + rest.holdSteps + decaySteps
  }))

describe("learningRateAt", () => {
  it.each(golden.cases)(
    "is transformers' $schedule schedule of $totalSteps steps, $warmupSteps of them warm-up",
    ({ rates: expected, schedule: tag, totalSteps, warmupSteps }) => {
      const schedule: LearningRateSchedule =
        tag === "Constant"
          ? { _tag: tag, warmupSteps }
          : { _tag: tag, warmupSteps, holdSteps: 0, finalFraction: 0, totalSteps }
      const { learningRate } = golden
      const ours = expected.map((_rate, step) =>
        learningRateAt(schedule, { learningRate, step, steps: 1 })
      )
      expected.slice(warmupSteps).forEach((rate, index) => {
        expect(ours[warmupSteps + index]).toBeCloseTo(rate, 15)
      })
      // theirs begins at 0; ours has the rates of their next steps
      expect(expected[0]).toBe(warmupSteps === 0 ? learningRate : 0)
      expected.slice(1, warmupSteps + 1).forEach((rate, step) => {
        expect(ours[step]).toBeCloseTo(rate, 15)
      })
    }
  )

  it("rises in equal steps, stays, and falls within its bounds", () => {
    fc.assert(
      fc.property(shape, ({ schedule, steps }) => {
        const all = rates(schedule, steps + 3)
        const { finalFraction, holdSteps, warmupSteps } = schedule
        expect(all.slice(0, warmupSteps)).toEqual(
          Array.from({ length: warmupSteps }, (_, step) => (step + 1) / warmupSteps)
        )
        const held = all.slice(warmupSteps, warmupSteps + holdSteps)
        expect(held.every((rate) => rate === 1)).toBe(true)
        const falling = all.slice(warmupSteps + holdSteps)
        expect(falling[0]).toBeCloseTo(1, 12)
        falling.forEach((rate, index) => {
          expect(rate).toBeLessThanOrEqual((falling[index - 1] ?? 1) + 1e-12)
          expect(rate).toBeGreaterThanOrEqual(finalFraction - 1e-12)
        })
      })
    )
  })

  it("makes no jumps after the warm-up", () => {
    fc.assert(
      fc.property(shape, ({ schedule, steps }) => {
        const span = steps - schedule.warmupSteps - schedule.holdSteps
        const all = rates(schedule, steps).slice(schedule.warmupSteps)
        all.slice(1).forEach((rate, index) => {
          // the steepest slope of the cosine is π/2 times the line's
          expect((all[index] ?? 0) - rate).toBeLessThanOrEqual(Math.PI / 2 / span + 1e-12)
        })
      })
    )
  })

  it("is at its final fraction after the last step, and for good", () => {
    fc.assert(
      fc.property(shape, fc.nat(1000), ({ schedule, steps }, more) => {
        const late = learningRateAt(schedule, { learningRate: 1, step: steps + more, steps })
        expect(late).toBeCloseTo(schedule.finalFraction, 12)
      })
    )
  })

  it("takes its own number of steps before the run's", () => {
    const schedule: LearningRateSchedule = {
      _tag: "Cosine",
      warmupSteps: 2,
      holdSteps: 1,
      finalFraction: 0.1
    }
    const moment = { learningRate: 2, step: 5, steps: 10 }
    const own = { ...schedule, totalSteps: 10 }
    expect(learningRateAt(own, { ...moment, steps: 99 })).toBe(learningRateAt(schedule, moment))
  })

  it("is the learning rate itself without a schedule", () => {
    expect(rates(constantSchedule, 5)).toEqual([1, 1, 1, 1, 1])
  })
})

describe("scheduleFault", () => {
  it("finds a decay that never begins", () => {
    const schedule = { _tag: "Linear", warmupSteps: 3, holdSteps: 2, finalFraction: 0 } as const
    expect(scheduleFault(schedule, 6)).toBeUndefined()
    expect(scheduleFault(schedule, 5)).toMatch(/^the linear schedule has 3 warmupSteps and 2 hold/)
    expect(scheduleFault({ ...schedule, totalSteps: 4 }, 100)).toMatch(/4 steps in all/)
    expect(scheduleFault({ _tag: "Constant", warmupSteps: 9 }, 5)).toBeUndefined()
  })
})

describe("LearningRateSchedule", () => {
  it("fills in its defaults", async () => {
    const decoded = await Effect.runPromise(
      decodeOptions("here", LearningRateSchedule, { _tag: "Cosine" })
    )
    expect(decoded).toEqual({ _tag: "Cosine", warmupSteps: 0, holdSteps: 0, finalFraction: 0 })
  })

  it.each([
    [{ _tag: "Constant", totalSteps: 5 }, /totalSteps/],
    [{ _tag: "Linear", finalFraction: 1.5 }, /finalFraction/],
    [{ _tag: "Linear", warmupSteps: -1 }, /warmupSteps/],
    [{ _tag: "Cosine", totalSteps: 0 }, /totalSteps/],
    [{ _tag: "Exponential" }, /_tag/]
  ])("refuses what cannot act: %o", async (schedule, problem) => {
    const error = await Effect.runPromise(
      Effect.flip(decodeOptions("here", LearningRateSchedule, schedule))
    )
    expect(error.message).toMatch(problem)
  })
})
