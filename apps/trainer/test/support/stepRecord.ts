/** A step's record for tests of what is shown. */
import type { StepRecord } from "@sml/trainer/StepRecord"

/** A record with the given step and reward. */
export const stepRecord = (step: number, reward: number): StepRecord => ({
  step,
  update: {
    reward,
    return: reward * 0.8,
    reward_std: 0.3,
    frac_reward_zero_std: 0.25,
    success_by_turn: [0.3, 0.4, 0.5, 0.625],
    turns: 2,
    attempts: 1.9,
    questions: 0.1,
    premature_attempts: 0,
    "completions/mean_length": 4,
    entropy: 0.42,
    "by_group/frac_mixed": 0.5,
    "by_group/frac_all_good": 0.25,
    "by_group/frac_all_bad": 0.25,
    "groups/count": 32,
    "groups/zero_std": 8,
    "groups/too_few_episodes": 0,
    "episodes/count": 256,
    "episodes/failed": 0,
    updated: false
  },
  tokens: 20_000,
  seconds: { rollout: 0.48, verification: 0.02, gradient: 0.5, total: 1 }
})
