/**
 * Group-relative policy optimisation over dialogues (GRPO, arXiv:2402.03300; over conversations,
 * arXiv:2602.16488): advantages within groups of episodes of one task, the update, the loop. The laws
 * of advantages, as properties for your own implementation, are in `@sml/grpo-core/AdvantageLaws`.
 */
export * from "./AdvantageForm.ts"
export * from "./advantages.ts"
export * from "./clipRatios.ts"
export * from "./compareLogprobs.ts"
export * from "./Difficulty.ts"
export * from "./episodeDatum.ts"
export * from "./groupAdvantages.ts"
export * from "./groupData.ts"
export * from "./GroupError.ts"
export * from "./GroupMetrics.ts"
export * from "./LeakDetector.ts"
export * from "./LogprobMismatch.ts"
export * from "./NoEpisodes.ts"
export * as objectivePresets from "./objectivePresets.ts"
export * from "./referenceLoss.ts"
export * from "./ReferencePolicy.ts"
export * from "./rolloutGroups.ts"
export * from "./ScoredGroup.ts"
export * from "./train.ts"
export * from "./TrainOptions.ts"
export * from "./update.ts"
export * from "./UpdateMetrics.ts"
export * from "./UpdateOptions.ts"
