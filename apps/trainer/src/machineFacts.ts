/** The machine and the process, as facts for a report. */
import { arch, availableParallelism, cpus, platform, totalmem } from "node:os"

const gigabytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`

/** Largest resident memory of this process so far, in bytes. */
export const peakMemory = (): number => process.resourceUsage().maxRSS * 1024

/** Short facts by name. */
export const machineFacts = () => ({
  machine: `${platform()} ${arch()}, ${availableParallelism()} cores${cpus()[0]?.model ? ` (${cpus()[0]?.model})` : ""}, ${gigabytes(totalmem())}`,
  node: process.version,
  "peak memory": gigabytes(peakMemory())
})
