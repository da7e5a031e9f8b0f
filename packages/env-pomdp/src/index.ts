/**
 * The dialogue POMDP of Social Meta-Learning (arXiv:2602.16488): a student that sees only the
 * conversation talks to a teacher that holds private knowledge; the episode pays 1 if the student
 * ends up right, else 0.
 */
export * from "./Dialogue.ts"
export * from "./DialogueState.ts"
export * from "./Episode.ts"
export * from "./episodeTraces.ts"
export * from "./Ports.ts"
export * from "./rollout.ts"
export * from "./Seed.ts"
export * from "./Task.ts"
export * from "./TurnLabel.ts"
export * from "./Verdict.ts"
