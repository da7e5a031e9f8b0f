/** The three parties of a dialogue, as services. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"

import type { Utterance } from "./Dialogue.ts"
import type { DialogueState, Observation, TeacherReply } from "./DialogueState.ts"
import type { Task } from "./Task.ts"
import type { Verdict } from "./Verdict.ts"

/** The dialogue has outgrown what the student can read. */
export class ContextOverflow extends Schema.TaggedError<ContextOverflow>()("ContextOverflow", {
  reason: Schema.String
}) {
  override get message(): string {
    return this.reason
  }
}

/** The student could not speak. */
export class StudentError extends Schema.TaggedError<StudentError>()("StudentError", {
  reason: Schema.String
}) {
  override get message(): string {
    return this.reason
  }
}

/**
 * The teacher could not answer. `kind`, where it is known:
 *
 * - `unavailable`: it can not be reached, or refuses; `timeout`: it did not answer in time;
 * - `malformed`: what it said can not be used; `unknown-task`: it does not know this kind of task.
 */
export class TeacherError extends Schema.TaggedError<TeacherError>()("TeacherError", {
  reason: Schema.String,
  kind: Schema.optionalKey(Schema.Literals(["unavailable", "timeout", "malformed", "unknown-task"]))
}) {
  override get message(): string {
    return this.reason
  }
}

/** The verifier could not judge; a wrong answer is a verdict, not an error. */
export class VerifierError extends Schema.TaggedError<VerifierError>()("VerifierError", {
  reason: Schema.String
}) {
  override get message(): string {
    return this.reason
  }
}

/**
 * What a student knows besides the dialogue: which dialogue it is, and where its own random choices
 * come from. Neither depends on the teacher's knowledge.
 */
export interface SpeakContext {
  readonly episode: string
  /** Student turns taken so far, from 0. */
  readonly turn: number
  /** Unsigned 32-bit integer, different for every turn of every episode. */
  readonly seed: number
}

/** Speaks, having read the public history and nothing else. */
export class Student extends Context.Service<
  Student,
  {
    readonly speak: (
      observation: Observation,
      context: SpeakContext
    ) => Effect.Effect<Utterance, StudentError | ContextOverflow>
  }
>()("@sml/env-pomdp/Student") {
  /** A student that says the given texts in order, one a turn, and then nothing. */
  static readonly layerScripted = (texts: ReadonlyArray<string>): Layer.Layer<Student> =>
    Layer.succeed(Student, {
      speak: (_observation, context) => Effect.succeed({ text: texts[context.turn] ?? "" })
    })
}

/** Answers the student's last turn, knowing everything. Must guide without telling the answer. */
export class Teacher extends Context.Service<
  Teacher,
  {
    readonly reply: (state: DialogueState) => Effect.Effect<TeacherReply, TeacherError>
  }
>()("@sml/env-pomdp/Teacher") {}

/** Judges one utterance against the task's private knowledge. */
export class Verifier extends Context.Service<
  Verifier,
  {
    readonly check: (task: Task, text: string) => Effect.Effect<Verdict, VerifierError>
  }
>()("@sml/env-pomdp/Verifier") {}
