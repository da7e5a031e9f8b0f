/** Parquet files, one row group in memory at a time. */
import type { FileRecord } from "./fileRecords.ts"

// what JSON has no form for, in the form that data sets use in JSON
const plain = (value: unknown): unknown => {
  if (typeof value === "bigint") {
    return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER
      ? Number(value)
      : String(value)
  }
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64")
  if (Array.isArray(value) || ArrayBuffer.isView(value)) {
    return Array.from(Object.values(value), plain)
  }
  if (value === undefined) return null
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, plain(entry)]))
}

/** Reads what hyparquet reads by itself: no compression, or snappy. */
export async function* parquetRecords(path: string): AsyncGenerator<FileRecord> {
  // the library is only needed here
  const { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } =
    await import("hyparquet")
  const file = await asyncBufferFromFile(path)
  const metadata = await parquetMetadataAsync(file)
  let row = 0
  for (const group of metadata.row_groups) {
    const rowEnd = row + Number(group.num_rows)
    // oxlint-disable-next-line no-await-in-loop
    for (const value of await parquetReadObjects({ file, metadata, rowStart: row, rowEnd })) {
      yield { value: plain(value), line: 0, row: ++row }
    }
  }
}
