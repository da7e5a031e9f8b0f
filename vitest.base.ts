/** What the tests of every package are run with. */
import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts", ".examples/**/*.test.ts"],
    // files share a process: to start one and load everything anew takes longer than most of them do
    isolate: false,
    // V8 ends the process ("Check failed: jit_page.has_value()") when threads with WebAssembly come and go, where
    // the processor has protection keys: https://github.com/nodejs/node/issues/64500
    execArgv: ["--no-memory-protection-keys"],
    testTimeout: 60_000
  }
})
