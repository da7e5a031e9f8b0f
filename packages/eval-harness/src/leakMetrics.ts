/** Whether the teacher tells what it should not. */
import type { Episode, TeacherReply } from "@sml/env-pomdp"
import { leakAttempts } from "@sml/env-pomdp"

import type { Metric } from "./Metric.ts"

/** Whether a reply tells the answer, as a guard or a person sees it. */
export type IsLeak = (reply: TeacherReply, episode: Episode) => boolean

/**
 * `leak-rate`: the teacher's replies that tell the answer, of all replies. With a predicate: of the
 * words that reached the student. Without one: of the replies of a guarded teacher those of which the
 * guard withheld a draft, as the replies count them (`leakAttempts`); a dialogue whose replies count
 * nothing is not measured.
 */
export const leakRate = (isLeak?: IsLeak): Metric => ({
  name: "leak-rate",
  range: [0, 1],
  measure: (episode) => {
    if (isLeak === undefined) {
      const { guarded, leaky } = leakAttempts(episode.state)
      return { numerator: leaky, denominator: guarded }
    }
    const { replies } = episode.state
    return {
      numerator: replies.filter((reply) => isLeak(reply, episode)).length,
      denominator: replies.length
    }
  }
})

/** `leak-drafts`: drafts that the guard withheld, per reply of a guarded teacher. */
export const leakDrafts: Metric = {
  name: "leak-drafts",
  range: [0, Infinity],
  measure: (episode) => {
    const { drafts, guarded } = leakAttempts(episode.state)
    return { numerator: drafts, denominator: guarded }
  }
}
