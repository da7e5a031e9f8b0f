import { compareAnswers, extractAnswer, judgeAnswer } from "@sml/teacher-verifiers/math"
import * as fc from "fast-check"
import { assert, describe, it } from "vitest"

/** A formula that can be written in several ways. */
type Formula =
  | { readonly t: "leaf"; readonly latex: string }
  | { readonly t: "sum" | "product"; readonly a: Formula; readonly b: Formula }
  | { readonly t: "square" | "half" | "opposite"; readonly a: Formula }

const leaf: fc.Arbitrary<Formula> = fc
  .oneof(
    fc.integer({ min: 0, max: 12 }).map(String),
    fc.constantFrom("x", "y", "\\pi", "\\sqrt{2}", "\\sqrt{3}", "i", "\\frac{2}{3}", "0.25"),
    fc.constantFrom("\\sin x", "e^{y}", "\\sqrt{x}")
  )
  .map((latex) => ({ t: "leaf", latex }))

const { formula } = fc.letrec<{ formula: Formula }>((tie) => ({
  formula: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    leaf,
    fc.record({
      t: fc.constantFrom("sum" as const, "product" as const),
      a: tie("formula"),
      b: tie("formula")
    }),
    fc.record({
      t: fc.constantFrom("square" as const, "half" as const, "opposite" as const),
      a: tie("formula")
    })
  )
}))

const latexOf = (f: Formula): string => {
  switch (f.t) {
    case "leaf":
      return f.latex
    case "sum":
      return `(${latexOf(f.a)} + ${latexOf(f.b)})`
    case "product":
      return `(${latexOf(f.a)}) \\cdot (${latexOf(f.b)})`
    case "square":
      return `(${latexOf(f.a)})^2`
    case "half":
      return `\\frac{${latexOf(f.a)}}{2}`
    default:
      return `(-(${latexOf(f.a)}))`
  }
}

/** The same value: sums and products turned, products of sums expanded, squares written out. */
const rearranged = (f: Formula): string => {
  switch (f.t) {
    case "leaf":
      return f.latex
    case "sum":
      return `\\left(${rearranged(f.b)} - (-1)(${rearranged(f.a)})\\right)`
    case "product":
      return f.a.t === "sum"
        ? `((${rearranged(f.b)})(${rearranged(f.a.b)})+(${rearranged(f.a.a)})(${rearranged(f.b)}))`
        : `(${rearranged(f.b)})(${rearranged(f.a)})`
    case "square":
      return `(${rearranged(f.a)}) \\times (${rearranged(f.a)})`
    case "half":
      return `(0.5(${rearranged(f.a)}))`
    default:
      return `((${rearranged(f.a)}) - 2(${rearranged(f.a)}))`
  }
}

/** A decimal of the digits, with the point behind the first so many. */
const written = (all: ReadonlyArray<number>, point: number) =>
  `${all.slice(0, point).join("")}${point < all.length ? "." : ""}${all.slice(point).join("")}`

describe("laws of compareAnswers", () => {
  it("a formula equals its rearrangement, and not when something is added", () => {
    fc.assert(
      fc.property(formula, fc.integer({ min: 1, max: 9 }), (f, added) => {
        const one = latexOf(f)
        const other = rearranged(f)
        assert.strictEqual(compareAnswers(one, other)._tag, "equal", `${one} | ${other}`)
        const changed = `${other} + ${added}`
        assert.strictEqual(compareAnswers(one, changed)._tag, "different", `${one} | ${changed}`)
      }),
      { numRuns: 150 }
    )
  })

  it("numbers compare as numbers, however they are written", () => {
    const number = fc.record({
      n: fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }),
      d: fc.bigInt({ min: 1n, max: 1000n })
    })
    fc.assert(
      fc.property(number, number, ({ d, n }, other) => {
        const fraction = `\\frac{${n}}{${d}}`
        const plain = `${n * 3n}/${d * 3n}`
        assert.strictEqual(compareAnswers(fraction, plain)._tag, "equal")
        const isSame = n * other.d === other.n * d
        const comparison = compareAnswers(fraction, `\\frac{${other.n}}{${other.d}}`)
        assert.strictEqual(comparison._tag, isSame ? "equal" : "different")
      }),
      { numRuns: 200 }
    )
  })

  it("a number with another digit is another number", () => {
    const digits = fc
      .tuple(
        fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 12 }),
        fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 12 })
      )
      .map(([whole, behind]) => ({ all: [...whole, ...behind], point: whole.length }))
    fc.assert(
      fc.property(digits, fc.nat(), fc.integer({ min: 1, max: 9 }), (number, place, step) => {
        const { all, point } = number
        const changed = all.map((digit, at) =>
          at === place % all.length ? (digit + step) % 10 : digit
        )
        const [one, other] = [written(all, point), written(changed, point)]
        assert.strictEqual(compareAnswers(one, other)._tag, "different", `${one} | ${other}`)
      }),
      { numRuns: 500 }
    )
  })

  it("sets have no order, tuples have one", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer(), { minLength: 2, maxLength: 6 }), (items) => {
        const turned = items.toReversed()
        const set = compareAnswers(`\\{${items.join(", ")}\\}`, `\\{${turned.join(",")}\\}`)
        assert.strictEqual(set._tag, "equal")
        const tuple = compareAnswers(`(${items.join(", ")})`, `(${turned.join(",")})`)
        assert.strictEqual(tuple._tag, "different")
      }),
      { numRuns: 100 }
    )
  })

  const fragment = fc.constantFrom(
    ..."0 1 2 9 . , ; : ( ) [ ] { } \\{ \\} | ! % $ ^ _ & \\\\ + - * / = < > x y i e a \\frac \\sqrt \\sin \\ln \\pi \\infty \\cup \\in \\pm \\le \\text{ \\boxed{ \\begin{pmatrix} \\end{pmatrix} \\begin{cases} \\sum_{k=1}^ \\int_0^ \\lim_{x\\to \\binom \\log_ \\overline \\left \\right. answer is and or cm sin sqrt ' ° √ ² \\circ #### \\pmod \\mathbb{R} \\setminus \\dots \\Rightarrow dx".split(
      " "
    ),
    " ",
    "\n"
  )
  const text = fc.oneof(
    fc.array(fragment, { maxLength: 40 }).map((parts) => parts.join("")),
    fc.array(fragment, { maxLength: 25 }).map((parts) => parts.join(" ")),
    fc.string({ maxLength: 60, unit: "binary" })
  )

  it("never throws, on any text, and an answer equals itself", () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        compareAnswers(a, b)
        judgeAnswer(a, b, { source: "prediction", side: true })
        judgeAnswer(a, b)
        extractAnswer(a, { expect: "choice", source: "prediction" })
        const self = compareAnswers(a, ` ${a} `)
        assert.isTrue(self._tag === "equal" || a.trim() === "", JSON.stringify(a))
      }),
      { numRuns: 1500 }
    )
  })

  it("does not depend on the sides, for texts of every kind", () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        const options = { relationsAsSets: "always" } as const
        const there = compareAnswers(a, b, options)._tag === "equal"
        const back = compareAnswers(b, a, options)._tag === "equal"
        assert.strictEqual(there, back, JSON.stringify([a, b]))
      }),
      { numRuns: 1000 }
    )
  })
})
