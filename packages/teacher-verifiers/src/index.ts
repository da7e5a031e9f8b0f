/** Verifiers of math and code answers, and teachers that guide without telling. */
export * from "./code/index.ts"
export * as DomainVerifier from "./DomainVerifier.ts"
export * from "./math/index.ts"
export * from "./TaskKnowledge.ts"
export * from "./teacher/index.ts"
