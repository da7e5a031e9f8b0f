/** Which teacher speaks at which informativeness. */
import { Teacher } from "@sml/env-pomdp"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

import type { Informativeness } from "./Informativeness.ts"

/** The teachers of a protocol. */
export class TeacherLevels extends Context.Service<
  TeacherLevels,
  { readonly at: (level: Informativeness) => Teacher["Service"] }
>()("@sml/eval-harness/TeacherLevels") {
  /** A teacher for each level. */
  static readonly layer = (
    teachers: Readonly<Record<Informativeness, Teacher["Service"]>>
  ): Layer.Layer<TeacherLevels> => Layer.succeed(TeacherLevels, { at: (level) => teachers[level] })

  /**
   * The teacher that is at hand, at every level: for protocols of one level, or for a teacher that has
   * none. Conditions that differ in nothing but the level are then the same.
   */
  static readonly layerSame: Layer.Layer<TeacherLevels, never, Teacher> = Layer.effect(
    TeacherLevels,
    Effect.map(Teacher, (teacher) => TeacherLevels.of({ at: () => teacher }))
  )
}
