/** The machine and the versions of what is compared. */
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { arch, cpus, platform, release, totalmem } from "node:os"

import * as Schema from "effect/Schema"

/** By name, as they are printed. */
export const MachineFacts = Schema.Record(Schema.String, Schema.String)
export type MachineFacts = typeof MachineFacts.Type

const Manifest = Schema.fromJsonString(Schema.Struct({ version: Schema.String }))

const installed = (name: string): string => {
  const file = createRequire(import.meta.url).resolve(`${name}/package.json`)
  return Schema.decodeUnknownSync(Manifest)(readFileSync(file, "utf8")).version
}

/** The vector instructions that matter to products, where the system tells. */
const vectorFlags = (): string => {
  if (platform() !== "linux") return "unknown"
  const flags = /^flags\s*:\s*(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1] ?? ""
  const known = flags.split(" ").filter((flag) => /^(avx|fma|amx)/.test(flag))
  return known.length === 0 ? "unknown" : known.join(" ")
}

/** Those of this process; peers add theirs. */
export const machineFacts = (threads: number): MachineFacts => ({
  processor: `${cpus()[0]?.model ?? "unknown"}, ${cpus().length} cores`,
  "vector instructions": vectorFlags(),
  memory: `${(totalmem() / 2 ** 30).toFixed(1)} GiB`,
  system: `${platform()} ${release()} ${arch()}`,
  threads: String(threads),
  node: process.version,
  "onnxruntime-node": installed("onnxruntime-node")
})
