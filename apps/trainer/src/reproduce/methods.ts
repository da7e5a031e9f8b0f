/** The methods that are compared, as data. */
import type { Method } from "./Cell.ts"

/**
 * How a student is made. `discount`, `reticent` and `group` are of online learning; what is absent is
 * as the settings say.
 *
 * - `singleTurn`: dialogues of one turn, in training only;
 * - `offline`: fine-tuned on successful dialogues of its own; `primed`: on those with injected questions;
 * - `online`: then trained with GRPO;
 * - `discount`: γ; `reticent`: 70 % of the wrong attempts are answered with `try again .` only.
 */
export interface MethodRecipe {
  readonly title: string
  readonly singleTurn?: true
  readonly offline?: true
  readonly primed?: true
  readonly online?: true
  readonly discount?: number
  readonly reticent?: true
  /** What sets it apart from everything in the paper. */
  readonly deviation?: string
}

/** Recipes by method, in the order in which they are shown. */
export const methods: Readonly<Record<Method, MethodRecipe>> = {
  base: { title: "base" },
  "single-turn-rl": { title: "single-turn RL", singleTurn: true, online: true },
  "single-turn-sft": { title: "single-turn SFT", singleTurn: true, offline: true },
  "offline-sft": { title: "offline SFT", offline: true },
  grpo: { title: "online GRPO", online: true },
  "q-priming-grpo": { title: "Q-priming + GRPO", primed: true, online: true },
  "q-priming-patient": {
    title: "Q-priming + GRPO, γ 0.9",
    primed: true,
    online: true,
    discount: 0.9,
    deviation: "γ = 0.9 in place of 0.7"
  },
  "q-priming-reticent": {
    title: "Q-priming + GRPO, reticent teacher",
    primed: true,
    online: true,
    reticent: true,
    deviation: "the teacher of online training gives no hint after 70 % of the wrong attempts"
  },
  "q-priming-patient-reticent": {
    title: "Q-priming + GRPO, γ 0.9, reticent teacher",
    primed: true,
    online: true,
    discount: 0.9,
    reticent: true,
    deviation: "both of the above"
  }
}
