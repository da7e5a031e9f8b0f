/** No private token ever appears in a training context, whatever the writer does. */
import { assert, describe, it } from "@effect/vitest"
import { type Episode, episodeTraces, Student, type Task, Teacher, Verifier } from "@sml/env-pomdp"
import { streamDatum } from "@sml/policy"
import { ModelQuestionWriter, primingDialogues, QuestionWriter } from "@sml/q-priming"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as fc from "fast-check"

/** One token a character, so that a stream can be read back. */
const encode = (text: string) => Array.from(text, (character) => character.codePointAt(0) ?? 0)
const decode = (ids: ArrayLike<number>) => String.fromCodePoint(...Array.from(ids))

/** A student that never sees the knowledge: wrong twice, then right (or never). */
const student = Layer.succeed(Student, {
  speak: ({ history }, { seed, turn }) => {
    const text = turn < 2 || seed % 5 === 0 ? `answer: ${turn}` : "answer: right"
    const context = encode(`T${history.at(-1)?.text ?? ""}S`)
    const ids = encode(text)
    return Effect.succeed({ text, trace: { context, ids, logprobs: ids.map(() => -1) } })
  }
})
const judge = Layer.succeed(Verifier, {
  check: (_task, text) =>
    Effect.succeed(
      text.startsWith("answer")
        ? { _tag: "Attempt" as const, correct: text.endsWith("right"), diagnostics: null }
        : { _tag: "NoAttempt" as const }
    )
})
const teacher = Layer.succeed(Teacher, {
  reply: () => Effect.succeed({ text: "look again", disclosed: [] })
})
const parties = Layer.mergeAll(student, judge, teacher)

const canaryWord = fc.stringMatching(/^[b-y]{4}[0-9]{2}[b-y]{2}$/)
const shapesOf = (a: string, b: string, c: string): ReadonlyArray<Task["knowledge"]> => [
  { kind: "math-answer", answer: "right", solution: `see ${a} and ${b} or ${c}` },
  { kind: "text-answer", answer: a, hints: [b, c] },
  { notes: [a, { deep: b }], n: c }
]

const anyKnowledge = fc.tuple(canaryWord, canaryWord, canaryWord).map(([a, b, c]) => ({
  canaries: [a, b, c],
  shapes: shapesOf(a, b, c)
}))
/** What a writer that has read everything may do with a word of it. */
const tricks: ReadonlyArray<(word: string) => string> = [
  () => "what is wrong ?",
  (word) => `is it ${word} ?`,
  (word) => `is it ${word.toUpperCase()} ?`,
  (word) => `does ${Array.from(word).join(" ")} help ?`,
  (word) => `what about (${word.slice(0, 3)}-${word.slice(3)}) ?`,
  (word) => `answer: ${word}`,
  (word) => `${word} .`,
  (word) => `which one ?\n${word}`
]

/** Every text that a student is trained on or reads before what it is trained on. */
const trainingTexts = (episode: Episode): ReadonlyArray<string> => {
  const traces = Result.getOrThrow(episodeTraces(episode))
  const { tokens } = Result.getOrThrow(streamDatum(traces))
  return [decode(tokens), ...episode.state.history.map(({ text }) => text)]
}

const bare = (text: string) => text.toLowerCase().replaceAll(/[^a-z0-9]/g, "")

/** Priming about one task with the knowledge. */
const prime = (
  knowledge: Task["knowledge"],
  writer: Layer.Layer<QuestionWriter>,
  probability: number
) => {
  const task: Task = { id: "t", domain: "d", prompt: "find it", knowledge, missing: [] }
  return Effect.runPromise(
    primingDialogues(
      [task],
      { samplesPerTask: 6 },
      { encode: (text) => Effect.succeed(encode(text)), probability: () => probability }
    ).pipe(Effect.provide(Layer.provideMerge(writer, parties)))
  )
}

describe("canaries in the knowledge", () => {
  it("never reach a training context, whatever the writer does with them", async () => {
    const seen = { leaked: 0, refused: 0, replaced: 0, dialogues: 0 }
    await fc.assert(
      fc.asyncProperty(
        anyKnowledge,
        fc.integer({ min: 0, max: 2 }),
        fc.array(fc.tuple(fc.nat(2), fc.nat(tricks.length - 1)), { minLength: 1, maxLength: 5 }),
        fc.boolean(),
        async ({ canaries, shapes }, shape, moves, throughModel) => {
          let at = 0
          const said = () => {
            const [word = 0, trick = 0] = moves[at++ % moves.length] ?? []
            return tricks[trick]?.(canaries[word] ?? "") ?? ""
          }
          const writer = throughModel
            ? ModelQuestionWriter.layer(Effect.succeed(() => Effect.sync(said)))
            : Layer.succeed(QuestionWriter, { write: () => Effect.sync(said) })
          const { counts, dialogues } = await prime(shapes[shape] ?? null, writer, 0.8)
          for (const text of dialogues.flatMap(trainingTexts)) {
            for (const canary of canaries) assert.notInclude(bare(text), canary, text)
          }
          seen.leaked += counts.injections.leaked
          seen.refused += counts.injections.refused
          seen.replaced += counts.injections.replaced
          seen.dialogues += dialogues.length
        }
      ),
      { numRuns: 60 }
    )
    // the property was put to the test
    for (const [name, count] of Object.entries(seen)) assert.isAbove(count, 20, name)
  })

  it("would be found there without the guard", async () => {
    const word = "bcde12fg"
    const task: Task = { id: "t", domain: "d", prompt: "p", knowledge: { word }, missing: [] }
    const writer = Layer.succeed(QuestionWriter, { write: () => Effect.succeed(`is it ${word} ?`) })
    const { dialogues } = await Effect.runPromise(
      primingDialogues(
        [task],
        { samplesPerTask: 20, decay: 1, horizon: 10 },
        {
          encode: (text) => Effect.succeed(encode(text)),
          isLeak: () => false,
          keep: () => true
        }
      ).pipe(Effect.provide(Layer.provideMerge(writer, parties)))
    )
    assert.isTrue(dialogues.flatMap(trainingTexts).some((text) => text.includes(word)))
  })
})
