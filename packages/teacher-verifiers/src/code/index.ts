/** Running programs that nobody trusts, and judging what they give. */
export * from "./JavaScriptSandbox.ts"
export * from "./PlainValue.ts"
export * from "./ProgramDiagnostics.ts"
export * from "./ProgramTests.ts"
export * from "./ProgramValue.ts"
export * from "./SandboxOutcome.ts"
