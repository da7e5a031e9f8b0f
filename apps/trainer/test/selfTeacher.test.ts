/** The student's own weights, with privileged information, as the teacher. */
import { assert, describe, expect, it } from "@effect/vitest"
import type { Group, Task } from "@sml/env-pomdp"
import {
  isFailed,
  leakAttempts,
  rollout,
  rolloutGroup,
  Student,
  Teacher,
  Verifier
} from "@sml/env-pomdp"
import { groupData } from "@sml/grpo-core"
import {
  ChatTokenizer,
  compileChatTemplate,
  makeChatTokenizer,
  makeTokenizer,
  policyCompletion,
  PolicyStudent
} from "@sml/language-model"
import { Sampler } from "@sml/policy"
import {
  LanguageModelTeacher,
  TeacherModel,
  TeacherUnavailable
} from "@sml/teacher-verifiers/teacher"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"

const task: Task = {
  id: "board",
  domain: "math",
  prompt: "A board has 8 rows of 8 squares. How many squares are there?",
  knowledge: { kind: "math-answer", answer: "64" },
  missing: []
}

const words = "<unk> <T> <S> <end> It is 46 64 Count the rows hm".split(" ")
const idOf = (word: string) => words.indexOf(word)

const tokenizer = makeTokenizer(
  {
    added_tokens: words.slice(0, 4).map((content, id) => ({ id, content, special: true })),
    pre_tokenizer: { type: "WhitespaceSplit" },
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

const verifier = Layer.succeed(Verifier, {
  check: () => Effect.succeed({ _tag: "NoAttempt" as const })
})

describe("the student as its own teacher", () => {
  it("speaks with the same sampler, knows more, and is guarded", async () => {
    const prompts: Array<ReadonlyArray<number>> = []
    const knowing = () => prompts.filter((prompt) => prompt.includes(idOf("64"))).length
    /** Blurts out the answer where it reads it, but not a second time. */
    const sampler = Layer.succeed(Sampler, {
      contextLength: 1000,
      vocabularySize: words.length,
      generate: ({ tokens }) => {
        prompts.push(Array.from(tokens))
        const isTeacher = tokens.includes(idOf("64"))
        const text = !isTeacher ? "It is 46" : knowing() > 1 ? "Count the rows" : "It is 64"
        const ids = Int32Array.from([...text.split(" ").map(idOf), idOf("<end>")])
        const logprobs = Float32Array.from(ids, () => -1)
        return Effect.succeed({ ids, logprobs, rawLogprobs: logprobs, stop: "stop" as const })
      }
    })
    // one sampler and one tokenizer, which the student and the teacher share
    const policy = Layer.merge(sampler, Layer.succeed(ChatTokenizer, chat))
    const teacher = LanguageModelTeacher.layer().pipe(
      Layer.provide(TeacherModel.layerCompletion(policyCompletion({ maxTokens: 8 })))
    )
    const parties = Layer.mergeAll(PolicyStudent.layer({ maxTokens: 8 }), teacher, verifier).pipe(
      Layer.provide(policy)
    )
    const { state, stop } = await Effect.runPromise(
      Effect.provide(rollout(task, { horizon: 2 }), parties)
    )
    expect(stop).toBe("horizon")
    expect(state.history.slice(1).map(({ text }) => text)).toEqual([
      "It is 46",
      "Count the rows",
      "It is 46"
    ])
    expect(leakAttempts(state)).toEqual({ guarded: 1, leaky: 1, drafts: 1 })
    // the student's own stream never holds the answer
    expect(prompts.map((prompt) => prompt.includes(idOf("64")))).toEqual([false, true, true, false])
  })
})

/** A teacher that is out for every second dialogue. */
const unreliable = LanguageModelTeacher.make({
  complete: (_messages, seed) =>
    seed % 2 === 0
      ? Effect.succeed("Count the rows.")
      : Effect.fail(new TeacherUnavailable({ reason: "The server is down.", isRetryable: false }))
})

describe("an episode whose teacher failed", () => {
  /** Wrong at first; right at the second turn in every other dialogue that gets there. */
  const judged = Layer.succeed(Verifier, {
    check: (_task: Task, text: string) =>
      Effect.succeed({ _tag: "Attempt" as const, correct: text.endsWith("64"), diagnostics: null })
  })
  const speaks = Layer.succeed(Student, {
    speak: (_observation, { seed, turn }) => {
      const text = turn > 0 && seed % 3 === 0 ? "answer: 64" : "answer: 46"
      return Effect.succeed({
        text,
        trace: { context: [1, 2], ids: [3, 4], logprobs: [-1, -1] }
      })
    }
  })
  const scoring = {
    discount: 0.7,
    advantage: { _tag: "GroupStd", epsilon: 1e-6, std: "population" }
  } as const
  const parties = Layer.mergeAll(judged, speaks, Layer.succeed(Teacher, unreliable))

  it("is never trained on as a wrong answer", async () => {
    const group: Group = await Effect.runPromise(
      Effect.provide(rolloutGroup(task, { size: 32, horizon: 3, seed: 1 }), parties)
    )
    const failed = group.episodes.filter(isFailed)
    assert.isAbove(failed.length, 4)
    assert(failed.every(({ stop }) => stop === "teacher-failed"))
    assert(group.episodes.some(({ reward }) => reward === 1))
    const { data, episodes, metrics } = Result.getOrThrow(groupData([group], scoring))
    expect(episodes.length).toBe(group.episodes.length - failed.length)
    assert(!episodes.some(isFailed))
    expect(data.length).toBe(episodes.length)
    expect(metrics["episodes/failed"]).toBe(failed.length)
    // the rest is scored as if the failed ones had never been
    const rest = { task, episodes: group.episodes.filter((episode) => !isFailed(episode)) }
    const alone = Result.getOrThrow(groupData([rest], scoring))
    expect(data).toEqual(alone.data)
  })
})
