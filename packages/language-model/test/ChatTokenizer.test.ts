import { existsSync, readdirSync, readFileSync } from "node:fs"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"

import type { Turn } from "@sml/env-pomdp"
import {
  ChatTokenizer,
  type ChatTokenizerShape,
  compileChatTemplate,
  dialogueStream,
  makeChatTokenizer,
  makeTokenizer,
  readChatFiles
} from "@sml/language-model"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as fc from "fast-check"
import { assert, describe, expect, it } from "vitest"

import { nanoChat, nanoTemplate, nanoTokenizerJson, words } from "./nanoFixture.ts"

const shared = resolve(import.meta.dirname, "../../../../shared/models")
const templates = join(shared, "chat_templates")
const stories = join(shared, "stories260K/tokenizer.json")

/** What the template itself makes of the whole dialogue. */
const rendered = (chat: ChatTokenizerShape, turns: ReadonlyArray<string>): ReadonlyArray<number> =>
  chat.tokenizer.encode(
    Result.getOrThrow(
      chat.template.render(
        turns.map((content, index) => ({ role: index % 2 === 0 ? "user" : "assistant", content })),
        true
      )
    )
  )

/** The same dialogue, appended turn by turn; the student's ids are those of its text. */
const appended = (
  chat: ChatTokenizerShape,
  turns: ReadonlyArray<string>,
  cut: ReadonlyArray<boolean>
): ReadonlyArray<number> => {
  const history: Array<Turn> = []
  const closing =
    Result.getOrThrow(chat.reply("ok", undefined)).indexOf(chat.endOfTurn ?? Number.NaN) + 1
  for (const [index, text] of turns.entries()) {
    if (index % 2 === 0) history.push({ role: "teacher", text })
    else {
      const { context } = Result.getOrThrow(dialogueStream(chat, history))
      const whole = Result.getOrThrow(chat.utterance(text))
      // as if the sampler had run out of tokens just before the end of the turn
      const ids = cut[index] === true ? whole.slice(0, whole.length - closing) : whole
      history.push({ role: "student", text, trace: { context, ids, logprobs: ids.map(() => 0) } })
    }
  }
  return Result.getOrThrow(dialogueStream(chat, history)).tokens
}

const dialogues = fc.record({
  turns: fc
    .array(fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 8 }), {
      minLength: 1,
      maxLength: 9
    })
    // the teacher speaks first and last
    .map((turns) =>
      turns.slice(0, turns.length - ((turns.length + 1) % 2)).map((t) => t.join(" "))
    ),
  cut: fc.array(fc.boolean(), { minLength: 9, maxLength: 9 })
})

const isTheTemplatesOwn = (chat: ChatTokenizerShape, runs: number) =>
  fc.assert(
    fc.property(dialogues, ({ cut, turns }) => {
      assert.deepEqual(appended(chat, turns, cut), rendered(chat, turns))
    }),
    { numRuns: runs }
  )

describe("the appended stream is the template's rendering of the whole dialogue", () => {
  it("for the embedded student", () => isTheTemplatesOwn(nanoChat, 200))

  it("in the words of the design", () => {
    const ids = appended(nanoChat, ["find c .", "answer: 3 3", "no ."], [])
    assert.deepEqual(
      ids.map((id) => nanoTokenizerJson.words[id]).join(" "),
      "<T> find c . <S> answer: 3 3 <end> <T> no . <S>"
    )
  })

  const usable = [
    "llamacpp_Qwen-Qwen2.5-7B-Instruct.jinja",
    "llamacpp_google-gemma-2-2b-it.jinja",
    "llamacpp_meta-llama-Llama-3.1-8B-Instruct.jinja",
    "llamacpp_meta-llama-Llama-3.2-3B-Instruct.jinja",
    "llamacpp_meta-llama-Llama-3.3-70B-Instruct.jinja",
    "llamacpp_microsoft-Phi-3.5-mini-instruct.jinja",
    "llamacpp_mistralai-Mistral-Nemo-Instruct-2407.jinja",
    "ollama_laguna_v2_chat_template.jinja2",
    "ollama_laguna_v8_chat_template.jinja2"
  ]

  /** A byte-level vocabulary with the control tokens that the template writes. */
  const chatOf = (name: string) => {
    const source = readFileSync(join(templates, name), "utf8")
    const json = JSON.parse(readFileSync(stories, "utf8"))
    const control = source.match(/<[|｜][^>|｜]*[|｜]>|<\/?[a-z_]+>|\[\/?[A-Z_]+\]/g) ?? []
    for (const content of new Set(["<bos>", "<eos>", ...control])) {
      json.added_tokens.push({ id: 512 + json.added_tokens.length, content, special: true })
    }
    const tokenizer = Result.getOrThrow(makeTokenizer(json, {}, stories))
    return Result.flatMap(
      compileChatTemplate({ name, source, bosToken: "<bos>", eosToken: "<eos>" }),
      (template) => makeChatTokenizer(tokenizer, template)
    )
  }

  it.skipIf(!existsSync(templates)).each(usable)("for %s (skipped without ../shared)", (name) => {
    isTheTemplatesOwn(Result.getOrThrow(chatOf(name)), 12)
  })

  it.skipIf(!existsSync(templates))(
    "or the template is refused by name (skipped without ../shared)",
    () => {
      const others = readdirSync(templates).filter(
        (name) => name.includes(".jinja") && !usable.includes(name)
      )
      expect(others.length).toBeGreaterThan(10)
      for (const name of others) {
        const chat = chatOf(name)
        assert.isTrue(Result.isFailure(chat), name)
        if (Result.isFailure(chat)) {
          assert.equal(chat.failure._tag, "ChatTemplateError")
          assert.equal(chat.failure.template, name)
          assert.include(chat.failure.message, name)
        }
      }
    }
  )
})

