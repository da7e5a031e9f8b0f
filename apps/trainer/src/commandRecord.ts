/**
 * The command line of a run whose folder the user names, written down before anything else is loaded:
 * a run that is killed before its configuration is stored can be resumed all the same.
 *
 * This module is the first that the process runs, so it imports next to nothing.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeSync
} from "node:fs"
import { dirname, join, resolve } from "node:path"

import { argumentValue } from "./argumentValue.ts"

/** Hidden, so that a new run may begin beside what an old one left of it. */
export const commandFile = ".command.json"
const configFile = "config.json"

interface Command {
  readonly cwd: string
  readonly args: ReadonlyArray<string>
}

/** The folders that are not there, the innermost first. */
const missingFolders = (directory: string): ReadonlyArray<string> => {
  const missing: Array<string> = []
  // the root is there, whatever a file system says
  for (let at = directory; dirname(at) !== at && !existsSync(at); at = dirname(at)) missing.push(at)
  return missing
}

const write = (directory: string, command: Command): void => {
  const partial = join(directory, `${commandFile}.partial`)
  const file = openSync(partial, "w")
  writeSync(file, `${JSON.stringify(command)}\n`)
  fsyncSync(file)
  closeSync(file)
  renameSync(partial, join(directory, commandFile))
}

/**
 * Writes the command line into the folder that `--out` names. It goes when the process ends by itself:
 * then the configuration is stored, or the command line was refused.
 */
const record = (directory: string, command: Command): void => {
  const made = missingFolders(directory)
  const forget = () => {
    // a file of that name is none of ours
    if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory()) return
    for (const name of [commandFile, `${commandFile}.partial`]) {
      rmSync(join(directory, name), { force: true })
    }
    if (existsSync(join(directory, configFile))) return
    for (const folder of made) {
      if (existsSync(folder) && readdirSync(folder).length === 0) rmdirSync(folder)
    }
  }
  try {
    for (const folder of made.toReversed()) mkdirSync(folder)
    // what belongs to something else is left to the command, which refuses it
    if (readdirSync(directory).some((name) => !name.startsWith(".") && name !== "run.json")) return
    write(directory, command)
    process.on("exit", forget)
  } catch {
    // the command meets the same obstacle when it makes the run, and has the sentence for it
    forget()
  }
}

const isCommand = (value: unknown): value is Command =>
  typeof value === "object" &&
  value !== null &&
  "cwd" in value &&
  typeof value.cwd === "string" &&
  "args" in value &&
  Array.isArray(value.args) &&
  value.args.every((arg) => typeof arg === "string")

const recall = (directory: string): Command | undefined => {
  const file = join(directory, commandFile)
  if (existsSync(join(directory, configFile)) || !existsSync(file)) return undefined
  const value: unknown = JSON.parse(readFileSync(file, "utf8"))
  return isCommand(value) ? value : undefined
}

/**
 * The arguments to run with. Those of `train --out DIR` are written into DIR; `train --resume DIR` of a
 * run that was killed before its configuration was stored becomes the command line that started it.
 */
export const recordedArguments = (args: ReadonlyArray<string>): ReadonlyArray<string> => {
  if (args[0] !== "train" || args.includes("--help")) return args
  const resumed = argumentValue(args, "--resume")
  if (resumed === undefined) {
    const out = argumentValue(args, "--out")
    if (out !== undefined && out !== "") record(resolve(out), { cwd: process.cwd(), args })
    return args
  }
  const command = recall(resolve(resumed))
  // with other flags the command says what it cannot do
  if (command === undefined || args.length > (args.includes("--resume") ? 3 : 2)) return args
  process.chdir(command.cwd)
  return recordedArguments(command.args)
}
