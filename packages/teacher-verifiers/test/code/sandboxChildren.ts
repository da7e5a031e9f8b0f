import { readdirSync, readFileSync } from "node:fs"

/** Ids of the processes of bubblewrap that this process has started, zombies included. */
export const sandboxChildren = (): ReadonlyArray<number> =>
  readdirSync("/proc")
    .filter((pid) => {
      if (!/^\d+$/.test(pid)) return false
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, "latin1")
        const [, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
        return Number(parent) === process.pid && stat.includes("(bwrap)")
      } catch {
        // it has ended meanwhile
        return false
      }
    })
    .map(Number)
