/**
 * What a trainable policy is. Two ports, {@link Sampler} and {@link Learner}, and the data that
 * crosses them. The embedded engine and a cluster implement the same ports.
 */
export * from "./adamWStep.ts"
export * from "./Completion.ts"
export * from "./Datum.ts"
export * from "./DatumError.ts"
export * from "./decodeOptions.ts"
export * from "./evaluateObjective.ts"
export * from "./filterDistribution.ts"
export * from "./InvalidOptions.ts"
export * from "./Learner.ts"
export * from "./LearningRateSchedule.ts"
export * from "./Objective.ts"
export * from "./Optimiser.ts"
export * from "./PolicyError.ts"
export * from "./resolveParameterGroups.ts"
export * from "./Sampler.ts"
export * from "./SamplingSettings.ts"
export * from "./sampleToken.ts"
export * from "./streamDatum.ts"
export * as TabularPolicy from "./TabularPolicy.ts"
