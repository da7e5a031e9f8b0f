#!/usr/bin/env node
/** The `sml` command. */
import { enableCompileCache } from "node:module"
import { homedir } from "node:os"
import { join } from "node:path"

import { recordedArguments } from "./commandRecord.ts"

// before the rest, which takes a while to load
const args = recordedArguments(process.argv.slice(2))
// what Node has compiled is kept for the next time, unless NODE_COMPILE_CACHE says where
enableCompileCache(join(homedir(), ".cache", "sml", "compile"))
const { runCommandLine } = await import("./runCommandLine.ts")
runCommandLine(args)
