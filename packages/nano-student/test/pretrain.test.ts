import {
  batches,
  defaultPretrain,
  type PretrainOptions,
  pretrain,
  pretrainSchedule,
  vocabulary
} from "@sml/nano-student"
import { Learner, learningRateAt } from "@sml/policy"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { assert, describe, expect, it } from "vitest"

const ratesOf = (options: Pick<PretrainOptions, "learningRate" | "steps" | "warmUp">) => {
  const { learningRate, steps } = options
  const schedule = pretrainSchedule(options)
  return Array.from({ length: steps }, (_, step) =>
    learningRateAt(schedule, { learningRate, step, steps })
  )
}

describe("the learning rate", () => {
  const options = { learningRate: 2, steps: 100, warmUp: 10 }

  it("rises, stays, and falls to nothing", () => {
    const rates = ratesOf(options)
    assert.equal(rates[0], 0.2)
    for (const rate of rates.slice(9, 61)) assert.equal(rate, 2)
    assert.equal(rates[80], 1)
    assert.closeTo(rates[99] ?? 0, 0.05, 1e-12)
  })
})

const take = (seed: number, count: number) => {
  const stream = batches({ ...defaultPretrain, batchSize: 8, seed })
  return Array.from({ length: count }, () => stream.next().value)
}

describe("batches", () => {
  it("are a function of the seed", () => {
    assert.deepEqual(take(1, 20), take(1, 20))
    assert.notDeepEqual(take(1, 1), take(2, 1))
  })

  it("hold items of like length, in no order of length", () => {
    const lengths = take(1, 32).map((batch) => batch.map(({ tokens }) => tokens.length))
    const padding = lengths.map((batch) => {
      const longest = Math.max(...batch)
      return batch.reduce((sum, length) => sum + longest - length, 0) / (longest * batch.length)
    })
    expect(padding.reduce((sum, share) => sum + share, 0) / padding.length).toBeLessThan(0.15)
    const longest = lengths.map((batch) => Math.max(...batch))
    assert.notDeepEqual(
      longest.slice(0, 16),
      longest.slice(0, 16).toSorted((left, right) => left - right)
    )
  })
})

describe("pretrain", () => {
  it("takes the steps that were asked for, at the scheduled rates, and says how far it is", async () => {
    const rates: Array<number> = []
    const learner = Learner.of({
      forwardBackward: (data, objective) => {
        assert.deepEqual(objective, { _tag: "CrossEntropy", normaliser: "weight" })
        for (const { tokens } of data) {
          for (const id of tokens) expect(id).toBeLessThan(vocabulary.length)
        }
        return Effect.succeed({ loss: 4 - rates.length, trainedTokens: 1, logprobs: [] })
      },
      forward: () => Effect.succeed([]),
      step: ({ learningRate }) => {
        rates.push(learningRate)
        return Effect.succeed({ gradNorm: 1 })
      },
      save: () => Effect.void,
      restore: () => Effect.void,
      saveState: () => Effect.void,
      restoreState: () => Effect.void
    })
    const options = { ...defaultPretrain, steps: 5, batchSize: 2, warmUp: 2 }
    const seen: Array<number> = []
    const last = await Effect.runPromise(
      pretrain({
        ...options,
        onProgress: ({ loss, step }) => Effect.sync(() => seen.push(step, loss))
      }).pipe(Effect.provide(Layer.succeed(Learner, learner)))
    )
    assert.deepEqual(rates, ratesOf(options))
    assert.deepEqual(seen, [1, 4, 2, 3, 3, 2, 4, 1, 5, 0])
    assert.equal(last?.step, 5)
    assert.equal(last?.secondsLeft, 0)
  })
})
