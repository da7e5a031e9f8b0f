/** Chats as `sml sft` learns them, beside what transformers makes of them. */
import { existsSync, readFileSync } from "node:fs"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"

import * as NodeServices from "@effect/platform-node/NodeServices"
import { afterAll, assert, describe, expect, it } from "@effect/vitest"
import { compileChatTemplate, makeTokenizer } from "@sml/language-model"
import { Chat, chatExample } from "@sml/offline-sft"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

import { readSftChats } from "../src/sftChats.ts"

const stories = resolve(import.meta.dirname, "../../../../shared/models/stories260K")

const Golden = Schema.Struct({
  cases: Schema.Array(
    Schema.Struct({
      name: Schema.String,
      template: Schema.String,
      ...Chat.fields,
      ids: Schema.Array(Schema.Int),
      mask: Schema.Array(Schema.Int)
    })
  )
})
const { cases } = Schema.decodeUnknownSync(Schema.fromJsonString(Golden))(
  readFileSync(new URL("golden/chats.json", import.meta.url), "utf8")
)

/** The tokenizer of stories260K (SentencePiece of Llama's kind) with a template. */
const rendererOf = (source: string) => {
  const file = join(stories, "tokenizer.json")
  const json: unknown = JSON.parse(readFileSync(file, "utf8"))
  return {
    tokenizer: Result.getOrThrow(makeTokenizer(json, {}, file)),
    template: Result.getOrThrow(compileChatTemplate({ name: "golden", source }))
  }
}

describe("the assistant's tokens", () => {
  it.skipIf(!existsSync(stories))(
    "are those of transformers, id for id (skipped without ../shared)",
    () => {
      assert.isAtLeast(cases.length, 7)
      for (const { ids, mask, messages, name, template } of cases) {
        const renderer = rendererOf(template)
        const place = { file: name, line: 1 }
        const { datum } = Result.getOrThrow(chatExample(renderer, { messages }, place))
        // what follows the last answer is left out; it is never the assistant's
        const length = datum.tokens.length
        expect(Array.from(datum.tokens)).toEqual(ids.slice(0, length))
        expect(Array.from(datum.weights)).toEqual(mask.slice(1, length))
        expect(mask.slice(length).every((bit) => bit === 0)).toBe(true)
      }
    },
    20_000
  )
})

const made: Array<string> = []
afterAll(() => Promise.all(made.map((path) => rm(path, { recursive: true, force: true }))))

/** One token a character. */
const characters = {
  tokenizer: {
    encode: (text: string) => Array.from(text, (sign) => sign.codePointAt(0) ?? 0),
    addedTokens: new Set<number>()
  },
  template: {
    render: (
      messages: Chat["messages"] | ReadonlyArray<Chat["messages"][number]>,
      speak: boolean
    ) =>
      Result.succeed(
        messages.map(({ content, role }) => `${role[0]}:${content};`).join("") + (speak ? "a:" : "")
      )
  }
}

const read = async (bytes: string | Uint8Array) => {
  const folder = await mkdtemp(join(tmpdir(), "sml-chats-"))
  made.push(folder)
  const file = join(folder, "c.jsonl")
  await writeFile(file, bytes)
  return Effect.runPromise(
    readSftChats({
      file,
      renderer: characters,
      unknownToken: "3".codePointAt(0),
      dedup: true,
      maxLength: 12,
      onRead: () => Effect.void
    }).pipe(Effect.result, Effect.provide(NodeServices.layer))
  )
}

const sentence = async (text: string) => Result.getOrThrow(Result.flip(await read(text))).message

const line = (asked: string, said: string) =>
  JSON.stringify({
    messages: [
      { role: "user", content: asked },
      { role: "assistant", content: said }
    ]
  })

describe("readSftChats", () => {
  it("counts what it leaves out and keeps the rest in order", async () => {
    // a mark at the beginning, Windows' line ends, an empty line, no end of the last line
    const lines = [line("q", "1"), line("q", "1"), "", line("long question", "2"), line("r", "3")]
    const chats = Result.getOrThrow(await read(`\uFEFF${lines.join("\r\n")}`))
    expect(chats.examples.map(({ datum }) => String.fromCodePoint(...datum.tokens))).toEqual([
      "u:q;a:1",
      "u:r;a:3"
    ])
    expect(chats).toMatchObject({
      duplicates: 1,
      long: 1,
      firstLong: 4,
      tokens: { all: 14, learnt: 2, unknown: 1 }
    })
  })

  it("says what is wrong with a file that has nothing to learn", async () => {
    expect(await sentence("")).toMatch(/holds no chat; write one/)
    expect(await sentence(line("long question", "2"))).toMatch(
      /every chat is longer than 12 tokens \(line 1 is the first\); raise --max-length/
    )
    expect(await sentence(`${line("q", "1")}\n[]`)).toMatch(/c\.jsonl:2: this is not a chat/)
    expect(await sentence("\u0000\u0001binary")).toMatch(/c\.jsonl:1: this is not JSON/)
  })
})
