/** Problems told in pieces, without a piece, or with a goal that changes. */
export * from "./evolveTask.ts"
export * from "./premiseTask.ts"
export * from "./ShardedKnowledge.ts"
export * from "./ShardedProtocol.ts"
export * from "./shardTask.ts"
