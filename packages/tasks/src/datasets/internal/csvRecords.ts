import * as Csv from "effect/encoding/Csv"
/** Tables as text: the first row names the columns. */
import * as Stream from "effect/Stream"

import { TaskSourceError } from "../../TaskSourceError.ts"
import type { FileRecord } from "./fileRecords.ts"

const refuse = (file: string, line: number, what: string) =>
  new TaskSourceError({ reason: `${file}:${line}: ${what}`, file, line })

/** Cuts the text of a file into records whose values are texts. */
export async function* csvRecords(
  text: AsyncIterable<string>,
  file: string,
  delimiter: string
): AsyncGenerator<FileRecord> {
  const rows = Stream.fromAsyncIterable(text, (cause) => cause).pipe(
    Stream.pipeThroughChannelOrFail(Csv.decodeString({ delimiter, maxRecordSize: 2 ** 26 })),
    Stream.mapError((cause) =>
      Csv.isCsvError(cause)
        ? refuse(file, cause.line, `${cause.message}; check the quotation marks of this row.`)
        : cause
    )
  )
  let names: ReadonlyArray<string> | undefined
  let line = 1
  let row = 0
  for await (const cells of Stream.toAsyncIterable(rows)) {
    const begin = line
    // a cell in quotation marks may hold line breaks
    line += 1 + cells.reduce((sum, cell) => sum + (cell.match(/\r\n|\r|\n/g)?.length ?? 0), 0)
    if (cells.length === 1 && cells[0]?.trim() === "") continue
    if (names === undefined) {
      names = cells
      continue
    }
    if (cells.length !== names.length) {
      const count = `${cells.length} cells, but the first row names ${names.length} columns`
      throw refuse(file, begin, `this row has ${count}; check its separators and quotation marks.`)
    }
    const value = Object.fromEntries(names.map((name, index) => [name, cells[index]]))
    yield { value, line: begin, row: ++row }
  }
}
