import { describe, expect, it } from "@effect/vitest"
import { type Chat, chatExample, type ChatRenderer, type WrittenMessage } from "@sml/offline-sft"
import * as Result from "effect/Result"
import * as fc from "fast-check"

const place = { file: "data.jsonl", line: 3 }

/** Control tokens `<…>` are 1000 and more; every other character is a token. */
const controls = ["<sys>", "<user>", "<model>", "<end>", "<think>"]
const encode = (text: string): ReadonlyArray<number> =>
  (text.match(/<[a-z]+>|[^]/gu) ?? []).map((part) => {
    const at = controls.indexOf(part)
    return at >= 0 ? 1000 + at : (part.codePointAt(0) ?? 0)
  })
const decode = (ids: ReadonlyArray<number>) =>
  ids.map((id) => controls[id - 1000] ?? String.fromCodePoint(id)).join("")
const tokenizer = { encode, addedTokens: new Set(controls.map((_, index) => 1000 + index)) }

const names = { system: "<sys>", user: "<user>", assistant: "<model>" }
const plain = (messages: ReadonlyArray<WrittenMessage>, speak: boolean) =>
  messages.map(({ content, role }) => `${names[role]}${content.trim()}<end>`).join("") +
  (speak ? "<model>" : "")
const renderer: ChatRenderer = {
  tokenizer,
  template: { render: (messages, speak) => Result.succeed(plain(messages, speak)) }
}

const failure = (given: ChatRenderer, of: Chat) =>
  Result.getOrThrow(Result.flip(chatExample(given, of, place))).message

/** The text that is learnt, a string a run of weighted tokens. */
const learnt = (given: ChatRenderer, chat: Chat) => {
  const { datum } = Result.getOrThrow(chatExample(given, chat, place))
  const runs: Array<Array<number>> = []
  for (const [target, weight] of datum.weights.entries()) {
    if (weight === 0) continue
    const id = datum.tokens[target + 1] ?? -1
    if (target > 0 && datum.weights[target - 1] !== 0) runs.at(-1)?.push(id)
    else runs.push([id])
  }
  return { runs: runs.map(decode), text: decode(Array.from(datum.tokens)), datum }
}

// no control tokens and no space at the ends, which the template takes away
const words = fc
  .string({ minLength: 1, maxLength: 12, unit: "grapheme-ascii" })
  .map((text) => `a${text.replaceAll(/[<>]/g, "")}z`)
const turns = fc.array(fc.tuple(words, words), { minLength: 1, maxLength: 4 })

describe("chatExample", () => {
  it("learns what the assistant says and the end of its turns, and nothing else", () => {
    fc.assert(
      fc.property(
        turns,
        fc.option(words, { nil: undefined }),
        fc.boolean(),
        (pairs, rules, more) => {
          const [first, ...rest] = pairs.flatMap(([asked, said]): Array<WrittenMessage> => [
            { role: "user", content: asked },
            { role: "assistant", content: said }
          ])
          if (first === undefined) throw new Error("no messages")
          const system: Array<WrittenMessage> =
            rules === undefined ? [] : [{ role: "system", content: rules }]
          const tail: Array<WrittenMessage> = more ? [{ role: "user", content: "and then?" }] : []
          const [head = first, ...others] = [...system, first, ...rest]
          const { datum, runs, text } = learnt(renderer, { messages: [head, ...others, ...tail] })
          expect(runs).toEqual(pairs.map(([, said]) => `${said}<end>`))
          // what follows the last answer is left out
          expect(text).toBe(plain([head, ...others], false))
          expect(datum.label).toBe("data.jsonl:3")
          expect(datum.advantages).toBeUndefined()
        }
      )
    )
  })

  it("counts what a template puts before the answer as said, as the model has to say it", () => {
    const thinking: ChatRenderer = {
      tokenizer,
      template: {
        // as Qwen 3 does with the last answer
        render: (messages, speak) =>
          Result.succeed(
            messages
              .map(({ content, role }, index) =>
                role === "assistant" && index === messages.length - 1
                  ? `<model><think>${content}<end>`
                  : plain([{ content, role }], false)
              )
              .join("") + (speak ? "<model>" : "")
          )
      }
    }
    const chat: Chat = {
      messages: [
        { role: "user", content: "q" },
        { role: "assistant", content: "one" },
        { role: "user", content: "r" },
        { role: "assistant", content: "two" }
      ]
    }
    expect(learnt(thinking, chat).runs).toEqual(["one<end>", "<think>two<end>"])
  })

  it("gives a token across the beginning of a message to the assistant", () => {
    // `:a` is one token, so that the prompt alone has other tokens than the whole
    const merging: ChatRenderer = {
      tokenizer: {
        addedTokens: tokenizer.addedTokens,
        encode: (text) =>
          text
            .split(/(:a|<end>|)/u)
            .filter(Boolean)
            .flatMap((part) => (part === ":a" ? [77] : encode(part)))
      },
      template: {
        render: (messages, speak) =>
          Result.succeed(
            messages.map(({ content, role }) => `${role[0]}:${content}<end>`).join("") +
              (speak ? "a:" : "")
          )
      }
    }
    const chat: Chat = {
      messages: [
        { role: "user", content: "b" },
        { role: "assistant", content: "aha" }
      ]
    }
    const { datum } = learnt(merging, chat)
    const said = Array.from(datum.weights.entries()).flatMap(([at, weight]) =>
      weight === 0 ? [] : [datum.tokens[at + 1] ?? -1]
    )
    expect(said).toEqual([77, ...encode("ha<end>")])
  })

  it("refuses with file and line what the template cannot write", () => {
    const failing: ChatRenderer = {
      tokenizer,
      template: { render: () => Result.fail({ message: "Roles must alternate." }) }
    }
    const chat: Chat = { messages: [{ role: "assistant", content: "x" }] }
    expect(failure(failing, chat)).toBe("data.jsonl:3: Roles must alternate")
    const forgetful: ChatRenderer = {
      tokenizer,
      // shows the last message alone
      template: { render: (messages, speak) => Result.succeed(plain(messages.slice(-1), speak)) }
    }
    const longer: Chat = {
      messages: [
        { role: "user", content: "q" },
        { role: "assistant", content: "one" },
        { role: "assistant", content: "two" }
      ]
    }
    expect(failure(forgetful, longer)).toMatch(
      /^data\.jsonl:3: the chat template renders message 2/
    )
    // a model that speaks first has nothing to read before its first token
    const bare: ChatRenderer = {
      tokenizer,
      template: {
        render: (messages) => Result.succeed(messages.map(({ content }) => content).join(""))
      }
    }
    expect(failure(bare, chat)).toMatch(/^data\.jsonl:3: .*begins with a sampled token/)
  })
})
