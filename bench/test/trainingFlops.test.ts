import { freshModels } from "@sml/bench/models"
import { trainingData } from "@sml/bench/trainingData"
import { trainingFlops } from "@sml/bench/trainingFlops"
import { parameterCount } from "@sml/language-model"
import { describe, expect, it } from "vitest"

describe("trainingFlops", () => {
  it("is 6 operations a weight and token, and attention", () => {
    const config = freshModels["30M"]
    const size = { rows: 16, positions: 128, targets: 16 * 128 }
    const norms = config.hiddenSize * (2 * config.layers + 1)
    // tied: the head's weights are the embedding's
    const weights = parameterCount(config) - norms
    const pairs = (16 * 128 * 129) / 2
    expect(trainingFlops(config, size)).toBe(
      6 * weights * 16 * 128 + 12 * config.layers * 512 * pairs
    )
  })
})

describe("trainingData", () => {
  it("has a third of the targets on the student, in runs", () => {
    const data = trainingData(50, 16, 120, "student")
    const trained = data.flatMap(({ weights }) => [...weights]).reduce((a, b) => a + b, 0)
    expect(trained / (16 * 120)).toBeCloseTo(1 / 3, 1)
    const [first] = data
    expect([...(first?.weights.slice(0, 16) ?? [])]).toEqual(Array.from({ length: 16 }, () => 1))
    expect([...(first?.weights.slice(16, 48) ?? [])]).toEqual(Array.from({ length: 32 }, () => 0))
  })

  it("has the same tokens wherever the loss falls", () => {
    const [all, student] = (["all", "student"] as const).map((lossOn) =>
      trainingData(50, 3, 20, lossOn).map((datum) => datum.tokens)
    )
    expect(all).toEqual(student)
  })
})
