import { assert, describe, it } from "@effect/vitest"
import {
  ContextOverflow,
  Student,
  StudentError,
  Teacher,
  TeacherError,
  VerifierError
} from "@sml/env-pomdp"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

describe("Student.layerScripted", () => {
  it.effect("says its texts in order, and then nothing", () =>
    Effect.gen(function* () {
      const student = yield* Student
      const said = yield* Effect.forEach([0, 1, 2], (turn) =>
        student.speak({ history: [] }, { episode: "e", turn, seed: 0 })
      )
      assert.deepStrictEqual(said, [{ text: "a" }, { text: "b" }, { text: "" }])
    }).pipe(Effect.provide(Student.layerScripted(["a", "b"])))
  )
})

describe("the student's port", () => {
  it.effect("cannot be given a state", () =>
    Effect.gen(function* () {
      const student = yield* Student
      const speak = student.speak
      // @ts-expect-error what the teacher knows does not fit through the student's port
      yield* speak({ history: [], knowledge: 42 }, { episode: "e", turn: 0, seed: 0 })
      // @ts-expect-error nor does it fit beside it
      yield* speak({ history: [] }, { episode: "e", turn: 0, seed: 0, knowledge: 42 })
    }).pipe(Effect.provide(Student.layerScripted([])))
  )
})

describe("the errors", () => {
  it.effect("say what happened, and go through JSON", () =>
    Effect.sync(() => {
      for (const Failure of [ContextOverflow, StudentError, TeacherError, VerifierError]) {
        const error = new Failure({ reason: "The engine stopped." })
        assert.strictEqual(error.message, "The engine stopped.")
        assert.strictEqual(Schema.encodeSync(Failure)(error)._tag, error._tag)
      }
    })
  )

  it("are what a party fails with", () => {
    const teacher = Teacher.of({
      reply: () => Effect.fail(new TeacherError({ reason: "The engine stopped." }))
    })
    // @ts-expect-error a teacher cannot fail with an untyped error
    Teacher.of({ reply: () => Effect.fail("no") })
    assert.isFunction(teacher.reply)
  })
})
