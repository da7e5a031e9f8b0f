/** `Sampler` and `Learner` of `@sml/policy` on onnxruntime-node. */
export * from "./EngineCounters.ts"
export * from "./compareGolden.ts"
export * from "./drawFromBlocks.ts"
export * from "./EngineError.ts"
export * from "./EngineOptions.ts"
export * from "./freshWeights.ts"
export * as OnnxPolicy from "./OnnxPolicy.ts"
