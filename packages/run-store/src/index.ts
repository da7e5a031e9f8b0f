/** Run folders: what a training run was started with, measured, said and produced. */
export * from "./JsonLines.ts"
export * from "./makeFolders.ts"
export * from "./Run.ts"
export * from "./RunId.ts"
export * from "./RunLines.ts"
export * from "./RunStore.ts"
export * from "./RunStoreError.ts"
