/** Readers of public data sets. */
export * from "./Clarification.ts"
export * from "./DatasetFormat.ts"
export * from "./loadTasks.ts"
export * from "./MissingPremise.ts"
export * from "./readTasks.ts"
export * from "./TaskMapping.ts"
export * from "./TextAnswer.ts"
