/**
 * Offline SML (arXiv:2602.16488): dialogues of the current student, of which the successful ones are
 * imitated by supervised fine-tuning on the student's turns.
 */
export * from "./Chat.ts"
export * from "./chatExample.ts"
export * from "./collect.ts"
export * from "./CollectOptions.ts"
export * from "./fineTune.ts"
export * from "./FineTuneExample.ts"
export * from "./fineTuneExamples.ts"
export * from "./FineTuneOptions.ts"
export * from "./NoDialogues.ts"
export * from "./offlineSft.ts"
export * from "./selectSuccesses.ts"
export * from "./splitExamples.ts"
