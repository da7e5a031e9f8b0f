/**
 * The settings of a soak: a teacher that fails in 1 % of its replies, a verifier that crashes in 1 % of
 * its checks, and random delays in both. What fails is decided by what is asked, not by the moment, so
 * that a run that was killed still has the bits of one that was not.
 */
import { Teacher, TeacherError, Verifier, VerifierError } from "@sml/env-pomdp"
import { NanoTeacher, NanoVerifier } from "@sml/teacher-verifiers/nano"
import * as Effect from "effect/Effect"
import * as Hash from "effect/Hash"
import * as Layer from "effect/Layer"

import { defineConfig } from "./SmlConfig.ts"

/** Milliseconds that an answer takes at most. */
const DELAY = 4

/** One question in so many fails. */
const RATE = 100

const fails = (...parts: ReadonlyArray<string | number>): boolean =>
  (Hash.string(parts.join("\u0000")) >>> 0) % RATE === 0

const delay = Effect.suspend(() => Effect.sleep(DELAY * Math.random()))

const teacher = Layer.effect(
  Teacher,
  Effect.map(Teacher, ({ reply }) =>
    Teacher.of({
      reply: (state) =>
        Effect.andThen(
          delay,
          fails(state.episode, state.history.length)
            ? Effect.fail(new TeacherError({ reason: "the soak's teacher fails here" }))
            : reply(state)
        )
    })
  )
).pipe(Layer.provide(NanoTeacher.layer({ level: "informative" })))

const verifier = Layer.effect(
  Verifier,
  Effect.map(Verifier, ({ check }) =>
    Verifier.of({
      check: (task, text) =>
        Effect.andThen(
          delay,
          fails(task.id, text)
            ? Effect.fail(new VerifierError({ reason: "the soak's verifier crashes here" }))
            : check(task, text)
        )
    })
  )
).pipe(Layer.provide(NanoVerifier.layer()))

export default defineConfig({ eval: false, layers: { teacher, verifier } })
