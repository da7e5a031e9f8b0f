/** The records of a file, one after the other, with the place of each. */
import { once } from "node:events"
import { createReadStream } from "node:fs"
import { open } from "node:fs/promises"
import { PassThrough, pipeline } from "node:stream"
import { createGunzip } from "node:zlib"

import { TaskSourceError } from "../../TaskSourceError.ts"
import { jsonRecords } from "./jsonRecords.ts"
import { parquetRecords } from "./parquetRecords.ts"

/** `line` is 0 where the file has no lines; then `row`, from 1, says where it is. */
export interface FileRecord {
  readonly value: unknown
  readonly line: number
  readonly row: number
}

const firstBytes = async (path: string): Promise<string> => {
  const file = await open(path, "r")
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0)
    return buffer.toString("latin1", 0, bytesRead)
  } finally {
    await file.close()
  }
}

/** The text of a file, unpacked where it is packed with gzip; its first byte order mark left out. */
async function* textOf(path: string, isPacked: boolean): AsyncGenerator<string> {
  const text = isPacked ? createGunzip() : new PassThrough()
  const problem: Array<Error> = []
  pipeline(createReadStream(path), text, (error) => {
    if (error) problem.push(error)
  })
  text.setEncoding("utf8")
  let isFirst = true
  try {
    for await (const chunk of text) {
      const read = String(chunk)
      yield isFirst ? read.replace(/^\uFEFF/, "") : read
      isFirst = false
    }
  } finally {
    text.destroy()
    if (!text.closed) await once(text, "close")
  }
  if (problem[0] !== undefined) throw problem[0]
}

const explain = (path: string, cause: unknown): TaskSourceError => {
  if (cause instanceof TaskSourceError) return cause
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : ""
  const said = cause instanceof Error ? cause.message : String(cause)
  const reason =
    code === "ENOENT"
      ? `There is no file ${path}; check the path.`
      : code === "EISDIR"
        ? `${path} is a folder; name one of the files in it.`
        : code.startsWith("Z_")
          ? `${path} cannot be unpacked (${said}); fetch it again.`
          : `${path} cannot be read: ${said}; check the file and the right to read it.`
  return new TaskSourceError({ reason, file: path })
}

/** JSON lines or a JSON list, either packed with gzip or not; CSV or TSV by the name; Parquet. */
export async function* fileRecords(path: string): AsyncGenerator<FileRecord> {
  try {
    const begin = await firstBytes(path)
    if (begin === "PAR1") {
      yield* parquetRecords(path)
      return
    }
    const isPacked = begin.startsWith("\x1f\x8b")
    const separator = /\.([ct])sv(?:\.gz)?$/i.exec(path)?.[1]?.toLowerCase()
    const text = textOf(path, isPacked)
    if (separator === undefined) yield* jsonRecords(text, path)
    else {
      // the parser is only needed here
      const { csvRecords } = await import("./csvRecords.ts")
      yield* csvRecords(text, path, separator === "c" ? "," : "\t")
    }
  } catch (cause) {
    throw explain(path, cause)
  }
}
