/** How numbers are written in the live view. */

/** `2:05`, or `1:02:05` from an hour up. */
export const clockTime = (seconds: number): string => {
  const whole = Math.max(0, Math.round(seconds))
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  const tail = `${String(minutes).padStart(hours > 0 ? 2 : 1, "0")}:${String(rest).padStart(2, "0")}`
  return hours > 0 ? `${hours}:${tail}` : tail
}

/** `48%`. */
export const percent = (share: number): string => `${Math.round(share * 100)}%`

/** `940`, `61k`, `1.2M`. */
export const short = (count: number): string => {
  if (count < 1000) return String(Math.round(count))
  return count < 999_500 ? `${Math.round(count / 1000)}k` : `${(count / 1e6).toFixed(1)}M`
}

const blocks = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

/** One block of a height between 0 and 1. */
export const block = (share: number): string =>
  blocks[Math.min(blocks.length - 1, Math.max(0, Math.floor(share * blocks.length)))] ?? " "

/**
 * At most `width` blocks for a row of numbers, each the mean of its share of the row; heights are
 * between the smallest and the largest of them.
 */
export const sparkline = (values: ReadonlyArray<number>, width: number): string => {
  const cells = Math.min(width, values.length)
  const means = Array.from({ length: cells }, (_, cell) => {
    const from = Math.floor((cell * values.length) / cells)
    const to = Math.floor(((cell + 1) * values.length) / cells)
    const part = values.slice(from, to)
    return part.reduce((sum, value) => sum + value, 0) / part.length
  })
  const low = Math.min(...means)
  const span = Math.max(...means) - low
  return means.map((mean) => block(span === 0 ? 0.5 : (mean - low) / span)).join("")
}

/** A bar of `width` cells, `share` of it full. */
export const bar = (share: number, width: number): { full: string; empty: string } => {
  const cells = Math.round(Math.min(1, Math.max(0, share)) * width)
  return { full: "━".repeat(cells), empty: "─".repeat(width - cells) }
}
