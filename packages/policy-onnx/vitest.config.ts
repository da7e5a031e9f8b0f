import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    // each file in a process of its own: how denormal numbers are taken is decided once for a process
    include: ["test/**/*.test.ts", ".examples/**/*.test.ts"],
    testTimeout: 60_000
  }
})
