/** What tells whether a teacher gave the answer away. */
import type { Task } from "@sml/env-pomdp"
import * as Context from "effect/Context"

/**
 * Whether a teacher's words state the private answer of the task. Where it is provided, `update`
 * measures `leak_rate`; the leak guards of `@sml/teacher-verifiers` have such functions.
 */
export class LeakDetector extends Context.Service<
  LeakDetector,
  { readonly isLeak: (task: Task, text: string) => boolean }
>()("@sml/grpo-core/LeakDetector") {}
