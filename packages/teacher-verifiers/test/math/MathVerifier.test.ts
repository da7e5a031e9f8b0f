import { Verifier } from "@sml/env-pomdp"
import type { Task } from "@sml/env-pomdp"
import { AnswerChecker, MathDiagnostics, MathVerifier } from "@sml/teacher-verifiers/math"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { assert, describe, it } from "vitest"

const task = (answer: unknown): Task => ({
  id: "clips",
  domain: "math",
  prompt: "How many clips?",
  knowledge: Schema.decodeUnknownSync(Schema.Json)({ kind: "math-answer", answer }),
  missing: []
})

const checkWith = (layer: Layer.Layer<Verifier, unknown>, reference: unknown, text: string) =>
  Effect.runPromise(
    Effect.gen(function* () {
      const verifier = yield* Verifier
      return yield* verifier.check(task(reference), text)
    }).pipe(Effect.provide(layer))
  )

const layers = {
  "in the caller's thread": MathVerifier.layer(),
  "in a worker": Layer.provide(MathVerifier.layerWorker, AnswerChecker.layer({ side: true }))
}

for (const [name, layer] of Object.entries(layers)) {
  describe(`MathVerifier ${name}`, () => {
    it("judges attempts, with diagnostics of the published form", async () => {
      const right = await checkWith(layer, "72", "48 + 24 = 72, so the answer is 72.")
      assert.deepInclude(right, { _tag: "Attempt", correct: true })
      const wrong = await checkWith(layer, "72", "#### 71")
      assert(wrong._tag === "Attempt")
      assert.isFalse(wrong.correct)
      assert.deepEqual(Schema.decodeUnknownSync(MathDiagnostics)(wrong.diagnostics), {
        kind: "math-answer",
        answer: "71",
        comparison: "different",
        reason: null,
        side: "low"
      })
    })

    it("counts what is undecided as not correct, and says why", async () => {
      const verdict = await checkWith(layer, "1", "\\boxed{\\lim_{x \\to 0} \\frac{\\sin x}{x}}")
      assert(verdict._tag === "Attempt")
      assert.isFalse(verdict.correct)
      const diagnostics = Schema.decodeUnknownSync(MathDiagnostics)(verdict.diagnostics)
      assert.strictEqual(diagnostics.comparison, "undecided")
      assert.isNotNull(diagnostics.reason)
    })

    it.each(["how many in May?", "she sold 48 clips and then 24", "72?", ""])(
      "takes no number in passing for an attempt: %j",
      async (text) => {
        assert.strictEqual((await checkWith(layer, "72", text))._tag, "NoAttempt")
      }
    )

    it("fails with a sentence when the knowledge has no reference", async () => {
      const failure = await Effect.runPromise(
        Effect.gen(function* () {
          const verifier = yield* Verifier
          return yield* Effect.flip(verifier.check(task(7), "7"))
        }).pipe(Effect.provide(layer))
      )
      assert.include(failure.message, "clips")
    })
  })
}

it("cuts long answers in diagnostics", () => {
  const verdict = MathVerifier.judge("5", `\\boxed{${"9".repeat(5000)}}`)
  assert(verdict._tag === "Attempt")
  const { answer } = Schema.decodeUnknownSync(MathDiagnostics)(verdict.diagnostics)
  assert.isBelow(answer.length, 600)
})
