/** The chats of a JSONL file as token streams. */
import type { ChatRenderer, FineTuneExample } from "@sml/offline-sft"
import { chatExample, parseChat } from "@sml/offline-sft"
import { fromPlatformError } from "@sml/run-store"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Stream from "effect/Stream"

import { ConfigError } from "./ConfigError.ts"

/** What became of the lines. */
export interface SftChats {
  readonly examples: ReadonlyArray<FineTuneExample>
  /** Left out because an earlier chat is the same. */
  readonly duplicates: number
  /** Left out because they are longer than the bound; `firstLong` is the line of the first one. */
  readonly long: number
  readonly firstLong: number | undefined
  /** Trained tokens among the examples, all their tokens, and those that stand for unknown text. */
  readonly tokens: { readonly learnt: number; readonly all: number; readonly unknown: number }
}

/**
 * - `file`: the path; `renderer`: the model's tokenizer and template; `maxLength`: in tokens.
 * - `onRead`: hears the share of the file that has been read.
 */
export interface ReadSftChats {
  readonly file: string
  readonly renderer: ChatRenderer
  /** The token of text that the vocabulary does not hold, where there is one. */
  readonly unknownToken?: number | undefined
  readonly dedup: boolean
  readonly maxLength: number
  readonly onRead: (share: number) => Effect.Effect<void>
}

const countLearnt = ({ datum }: FineTuneExample): number =>
  datum.weights.reduce((count, weight) => (weight === 0 ? count : count + 1), 0)

/** Reads and tokenises every chat; the first line that is none ends it with file and line. */
export const readSftChats = Effect.fn("sft.readChats")(function* ({
  dedup,
  file,
  maxLength,
  onRead,
  renderer,
  unknownToken
}: ReadSftChats) {
  const fs = yield* FileSystem.FileSystem
  const opening = Effect.mapError(fromPlatformError("read the chats", file))
  const { size, type } = yield* fs.stat(file).pipe(opening)
  if (type === "Directory") {
    return yield* new ConfigError({ reason: `--data ${file} is a folder; give a JSONL file` })
  }
  const examples: Array<FineTuneExample> = []
  const seen = new Set<string>()
  const tokens = { learnt: 0, all: 0, unknown: 0 }
  let bytes = 0
  let duplicates = 0
  let long = 0
  let firstLong: number | undefined

  const keep = Effect.fnUntraced(function* (text: string, line: number) {
    const place = { file, line }
    const chat = yield* Effect.fromResult(parseChat(text, place))
    const words = JSON.stringify(chat.messages.map(({ content, role }) => [role, content]))
    if (dedup && seen.has(words)) {
      duplicates += 1
      return
    }
    seen.add(words)
    const example = yield* Effect.fromResult(chatExample(renderer, chat, place))
    if (example.datum.tokens.length > maxLength) {
      long += 1
      firstLong ??= line
      return
    }
    examples.push(example)
    tokens.all += example.datum.tokens.length
    tokens.learnt += countLearnt(example)
    for (const id of example.datum.tokens) if (id === unknownToken) tokens.unknown += 1
  })

  yield* fs.stream(file).pipe(
    Stream.tap((chunk) => {
      bytes += chunk.length
      return onRead(size === 0n ? 1 : Math.min(1, bytes / Number(size)))
    }),
    Stream.decodeText(),
    Stream.splitLines,
    Stream.mapError(fromPlatformError("read the chats", file)),
    Stream.zipWithIndex,
    // some editors put a mark at the beginning of a file
    Stream.map(([line, index]) => [line.replace(/^\uFEFF/, ""), index + 1] as const),
    Stream.filter(([line]) => line.trim() !== ""),
    Stream.runForEach(([line, number]) => keep(line, number))
  )
  if (examples.length === 0) {
    return yield* new ConfigError({
      reason:
        long === 0
          ? `--data ${file} holds no chat; write one {"messages": […]} a line`
          : `--data ${file}: every chat is longer than ${maxLength} tokens (line ${firstLong} is the first); raise --max-length or choose a model with a longer context`
    })
  }
  return { examples, duplicates, long, firstLong, tokens } satisfies SftChats
})
