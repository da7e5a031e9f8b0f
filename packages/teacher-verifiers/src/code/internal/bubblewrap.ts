/** The command line that puts Python into a sandbox of namespaces. */
import { existsSync, lstatSync, readlinkSync } from "node:fs"
import { delimiter, join } from "node:path"

import { maximumDepth } from "./PythonFrame.ts"

/** Limits as the runner takes them. */
export interface RunnerLimits {
  readonly cpuSeconds: number
  readonly memoryBytes: number
  readonly fileBytes: number
  readonly files: number
  readonly processes: number
  readonly valueBytes: number
  readonly scratchBytes: number
}

/** Root directories that Python may need, besides /usr; on most systems links into it. */
const roots = ["lib", "lib64", "bin"]

const devices = ["/dev/null", "/dev/zero", "/dev/urandom"]

/** Where a program lies, or undefined. */
export const findProgram = (name: string, path: string): string | undefined =>
  path
    .split(delimiter)
    .filter((folder) => folder.startsWith("/"))
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file))

const isLink = (path: string): boolean => lstatSync(path).isSymbolicLink()

const rootArguments = (): ReadonlyArray<string> =>
  roots.flatMap((name) => {
    const path = `/${name}`
    if (!existsSync(path)) return []
    return isLink(path) ? ["--symlink", readlinkSync(path), path] : ["--ro-bind", path, path]
  })

/** File descriptors of the sandboxed process, in the order in which it is given them. */
export const channelDescriptor = 3
export const filterDescriptor = 4
export const infoDescriptor = 5

/** What Python finds in its environment. */
const environment = Object.entries({
  PYTHONHASHSEED: "0",
  TZ: "UTC",
  LANG: "C.UTF-8",
  PATH: "/usr/bin",
  // one arena: each further one takes 64 MB of address space
  MALLOC_ARENA_MAX: "1"
}).flatMap(([name, value]) => ["--setenv", name, value])

/** Namespaces of its own and `/usr` to read; the rest of the host is not there. */
const box: ReadonlyArray<string> = [
  "--unshare-user",
  "--unshare-pid",
  // else bubblewrap leaves a process inside for which nobody waits: a zombie, where init does not reap
  "--as-pid-1",
  "--info-fd",
  String(infoDescriptor),
  "--unshare-net",
  "--unshare-ipc",
  "--unshare-uts",
  "--unshare-cgroup-try",
  "--die-with-parent",
  "--new-session",
  "--hostname",
  "sandbox",
  "--ro-bind",
  "/usr",
  "/usr",
  ...rootArguments(),
  "--ro-bind-try",
  "/etc/ld.so.cache",
  "/etc/ld.so.cache",
  ...devices.flatMap((device) => ["--dev-bind", device, device]),
  "--clearenv",
  ...environment
]

// no site packages, neither the system's nor the user's; no byte code is written
const pythonArguments = ["-S", "-s", "-B", "-c"]

const limitArguments = (limits: RunnerLimits): ReadonlyArray<string> =>
  [
    limits.cpuSeconds,
    limits.memoryBytes,
    limits.fileBytes,
    limits.files,
    limits.processes,
    limits.valueBytes,
    maximumDepth
  ].map(String)

/**
 * The arguments of bubblewrap for one process; `runner` is the source that Python runs. There is no `/proc`,
 * and the only place to write is a small `/tmp`. `disableNamespaces`: whether this bubblewrap knows
 * `--disable-userns`; the system-call filter refuses new namespaces in any case.
 */
export const sandboxArguments = (
  python: string,
  runner: string,
  limits: RunnerLimits,
  disableNamespaces: boolean
): ReadonlyArray<string> => [
  ...box,
  ...(disableNamespaces ? ["--disable-userns"] : []),
  "--cap-drop",
  "ALL",
  "--size",
  String(limits.scratchBytes),
  "--tmpfs",
  "/tmp",
  // the root is a tmpfs without a limit
  "--remount-ro",
  "/",
  "--chdir",
  "/tmp",
  "--seccomp",
  String(filterDescriptor),
  "--",
  python,
  ...pythonArguments,
  runner,
  ...limitArguments(limits)
]

/**
 * The arguments of bubblewrap for a process that makes others, which has all capabilities over its own
 * namespaces and `/proc`; `folder` is where the socket lies. What it makes, it makes tighter.
 */
export const zygoteArguments = (
  python: string,
  zygote: string,
  limits: RunnerLimits,
  filter: Uint8Array,
  folder: string
): ReadonlyArray<string> => [
  ...box,
  "--cap-add",
  "ALL",
  "--proc",
  "/proc",
  "--dir",
  "/tmp",
  "--ro-bind",
  folder,
  "/run/sml",
  "--remount-ro",
  "/",
  "--chdir",
  "/",
  "--",
  python,
  ...pythonArguments,
  zygote,
  ...limitArguments(limits),
  String(limits.scratchBytes),
  Buffer.from(filter).toString("hex")
]
