/** Seeded procedural generators, each with a verifier of its own. */
export * from "./createTasks.ts"
export * from "./GeneratedKnowledge.ts"
export * from "./Generator.ts"
export * from "./GeneratedVerifier.ts"
export * from "./generators.ts"
export * from "./verifyAnswer.ts"
