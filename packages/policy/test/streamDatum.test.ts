import { describe, expect, it } from "@effect/vitest"
import { makeDatum } from "@sml/policy/Datum"
import { type StreamPiece, streamDatum, streamPosition } from "@sml/policy/streamDatum"
import * as Result from "effect/Result"
import * as fc from "fast-check"

const id = fc.nat({ max: 99 })
const sampled = fc.tuple(id, fc.float({ min: -20, max: 0, noNaN: true }))

/** Streams with at least one prompt token and one sampled token. */
const streams = fc
  .tuple(
    fc.array(id, { minLength: 1, maxLength: 5 }),
    fc.array(sampled, { minLength: 1, maxLength: 5 }),
    fc.array(fc.tuple(fc.array(id, { maxLength: 5 }), fc.array(sampled, { maxLength: 5 })))
  )
  .map(([context, first, rest]): ReadonlyArray<StreamPiece> =>
    [[context, first] as const, ...rest].map(([before, said]) => ({
      context: before,
      ids: said.map(([token]) => token),
      logprobs: said.map(([, logprob]) => logprob)
    }))
  )

describe("streamDatum", () => {
  it("keeps every token, in order, and trains exactly on the sampled ones", () => {
    fc.assert(
      fc.property(
        streams,
        fc.float({ noNaN: true, noDefaultInfinity: true }),
        (pieces, advantage) => {
          const datum = makeDatum(Result.getOrThrow(streamDatum(pieces, { advantage })))
          expect([...datum.tokens]).toEqual(
            pieces.flatMap(({ context, ids }) => [...Array.from(context), ...Array.from(ids)])
          )
          const owners = pieces.flatMap(({ context, ids, logprobs }) => [
            ...Array.from(context, () => undefined),
            ...Array.from(ids, (_id, at) => logprobs[at])
          ])
          // entry i belongs to token i + 1
          for (const [at, logprob] of owners.slice(1).entries()) {
            expect(datum.weights[at]).toBe(logprob === undefined ? 0 : 1)
            expect(datum.logprobs?.[at]).toBe(logprob ?? 0)
            expect(datum.advantages?.[at]).toBe(logprob === undefined ? 0 : advantage)
          }
        }
      )
    )
  })

  it("is supervised data without an advantage", () => {
    const datum = Result.getOrThrow(
      streamDatum([{ context: [1], ids: [2], logprobs: [-1] }], { label: "e" })
    )
    expect(Object.keys(datum)).toEqual(["tokens", "weights", "label"])
  })

  it.each([
    [
      "one log-probability per id",
      [{ context: [1], ids: [2, 3], logprobs: [-1] }],
      /piece 1: 2 ids/
    ],
    ["a prompt", [{ context: [], ids: [2], logprobs: [-1] }], /begins with a sampled token/],
    ["a sampled token", [{ context: [1], ids: [], logprobs: [] }], /no sampled token/],
    ["a piece", [], /no sampled token/]
  ])("needs %s", (_what, pieces, message) => {
    const failure = Result.getOrThrow(Result.flip(streamDatum(pieces, { label: "task/3" })))
    expect(failure._tag).toBe("DatumError")
    expect(failure.message).toMatch(message)
    expect(failure.message).toContain("task/3")
  })
})

describe("streamPosition", () => {
  it("finds the sampled id behind every target, and nothing behind the others", () => {
    fc.assert(
      fc.property(streams, (pieces) => {
        const { tokens, weights } = Result.getOrThrow(streamDatum(pieces))
        for (const [target, weight] of weights.entries()) {
          const position = streamPosition(pieces, target)
          const found =
            position === undefined ? undefined : pieces[position.piece]?.ids[position.token]
          expect(found).toBe(weight === 1 ? tokens[target + 1] : undefined)
        }
        expect(streamPosition(pieces, weights.length)).toBeUndefined()
      })
    )
  })
})
