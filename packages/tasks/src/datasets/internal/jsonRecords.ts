/** JSON lines, or a JSON list of objects, read piece by piece. */
import { TaskSourceError } from "../../TaskSourceError.ts"
import type { FileRecord } from "./fileRecords.ts"

const parse = (text: string, file: string, line: number): unknown => {
  try {
    return JSON.parse(text)
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause)
    throw new TaskSourceError({
      reason: `${file}:${line}: this record is no JSON (${said}); mend it or leave it out.`,
      file,
      line
    })
  }
}

/** What cuts a growing text into records. */
interface Cutter {
  readonly feed: (chunk: string) => Generator<FileRecord>
  readonly end: () => Iterable<FileRecord>
}

const lines = (file: string): Cutter => {
  let rest = ""
  let line = 0
  let row = 0
  const one = function* (text: string): Generator<FileRecord> {
    line++
    if (text.trim() !== "") yield { value: parse(text, file, line), line, row: ++row }
  }
  return {
    feed: function* (chunk) {
      const parts = (rest + chunk).split("\n")
      rest = parts.pop() ?? ""
      for (const part of parts) yield* one(part)
    },
    end: function* () {
      if (rest !== "") yield* one(rest)
    }
  }
}

const list = (file: string): Cutter => {
  let text = ""
  let depth = 0
  let isString = false
  let isEscaped = false
  let line = 1
  let begin = 1
  let row = 0
  const refuse = (what: string) =>
    new TaskSourceError({ reason: `${file}:${line}: ${what}`, file, line })
  return {
    feed: function* (chunk) {
      let from = 0
      for (let index = 0; index < chunk.length; index++) {
        const letter = chunk.charAt(index)
        if (letter === "\n") line++
        if (isString) {
          if (isEscaped) isEscaped = false
          else if (letter === "\\") isEscaped = true
          else if (letter === '"') isString = false
        } else if (letter === "{" || letter === "[") {
          depth++
          if (depth === 2) {
            from = index
            begin = line
          }
        } else if (letter === "}" || letter === "]") {
          depth--
          if (depth === 1) {
            const value = parse(text + chunk.slice(from, index + 1), file, begin)
            text = ""
            yield { value, line: begin, row: ++row }
          }
        } else if (depth > 1) {
          if (letter === '"') isString = true
        } else if (!/[\s,]/.test(letter) || (depth === 0 && letter === ",")) {
          throw refuse("something else than an object stands here; the list may hold objects only.")
        }
      }
      if (depth > 1) text += chunk.slice(from)
    },
    end: () => {
      if (depth !== 0) throw refuse("the list has no end; the file may be cut off, fetch it again.")
      return []
    }
  }
}

/** Cuts the text of a file into records. */
export async function* jsonRecords(
  text: AsyncIterable<string>,
  file: string
): AsyncGenerator<FileRecord> {
  let head = ""
  let cutter: Cutter | undefined
  for await (const chunk of text) {
    if (cutter !== undefined) {
      yield* cutter.feed(chunk)
      continue
    }
    head += chunk
    const first = head.trimStart()[0]
    if (first === undefined) continue
    cutter = first === "[" ? list(file) : lines(file)
    yield* cutter.feed(head)
  }
  if (cutter !== undefined) yield* cutter.end()
}
