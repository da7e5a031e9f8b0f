export * from "./Checkpoint.ts"
export * from "./CheckpointError.ts"
export * from "./ModelConfig.ts"
export * from "./Safetensors.ts"
