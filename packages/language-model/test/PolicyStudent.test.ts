import type { Episode, Student, Task, Turn } from "@sml/env-pomdp"
import { rollout, studentTurns, Teacher, Verifier } from "@sml/env-pomdp"
import { ChatTokenizer, dialogueStream, PolicyStudent } from "@sml/language-model"
import { type GenerateRequest, Sampler, SamplerError } from "@sml/policy"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import { assert, describe, expect, it } from "vitest"

import { nanoChat, words } from "./nanoFixture.ts"

const task: Task = { id: "t", domain: "math", prompt: "find c .", knowledge: 3, missing: [] }

const teacher = Layer.succeed(
  Teacher,
  Teacher.of({ reply: () => Effect.succeed({ text: "no . what is b ?", disclosed: [] }) })
)
const verifier = Layer.succeed(
  Verifier,
  Verifier.of({
    check: (_task, text) =>
      Effect.succeed({ _tag: "Attempt", correct: text === "answer: 3", diagnostics: null })
  })
)

interface Scripted {
  readonly completions: ReadonlyArray<string>
  readonly contextLength?: number
  readonly vocabularySize?: number
}

/** Says the given completions in order, `<end>` written out where one is sampled. */
const play = async ({ completions, contextLength = 100, vocabularySize = 64 }: Scripted) => {
  const requests: Array<GenerateRequest> = []
  const sampler = Layer.succeed(
    Sampler,
    Sampler.of({
      contextLength,
      vocabularySize,
      generate: (request) => {
        const text = completions[requests.length]
        requests.push(request)
        if (text === undefined) return Effect.fail(new SamplerError({ reason: "Out of words." }))
        const ids = Int32Array.from(nanoChat.tokenizer.encode(text))
        const logprobs = Float32Array.from(ids, () => -0.5)
        const stop = text.endsWith("<end>") ? "stop" : "length"
        return Effect.succeed({ ids, logprobs, rawLogprobs: logprobs, stop })
      }
    })
  )
  const student = PolicyStudent.layer({ temperature: 0.7, maxTokens: 3 }).pipe(
    Layer.provide([sampler, Layer.succeed(ChatTokenizer, nanoChat)])
  )
  const episode = await Effect.runPromise(
    rollout(task, { horizon: 3, seed: 5 }).pipe(
      Effect.provide(Layer.mergeAll(student, teacher, verifier))
    )
  )
  return { episode, requests }
}

const write = (ids: ReadonlyArray<number>) =>
  ids.map((id) => ["<pad>", "<unk>", "<T>", "<S>", "<end>", ...words][id]).join(" ")

const traces = (episode: Episode) =>
  studentTurns(episode).map(({ trace }) => ({
    context: write(trace?.context ?? []),
    ids: write(trace?.ids ?? [])
  }))

describe("PolicyStudent", () => {
  it("appends only what is new, and the end of a turn that was cut", async () => {
    const { episode, requests } = await play({
      completions: ["answer: 2 <end>", "what is b", "answer: 3 <end>"]
    })
    assert.equal(episode.stop, "correct")
    assert.deepEqual(
      studentTurns(episode).map(({ text }) => text),
      ["answer: 2", "what is b", "answer: 3"]
    )
    assert.deepEqual(traces(episode), [
      { context: "<T> find c . <S>", ids: "answer: 2 <end>" },
      { context: "<T> no . what is b ? <S>", ids: "what is b" },
      { context: "<end> <T> no . what is b ? <S>", ids: "answer: 3 <end>" }
    ])
    // every request is the trace so far and its own context, under the dialogue's name
    const stream: Array<number> = []
    for (const [index, { trace }] of studentTurns(episode).entries()) {
      stream.push(...(trace?.context ?? []))
      assert.deepEqual(Array.from(requests[index]?.tokens ?? []), stream)
      stream.push(...(trace?.ids ?? []))
      assert.equal(requests[index]?.cacheKey, episode.state.episode)
      assert.deepEqual(requests[index]?.stop, [4])
      assert.equal(requests[index]?.temperature, 0.7)
    }
    assert.equal(new Set(requests.map(({ seed }) => seed)).size, 3)
  })

  it("stops before the dialogue outgrows the context", async () => {
    // the first prompt has 5 tokens
    const { episode } = await play({ completions: ["answer: 2 <end>"], contextLength: 8 })
    assert.equal(episode.stop, "context-overflow")
    assert.equal(studentTurns(episode).length, 1)
  })

  it("says why when the sampler fails", async () => {
    const { episode } = await play({ completions: [] })
    assert.equal(episode.stop, "student-failed")
    assert.equal(episode.failure, "Out of words.")
  })

  it("refuses a tokenizer that is not the model's", async () => {
    const { episode, requests } = await play({
      completions: ["answer: 2 <end>"],
      vocabularySize: 9
    })
    expect(episode.failure).toMatch(/has 23 tokens, the model 9; use the tokenizer/)
    assert.equal(requests.length, 0)
  })
})

describe("dialogueStream", () => {
  it("tokenises the text of an utterance that no policy sampled", () => {
    const history: Array<Turn> = [
      { role: "teacher", text: "find c ." },
      { role: "student", text: "what is b ?" },
      { role: "teacher", text: "b is 3 ." }
    ]
    const stream = Result.getOrThrow(dialogueStream(nanoChat, history))
    const expected = "<T> find c . <S> what is b ? <end> <T> b is 3 . <S>"
    assert.equal(write(stream.tokens), expected)
    assert.equal(write(stream.context), expected)
  })
})

// the student has no other way to speak than through its sampler and its tokenizer
const _needs: Layer.Layer<Student, never, Sampler | ChatTokenizer> = PolicyStudent.layer({
  maxTokens: 1
})
// @ts-expect-error -- a student without a sampler cannot be built
const _withoutSampler: Layer.Layer<Student, never, ChatTokenizer> = PolicyStudent.layer({
  maxTokens: 1
})
void [_needs, _withoutSampler]
