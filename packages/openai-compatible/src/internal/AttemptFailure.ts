/** Why one attempt failed, and whether another may succeed. */
import type { ChatError } from "../ChatError.ts"

/**
 * - `never`: the same would happen again.
 * - `later`: a fault that may pass.
 * - `limited`: a rate limit; `afterMillis` is what the server asks to wait.
 */
export interface AttemptFailure {
  readonly error: ChatError
  readonly again: "never" | "later" | "limited"
  readonly afterMillis?: number | undefined
}
