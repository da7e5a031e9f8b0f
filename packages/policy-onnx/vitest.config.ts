import { mergeConfig } from "vitest/config"

import base from "../../vitest.base.ts"

// each file in a process of its own: how denormal numbers are taken is decided once for a process
export default mergeConfig(base, { test: { isolate: true } })
