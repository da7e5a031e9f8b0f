/** Where an answer stands in a text, and whether two answers are the same. */
export * from "./AnswerChecker.ts"
export * from "./compareAnswers.ts"
export * from "./CompareOptions.ts"
export * from "./extractAnswer.ts"
export * from "./judgeAnswer.ts"
export * from "./MathDiagnostics.ts"
export * from "./MathKnowledge.ts"
export * as MathVerifier from "./MathVerifier.ts"
