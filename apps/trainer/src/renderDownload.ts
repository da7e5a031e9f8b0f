/** How far a download is, as one line. */
import type { DownloadProgress } from "@sml/language-model"

import { bar, clockTime, percent } from "./formatting.ts"
import type { Style } from "./Style.ts"

const units = ["B", "kB", "MB", "GB", "TB"]

/** `740 B`, `12.3 MB`. */
export const dataSize = (bytes: number): string => {
  const step = bytes < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3))
  return `${(bytes / 1000 ** step).toFixed(step === 0 ? 0 : 1)} ${units[step] ?? ""}`
}

/** The share, the rate and the time left; rate and time as soon as there is something to go by. */
export const renderDownload = (progress: DownloadProgress, style: Style): string => {
  const { bytesDone, bytesFetched, bytesTotal, millis, model } = progress
  const share = bytesTotal === 0 ? 1 : bytesDone / bytesTotal
  const { empty, full } = bar(share, 20)
  const rate = millis < 500 ? 0 : (bytesFetched / millis) * 1000
  return [
    `${model} ${style.accent(full)}${style.dim(empty)} ${percent(share).padStart(4)}`,
    `${dataSize(bytesDone)} of ${dataSize(bytesTotal)}`,
    ...(rate > 0
      ? [`${dataSize(rate)}/s`, `${clockTime((bytesTotal - bytesDone) / rate)} left`]
      : [])
  ].join("  ")
}
