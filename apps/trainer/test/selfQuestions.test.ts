/** The student's own weights, shown the private knowledge, as the writer of its questions. */
import { describe, expect, it } from "@effect/vitest"
import type { Task } from "@sml/env-pomdp"
import { episodeTraces, labelTurns, StudentError, Teacher, Verifier } from "@sml/env-pomdp"
import {
  ChatTokenizer,
  compileChatTemplate,
  makeChatTokenizer,
  makeTokenizer,
  policyCompletion,
  PolicyStudent
} from "@sml/language-model"
import { fineTune } from "@sml/offline-sft"
import { Sampler, TabularPolicy } from "@sml/policy"
import { ModelQuestionWriter, primingDialogues } from "@sml/q-priming"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"

const task: Task = {
  id: "board",
  domain: "math",
  prompt: "How many squares ?",
  knowledge: { kind: "math-answer", answer: "64", solution: "secret 8 times 8" },
  missing: []
}

const words =
  "<unk> <T> <S> <end> How many squares ? It is 46 64 secret Which rows are wrong Count the".split(
    " "
  )
const idOf = (word: string) => words.indexOf(word)
const tokenizer = makeTokenizer(
  {
    added_tokens: words.slice(0, 4).map((content, id) => ({ id, content, special: true })),
    // signs of a quotation apart from the words
    pre_tokenizer: {
      type: "Split",
      pattern: { Regex: "[^A-Za-z0-9?]+" },
      behavior: "Removed",
      invert: false
    },
    model: {
      type: "WordLevel",
      vocab: Object.fromEntries(words.map((word, id) => [word, id])),
      unk_token: "<unk>"
    }
  },
  {},
  "tokenizer.json"
)
const template = compileChatTemplate({
  name: "words",
  source:
    "{% for m in messages %}{% if m.role == 'user' %}{{ '<T> ' + m.content + ' ' }}{% else %}{{ '<S> ' + m.content + ' <end> ' }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<S> ' }}{% endif %}"
})
const chat = Result.getOrThrow(
  makeChatTokenizer(Result.getOrThrow(tokenizer), Result.getOrThrow(template))
)

const secrets = new Set(["64", "secret"].map(idOf))
const isPrivate = (tokens: Iterable<number>) =>
  Array.from(tokens).some((token) => secrets.has(token))

/**
 * One sampler for student and writer. As the student it is wrong until it has asked and been answered;
 * as the writer (it reads a secret) it first blurts the secret out, then asks.
 */
const sampler = (prompts: Array<ReadonlyArray<number>>) =>
  Layer.succeed(Sampler, {
    contextLength: 4000,
    vocabularySize: words.length,
    generate: ({ tokens }) => {
      prompts.push(Array.from(tokens))
      const drafts = prompts.filter(isPrivate).length
      const knows = Array.from(tokens).includes(idOf("Count"))
      const text = isPrivate(tokens)
        ? drafts % 2 === 1
          ? "It is 64 ?"
          : "Which rows are wrong ?"
        : knows
          ? "It is 64"
          : "It is 46"
      const ids = Int32Array.from([...text.split(" ").map(idOf), idOf("<end>")])
      const logprobs = Float32Array.from(ids, () => -1)
      return Effect.succeed({ ids, logprobs, rawLogprobs: logprobs, stop: "stop" as const })
    }
  })

const environment = Layer.merge(
  Layer.succeed(Teacher, {
    reply: () => Effect.succeed({ text: "Count the rows", disclosed: [] })
  }),
  Layer.succeed(Verifier, {
    check: (_task, text) =>
      Effect.succeed(
        text.includes("?")
          ? { _tag: "NoAttempt" as const }
          : { _tag: "Attempt" as const, correct: text.endsWith("64"), diagnostics: null }
      )
  })
)

describe("the student as the writer of its own questions", () => {
  it("reads the private knowledge, is guarded, and leaves none of it in what is trained on", async () => {
    const prompts: Array<ReadonlyArray<number>> = []
    // one sampler and one tokenizer, which the student and the writer share
    const policy = Layer.merge(sampler(prompts), Layer.succeed(ChatTokenizer, chat))
    const parties = Layer.mergeAll(
      PolicyStudent.layer({ maxTokens: 8 }),
      ModelQuestionWriter.layer(policyCompletion({ maxTokens: 8 })),
      environment
    ).pipe(Layer.provideMerge(policy))
    const { counts, dialogues } = await Effect.runPromise(
      primingDialogues(
        [task],
        { decay: 1, samplesPerTask: 1 },
        {
          encode: (text) =>
            Effect.mapError(
              Effect.fromResult(chat.utterance(text)),
              ({ message }) => new StudentError({ reason: message })
            )
        }
      ).pipe(Effect.provide(parties))
    )
    expect(counts).toMatchObject({
      successes: 1,
      injections: { wrong: 1, replaced: 1, refused: 0, leaked: 0 }
    })
    // the student, two drafts of the writer, the student again
    expect(prompts.map(isPrivate)).toEqual([false, true, true, false])
    // the writer is shown the attempt, which stays out of the dialogue
    expect(prompts[1]).toContain(idOf("46"))
    const [episode] = dialogues
    if (episode === undefined) throw new Error("no dialogue was kept")
    expect(labelTurns(episode)).toEqual(["question", "attempt"])
    expect(episode.state.history.map(({ text }) => text)).toEqual([
      "How many squares ?",
      "Which rows are wrong ?",
      "Count the rows",
      "It is 64"
    ])
    const traces = Result.getOrThrow(episodeTraces(episode))
    const stream = traces.flatMap(({ context, ids }) => [...context, ...ids])
    // the answer that the student itself found is the only private word
    expect(stream.filter((token) => secrets.has(token))).toEqual([idOf("64")])
    expect(isPrivate(traces.flatMap(({ context }) => context))).toBe(false)
    expect(isPrivate(traces.slice(0, -1).flatMap(({ ids }) => ids))).toBe(false)
    expect(stream).not.toContain(idOf("46"))

    // and it can be learnt from
    const losses = await Effect.runPromise(
      fineTune(dialogues, { epochs: 3 }).pipe(
        Stream.runCollect,
        Effect.map((steps) => steps.map(({ loss }) => loss)),
        Effect.provide(TabularPolicy.layer({ vocabularySize: words.length }))
      )
    )
    expect(losses).toEqual(losses.toSorted((left, right) => right - left))
  })
})
