/** Teachers that guide without telling, and the guard between them and the student. */
export * from "./Shard.ts"
