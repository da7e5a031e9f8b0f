import { sampleToken, tokenDistribution } from "@sml/policy"
import { blockSize, drawFromBlocks } from "@sml/policy-onnx"
import * as fc from "fast-check"
import { assert, describe, it } from "vitest"

// weights and sums as the engine's graph computes them, in float32
const blocked = (logits: Float32Array, width: number) => {
  const largest = logits.reduce((a, b) => Math.max(a, b))
  const weights = logits.map((x) => Math.exp(x - largest))
  const sums = Float32Array.from({ length: logits.length / width }, (_, block) =>
    weights.subarray(block * width, (block + 1) * width).reduce((a, b) => a + b, 0)
  )
  return { weights, offset: 0, size: logits.length, sums, sumsOffset: 0, blockSize: width }
}

// up to 86 apart: weights below 1e-38 have fewer digits in float32
const logitsOf = (length: number) =>
  fc
    .array(fc.double({ min: -43, max: 43, noNaN: true }), {
      minLength: length,
      maxLength: length
    })
    .map((values) => Float32Array.from(values))

describe("drawFromBlocks", () => {
  it("draws what sampleToken draws, but at the edges of rounding", () => {
    const exact = { id: 0, logprob: 0, rawLogprob: 0 }
    const draw = { ...exact }
    fc.assert(
      fc.property(
        logitsOf(64),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.boolean(),
        (logits, uniform, greedy) => {
          const temperature = greedy ? 0 : 1
          const scratch = tokenDistribution(64)
          assert.isTrue(sampleToken(logits, 0, 64, { temperature }, uniform, scratch, exact))
          assert.isTrue(
            drawFromBlocks(blocked(logits, 16), uniform, greedy ? logits : undefined, draw)
          )
          if (draw.id === exact.id) {
            assert.closeTo(draw.logprob, exact.logprob, 1e-5 * (1 + Math.abs(exact.logprob)))
          } else {
            // neighbours in the distribution function, at a distance of rounding
            assert.isFalse(greedy)
            let below = 0
            for (let id = 0; id < Math.max(draw.id, exact.id); id++) {
              below += (scratch.weights[id] ?? 0) / scratch.total
            }
            assert.closeTo(below, uniform, 1e-5)
          }
          assert.equal(draw.rawLogprob, draw.logprob)
        }
      ),
      { numRuns: 2000 }
    )
  })

  it("draws a token that has weight, whatever rounding leaves over", () => {
    const draw = { id: 0, logprob: 0, rawLogprob: 0 }
    // the sums promise more than the weights hold, and the last block is empty
    const row = {
      weights: Float32Array.of(1, 0.25, 0, 0, 0, 0),
      offset: 0,
      size: 6,
      sums: Float32Array.of(1.3, 0, 0),
      sumsOffset: 0,
      blockSize: 2
    }
    for (const uniform of [0.9999, 0.999999999]) {
      assert.isTrue(drawFromBlocks(row, uniform, undefined, draw))
      assert.equal(draw.id, 1)
    }
  })

  it("sees weights that are not finite", () => {
    const draw = { id: 0, logprob: 0, rawLogprob: 0 }
    const row = blocked(new Float32Array(64), 16)
    for (const bad of [NaN, Infinity]) {
      const sums = row.sums.with(2, bad)
      assert.isFalse(drawFromBlocks({ ...row, sums }, 0.5, undefined, draw))
    }
  })
})

describe("blockSize", () => {
  it("divides the vocabularies that it is given for", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300_000 }), (size) => {
        const block = blockSize(size)
        if (block !== undefined) assert.equal(size % block, 0)
      })
    )
    assert.equal(blockSize(128_256), 256)
    assert.isUndefined(blockSize(50_257))
  })
})
