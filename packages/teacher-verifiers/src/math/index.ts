/** Where an answer stands in a text, and whether two answers are the same. */
export * from "./MathDiagnostics.ts"
export * from "./MathKnowledge.ts"
