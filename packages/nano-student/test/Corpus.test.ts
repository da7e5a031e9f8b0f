import { isDone, mixSeed, successTurn, uniformStream } from "@sml/env-pomdp"
import { compileChatTemplate, makeChatTokenizer, makeTokenizer } from "@sml/language-model"
import {
  chatTemplate,
  companionFiles,
  contextLength,
  corpus,
  type CorpusItem,
  defaultCorpus,
  itemDatum,
  type Manner,
  simulateDialogue,
  vocabulary,
  wordIds
} from "@sml/nano-student"
import { generateTask, splitOf } from "@sml/tasks"
import { decodeKnowledge, leaks } from "@sml/teacher-verifiers/nano"
import * as Result from "effect/Result"
import { assert, describe, expect, it } from "vitest"

const take = (seed: number, count: number): ReadonlyArray<CorpusItem> => {
  const items: Array<CorpusItem> = []
  for (const item of corpus(seed)) {
    items.push(item)
    if (items.length === count) break
  }
  return items
}

const items = take(11, 3000)
const share = (holds: (item: CorpusItem) => boolean, of: ReadonlyArray<CorpusItem> = items) =>
  of.filter(holds).length / of.length

const tokenizer = Result.getOrThrow(
  makeTokenizer(
    JSON.parse(companionFiles["tokenizer.json"] ?? ""),
    JSON.parse(companionFiles["tokenizer_config.json"] ?? ""),
    "tokenizer.json"
  )
)
const chat = Result.getOrThrow(
  Result.flatMap(compileChatTemplate({ name: "nano", source: chatTemplate }), (template) =>
    makeChatTokenizer(tokenizer, template)
  )
)

describe("the vocabulary", () => {
  it("has one id for each word, within the size of the model", () => {
    assert.equal(new Set(vocabulary).size, vocabulary.length)
    expect(vocabulary.length).toBeLessThanOrEqual(96)
    for (const [id, word] of vocabulary.entries()) assert.deepEqual(tokenizer.encode(word), [id])
  })

  it("refuses a word that it does not hold", () => {
    assert.throws(() => wordIds("find zebra ."), /"zebra" is not a word/)
  })
})

const weighed = (text: string, weight: number) => text.split(" ").map((word) => [word, weight])

describe("the corpus", () => {
  it("is a function of the seed", () => {
    assert.deepEqual(take(11, 50), items.slice(0, 50))
    assert.notDeepEqual(take(12, 50), items.slice(0, 50))
  })

  it("holds no test task, whole or as the beginning of a statement", () => {
    for (const { turns } of items) {
      const statement = turns[0]?.text ?? ""
      const told = statement.replace(/ [bkm] is [\d ]+ \.$/, "")
      const asked = told.replace("find b .", "find c .")
      assert.equal(splitOf(asked), "train", statement)
    }
  })

  it("is what the chat template makes of its turns", () => {
    for (const item of items.slice(0, 300)) {
      const messages = item.turns.map(({ role, text }) => ({
        role: role === "teacher" ? ("user" as const) : ("assistant" as const),
        content: text
      }))
      const text = Result.getOrThrow(chat.template.render(messages, false))
      assert.deepEqual(Array.from(itemDatum(item).tokens), tokenizer.encode(text))
    }
  })

  it("weighs the student's words 1, the teacher's less, and a given question not at all", () => {
    const datum = itemDatum({
      kind: "told",
      domain: "math",
      turns: [
        { role: "teacher", text: "find c .", weight: 0.3 },
        { role: "student", text: "what is b ?", weight: 0 },
        { role: "teacher", text: "b is 5 .", weight: 0.3 },
        { role: "student", text: "answer: 3", weight: 1 }
      ]
    })
    const words = Array.from(datum.tokens.slice(1), (id, index) => [
      vocabulary[id],
      Math.round((datum.weights[index] ?? 0) * 10) / 10
    ])
    assert.deepEqual(words, [
      ...weighed("find c . <S>", 0.3),
      ...weighed("what is b ? <end>", 0),
      ...weighed("<T> b is 5 . <S>", 0.3),
      ...weighed("answer: 3 <end>", 1)
    ])
  })

  it("has the shares that were asked for", () => {
    expect(share(({ domain }) => domain === "math")).toBeCloseTo(defaultCorpus.mathShare, 1)
    expect(share(({ kind }) => kind === "dialogue")).toBeCloseTo(1 - defaultCorpus.textbookShare, 1)
    const textbook = items.filter(({ kind }) => kind !== "dialogue")
    expect(share(({ kind }) => kind === "told", textbook)).toBeCloseTo(defaultCorpus.toldShare, 1)
  })

  it("fits into the context, ends with the student, and tells no answer", () => {
    for (const item of items) {
      expect(itemDatum(item).tokens.length).toBeLessThan(contextLength)
      assert.equal(item.turns.at(-1)?.role, "student")
      assert.equal(item.turns[0]?.role, "teacher")
    }
  })
})

const play = (manner: Manner, domain: "math" | "code", seed: number) => {
  const random = uniformStream(mixSeed(seed, 5))
  const task = generateTask(random, { domain, split: "train" })
  return simulateDialogue(task, random, { manner, horizon: 10 })
}
const successRate = (manner: Manner, domain: "math" | "code", turns: number) => {
  const count = 400
  let right = 0
  for (let seed = 0; seed < count; seed++) {
    const state = play(manner, domain, seed)
    const turn = successTurn({ state, stop: "horizon", reward: 0 })
    if (turn !== undefined && turn <= turns) right++
  }
  return right / count
}

describe("simulated students", () => {
  it.each(["math", "code"] as const)("listen as much as their manner says: %s", (domain) => {
    const [learner, guess, stubborn] = (["learner", "guess", "stubborn"] as const).map((manner) =>
      successRate(manner, domain, 10)
    )
    expect(learner).toBeGreaterThan(0.9)
    expect(guess).toBeLessThan(0.8)
    expect(stubborn).toBeLessThan(guess ?? 0)
    expect(successRate("learner", domain, 1)).toBeCloseTo(successRate("guess", domain, 1), 1)
  })

  it("play to the end, with a teacher who never tells the answer", () => {
    for (let seed = 0; seed < 200; seed++) {
      const state = play("learner", seed % 2 === 0 ? "math" : "code", seed)
      assert.isTrue(isDone(state))
      const knowledge = Result.getOrThrow(decodeKnowledge(state.task))
      for (const { text } of state.replies) assert.isFalse(leaks(knowledge, text), text)
    }
  })
})
