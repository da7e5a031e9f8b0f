import { assert, it } from "@effect/vitest"
import { serverSentEvents } from "@sml/openai-compatible"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as fc from "fast-check"

const eventsOf = (pieces: ReadonlyArray<Uint8Array>) =>
  Effect.runSync(Stream.runCollect(serverSentEvents(Stream.fromIterable(pieces))))

/** Cuts bytes at these places. */
const cut = (bytes: Uint8Array, places: ReadonlyArray<number>) => {
  const ends = [...new Set(places.map((place) => place % (bytes.length + 1)))].toSorted(
    (a, b) => a - b
  )
  return [0, ...ends].map((begin, index) => bytes.subarray(begin, ends[index] ?? bytes.length))
}

const places = fc.array(fc.nat(), { maxLength: 30 })
const lineEnd = fc.constantFrom("\n", "\r\n", "\r")
/** One line of data: anything but line ends. */
const data = fc
  .string({ unit: "grapheme", maxLength: 12 })
  .map((text) => text.replaceAll(/[\r\n]/g, "").trimStart())
  .filter((text) => text !== "" && !text.startsWith("\uFEFF"))

it("gives back what was written, whatever the line ends, comments and cuts", () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(data, { minLength: 1, maxLength: 3 })),
      lineEnd,
      places,
      (events, end, at) => {
        const text = events
          .map(
            (lines) =>
              `: a comment${end}event: x${end}${lines.map((line) => `data: ${line}${end}`).join("")}${end}`
          )
          .join("")
        const found = eventsOf(cut(new TextEncoder().encode(text), at))
        assert.deepStrictEqual(
          found,
          events.map((lines) => lines.join("\n"))
        )
      }
    )
  )
})

it("any bytes give the same events, however they are cut", () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc
      .array(
        fc.constantFrom(
          "data",
          ":",
          " ",
          "\n",
          "\r",
          "\r\n",
          "é",
          "😀",
          "{",
          "\uFEFF",
          "event",
          "retry: 5\n",
          "[DONE]"
        )
      )
      .map((parts) => new TextEncoder().encode(parts.join("")))
  )
  fc.assert(
    fc.property(bytes, places, (whole, at) => {
      assert.deepStrictEqual(eventsOf(cut(whole, at)), eventsOf([whole]))
    }),
    { numRuns: 500 }
  )
})

it("an event without an end is refused before it fills the memory", () => {
  const piece = new TextEncoder().encode(`data: ${"x".repeat(2 ** 20)}`)
  const error = Effect.runSync(
    Effect.flip(Stream.runDrain(serverSentEvents(Stream.forever(Stream.succeed(piece)))))
  )
  assert.strictEqual(error._tag, "EventTooLong")
})
