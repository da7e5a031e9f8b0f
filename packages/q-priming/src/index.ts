/**
 * Question priming (arXiv:2602.16488): during rollouts, wrong student turns are replaced by questions
 * that a privileged writer asks; the successful dialogues teach the student to ask.
 */
export * as ModelQuestionWriter from "./ModelQuestionWriter.ts"
export type { ModelQuestionWriterOptions } from "./ModelQuestionWriter.ts"
export * from "./primingDialogues.ts"
export * from "./questionInjection.ts"
export * from "./questionPrompt.ts"
export * from "./QuestionWriter.ts"
export * as ScriptedQuestionWriter from "./ScriptedQuestionWriter.ts"
export * from "./tellsPrivate.ts"
