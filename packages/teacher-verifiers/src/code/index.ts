/** Running programs that nobody trusts, and judging what they give. */
export * from "./JavaScriptSandbox.ts"
export * from "./ProgramValue.ts"
export * from "./SandboxOutcome.ts"
