#!/usr/bin/env node
/** The `sml` command. */
import { recordedArguments } from "./commandRecord.ts"
import { keepCompiled } from "./keepCompiled.ts"

// before the rest, which takes a while to load
const args = recordedArguments(process.argv.slice(2))
keepCompiled()
const { runCommandLine } = await import("./runCommandLine.ts")
runCommandLine(args)
