/** Settings of an update that are right one by one and cannot act together. */
import type { UpdateOptions } from "./UpdateOptions.ts"

/** What cannot act, as a sentence; `undefined` when everything does. */
export const updateFault = ({
  epochs,
  objective,
  turnTokens,
  verifyLogprobs
}: UpdateOptions): string | undefined => {
  const policy = objective._tag === "PolicyOptimisation" ? objective : undefined
  if (turnTokens !== undefined && !policy?.maskOverlong) {
    return "turnTokens says what is overlong, and the objective does not mask it; set its maskOverlong or leave turnTokens out."
  }
  if (policy?.correction !== undefined && verifyLogprobs) {
    return "the objective's correction has nothing to correct while verifyLogprobs refuses every difference; turn verifyLogprobs off or leave the correction out."
  }
  if (policy?.correction !== undefined && policy.surrogate._tag !== "Reinforce" && epochs === 1) {
    return `with a correction the ratios of ${policy.surrogate._tag} are to the learner before its first step, which is 1 in the only epoch; choose Reinforce, more epochs, or no correction.`
  }
  if (policy?.kl?.against === "sampler" && verifyLogprobs && epochs === 1) {
    return "the divergence from the sampler is 0 in the one epoch of an update on policy; choose a reference, more epochs, or no KL penalty."
  }
  return undefined
}
