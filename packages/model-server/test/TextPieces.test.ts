import { TextPieces } from "@sml/model-server"
import * as fc from "fast-check"
import { assert, it } from "vitest"

const end = 0

/** A text cut into tokens anywhere, also in mid-character. */
const tokens = fc
  .tuple(
    fc.array(fc.constantFrom("a", "b", " ", "é", "🙂", "ab", "\n"), { maxLength: 20 }),
    fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1 })
  )
  .map(([parts, widths]) => {
    const whole = Buffer.from(parts.join(""))
    const cut: Array<Uint8Array> = []
    for (let at = 0, i = 0; at < whole.length; i++) {
      const width = widths[i % widths.length] ?? 1
      cut.push(whole.subarray(at, at + width))
      at += width
    }
    return { text: parts.join(""), cut }
  })

const stops = fc.array(fc.constantFrom("ab", "b", "a b", "🙂", "aab", "\n"), { maxLength: 3 })

it("is the text up to the first stop string, whatever the tokens", () => {
  fc.assert(
    fc.property(tokens, stops, fc.boolean(), ({ cut, text }, stopStrings, fresh) => {
      const bytes = [new Uint8Array(0), ...cut]
      const pieces = new TextPieces({ bytes, ends: new Set([end]), stopStrings, fresh })
      const shown = cut.map((_, at) => pieces.push(at + 1, -at))
      shown.push(pieces.push(end, -1), pieces.end())
      const begun = fresh && text.startsWith(" ") ? text.slice(1) : text
      const first = Math.min(
        ...stopStrings.map((stop) => begun.indexOf(stop)).filter((at) => at >= 0),
        begun.length
      )
      assert.strictEqual(shown.map((piece) => piece.text).join(""), begun.slice(0, first))
      // every token is told once, in order; after a stop string none is
      const told = shown.flatMap((piece) => piece.tokens.map(({ id }) => id))
      assert.deepEqual(
        told,
        told.map((_, at) => at + 1)
      )
      if (first === begun.length) assert.strictEqual(told.length, cut.length)
    }),
    { numRuns: 500 }
  )
})

it("shows at once what cannot change any more", () => {
  const bytes = ["one", " st", "op", "op"].map((text) => Buffer.from(text))
  const pieces = new TextPieces({ bytes, ends: new Set(), stopStrings: [" stopp"], fresh: false })
  assert.deepEqual(
    [0, 1, 2, 3].map((id) => pieces.push(id, 0).text),
    ["one", "", "", " stopop"]
  )
})
