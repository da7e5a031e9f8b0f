import { assert, it } from "@effect/vitest"
import { exhaustedMillis, retryAfterMillis, waitMillis } from "@sml/openai-compatible"
import * as fc from "fast-check"

const now = Date.parse("2026-01-01T00:00:00Z")

it("reads what servers really send", () => {
  for (const [text, millis] of [
    ["0", 0],
    ["17", 17_000],
    ["0.25", 250],
    ["1s", 1000],
    ["6m0s", 360_000],
    ["20ms", 20],
    ["1h2m3.5s", 3_723_500],
    ["2026-01-01T00:00:05Z", 5000],
    ["Thu, 01 Jan 2026 00:01:00 GMT", 60_000],
    ["Wed, 31 Dec 2025 00:00:00 GMT", 0],
    [String(now / 1000 + 30), 30_000],
    [String(now + 30), 30]
  ] as const) {
    assert.strictEqual(waitMillis(text, now), millis, text)
  }
  for (const text of ["", "soon", "-5", "1 fortnight", "NaN", "1e3"]) {
    assert.strictEqual(waitMillis(text, now), undefined, text)
  }
})

it("any text is a time from now on, or none", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.float().map(String), fc.date().map(String)), (text) => {
      const millis = waitMillis(text, now)
      assert.isTrue(millis === undefined || millis >= 0)
    })
  )
})

it("lengths of time add up", () => {
  fc.assert(
    fc.property(fc.nat(99), fc.nat(59), fc.nat(59), fc.nat(999), (h, m, s, ms) => {
      const millis = ((h * 60 + m) * 60 + s) * 1000 + ms
      assert.strictEqual(waitMillis(`${h}h${m}m${s}s${ms}ms`, now), millis)
    })
  )
})

it("waits for the last of the limits of which nothing remains", () => {
  assert.strictEqual(
    exhaustedMillis(
      {
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "2s",
        "x-ratelimit-remaining-tokens": "0",
        "x-ratelimit-reset-tokens": "5s",
        "x-ratelimit-remaining": "1",
        "x-ratelimit-reset": "9"
      },
      now
    ),
    5000
  )
  assert.strictEqual(exhaustedMillis({ "x-ratelimit-remaining-requests": "0" }, now), 0)
  assert.strictEqual(exhaustedMillis({}, now), 0)
  assert.strictEqual(retryAfterMillis({ "retry-after-ms": "40", "retry-after": "9" }, now), 40)
  assert.strictEqual(retryAfterMillis({}, now), undefined)
})
