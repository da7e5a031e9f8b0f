/** Rows of text in columns. */

/** Columns that are as wide as their widest cell, but for cells wider than `widest` characters. */
export const textColumns = (
  rows: ReadonlyArray<ReadonlyArray<string>>,
  widest: number = Infinity
): string => {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => Math.min(widest, (row[column] ?? "").length)))
  )
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd()
    )
    .join("\n")
}
