/** Numbers for people. */
import type { Measurement } from "./Measurement.ts"
import type { Row } from "./Row.ts"

const figures = new Intl.NumberFormat("en", { maximumSignificantDigits: 3, useGrouping: true })

/** Three significant digits. */
export const formatNumber = (value: number): string => figures.format(value)

/** `median (low–high)`. */
export const formatMeasurement = ({ high, low, median }: Measurement): string =>
  `${formatNumber(median)} (${formatNumber(low)}–${formatNumber(high)})`

/** One row as lines for the terminal. */
export const formatRow = (row: Row): string => {
  const share = row.share === undefined ? "" : `, ${(row.share * 100).toFixed(0)} % of the peak`
  const ours =
    row.ours === undefined
      ? (row.note ?? "failed")
      : `${formatMeasurement(row.ours)} ${row.unit}${share}`
  const peers = row.peers.map(({ measurement, note, peer, ratio }) =>
    measurement === undefined
      ? `    ${peer}: ${note ?? "not measured"}`
      : `    ${peer}: ${formatMeasurement(measurement)} ${row.unit}${ratio === undefined ? "" : `, ratio ${ratio.toFixed(2)}`}`
  )
  return [row.title, `    sml: ${ours}`, ...peers].join("\n")
}
