/** The embedded default student: its recipe and its checkpoint. */
export * from "./companionFiles.ts"
export * from "./Corpus.ts"
export * from "./gates.ts"
export * from "./NanoModel.ts"
export * from "./pretrain.ts"
export * from "./pretrainInto.ts"
export * from "./SimulatedStudent.ts"
export * from "./Vocabulary.ts"
