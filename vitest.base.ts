/** What the tests of every package are run with. */
import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts", ".examples/**/*.test.ts"],
    // files share a process: to start one and load everything anew takes longer than most of them do
    isolate: false,
    testTimeout: 60_000
  }
})
