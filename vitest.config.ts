import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    projects: [
      "packages/*",
      "apps/*",
      "bench",
      {
        test: {
          name: "front page",
          isolate: false,
          include: ["scripts/test/**/*.test.mjs", ".examples/*.test.ts"]
        }
      }
    ]
  }
})