const refusal = (source: string, endTokens: ReadonlyArray<number> = []) => {
  const chat = Result.flatMap(compileChatTemplate({ name: "t.jinja", source }), (template) =>
    makeChatTokenizer(nanoChat.tokenizer, template, endTokens)
  )
  if (Result.isSuccess(chat)) throw new Error("the template was accepted")
  return chat.failure.message
}

describe("a template that cannot be appended to", () => {
  it("because it drops earlier turns", () => {
    const lastOnly =
      "{% for m in messages %}{% if loop.last %}{{ '<T> ' + m.content + ' <S> ' }}{% endif %}{% endfor %}"
    expect(refusal(lastOnly)).toMatch(/t\.jinja is not append-only: it renders the earlier turns/)
  })

  it("because a turn's frame depends on its number", () => {
    const counting =
      "{% for m in messages %}{% if m.role == 'user' %}{{ '<T> ' + loop.index|string + ' ' + m.content + ' <S> ' }}{% else %}{{ m.content + ' <end> ' }}{% endif %}{% endfor %}"
    expect(refusal(counting)).toMatch(/depends on earlier turns/)
  })

  it("because nothing ends a turn", () => {
    const endless = "{% for m in messages %}{{ ' ' + m.content + ' ' }}{% endfor %}"
    expect(refusal(endless)).toMatch(/names no end token/)
    assert.isTrue(
      Result.isSuccess(
        Result.flatMap(compileChatTemplate({ name: "t", source: endless }), (template) =>
          makeChatTokenizer(nanoChat.tokenizer, template, [4])
        )
      )
    )
  })

  it("because it does not compile, or raises", () => {
    expect(refusal("{% for %}")).toMatch(/t\.jinja does not compile/)
    expect(refusal("{{ raise_exception('not me') }}")).toMatch(/refuses a conversation.*not me/)
  })
})

const inFolder = async <A>(
  files: Record<string, string>,
  use: (directory: string) => Promise<A>
): Promise<A> => {
  const directory = await mkdtemp(join(tmpdir(), "chat-"))
  try {
    await Promise.all(
      Object.entries(files).map(([name, text]) => writeFile(join(directory, name), text))
    )
    return await use(directory)
  } finally {
    await rm(directory, { recursive: true })
  }
}
const load = (directory: string) =>
  Effect.runPromise(
    ChatTokenizer.pipe(
      Effect.map(({ stop, template }) => ({ stop, template: template.name })),
      Effect.provide(ChatTokenizer.layer(directory)),
      Effect.catchTags({
        TokenizerError: (error) => Effect.succeed(error.message),
        ChatTemplateError: (error) => Effect.succeed(error.message)
      })
    )
  )

describe("ChatTokenizer.layer", () => {
  const { words: _words, ...tokenizerJson } = nanoTokenizerJson
  const good = {
    "tokenizer.json": JSON.stringify(tokenizerJson),
    "tokenizer_config.json": JSON.stringify({
      chat_template: nanoTemplate,
      eos_token: { content: "<end>" }
    })
  }

  it("takes the template of the configuration, or the file beside it", async () => {
    await inFolder(good, async (directory) => {
      assert.deepEqual(await load(directory), {
        stop: [4],
        template: join(directory, "tokenizer_config.json")
      })
    })
    const files = {
      ...good,
      "tokenizer_config.json": JSON.stringify({ chat_template: [{ name: "x", template: "{%" }] }),
      "chat_template.jinja": nanoTemplate,
      "generation_config.json": JSON.stringify({ eos_token_id: [4, 0] })
    }
    await inFolder(files, async (directory) => {
      assert.deepEqual(await load(directory), {
        stop: [4, 0],
        template: join(directory, "chat_template.jinja")
      })
    })
  })

  it("reads a template that is not append-only, for whoever renders whole conversations", async () => {
    const forgetful = "{% for m in messages[-1:] %}[{{ m.role }}] {{ m.content }}{% endfor %}"
    const files = { ...good, "chat_template.jinja": forgetful }
    await inFolder(files, async (directory) => {
      assert.match(JSON.stringify(await load(directory)), /not append-only/)
      const { endTokens, template } = await Effect.runPromise(readChatFiles(directory))
      assert.deepEqual(endTokens, [4])
      const conversation = [
        { role: "user", content: "a" },
        { role: "system", content: "b" }
      ] as const
      assert.equal(Result.getOrThrow(template.render(conversation, true)), "[system] b")
    })
  })

  it.each([
    ["no tokenizer", {}, /There is no file .*tokenizer\.json; pass a folder/],
    ["text", { ...good, "tokenizer.json": "{" }, /tokenizer\.json is not JSON/],
    [
      "another model type",
      { ...good, "tokenizer.json": `{"model":{"type":"Magic","vocab":{}}}` },
      /tokenizer\.json does not describe a tokenizer/
    ],
    [
      "no template",
      { "tokenizer.json": good["tokenizer.json"] },
      /has no chat template; add a chat_template\.jinja/
    ],
    [
      "a bad id",
      { ...good, "generation_config.json": `{"eos_token_id":"x"}` },
      /generation_config\.json is malformed/
    ]
  ])("says what is wrong: %s", async (_what, files, message) => {
    expect(await inFolder(files, load)).toMatch(message)
  })
})
