/** Whole GRPO steps beside TRL's `GRPOTrainer`. */
import { Student, type Task, Teacher, Verifier } from "@sml/env-pomdp"
import { train } from "@sml/grpo-core"
import { adamW, Learner, type Sampler } from "@sml/policy"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"

import type { Bench, Setting } from "./Bench.ts"
import { BenchError } from "./BenchError.ts"
import { asBenchError, openEngine } from "./engine.ts"
import { type ModelName, provideModel } from "./models.ts"
import { asLists, randomPrompts } from "./prompts.ts"
import { type Row, timesGoal } from "./Row.ts"
import { answeredNumber, openCandidate, sideBySide } from "./sideBySide.ts"
import { secondsOf } from "./stopwatch.ts"

interface GrpoCase {
  readonly name: string
  readonly model: ModelName
  readonly groups: number
  readonly tokens: number
  readonly seconds: number
}

const cases: ReadonlyArray<GrpoCase> = [
  { name: "grpo/nano", model: "nano", groups: 6, tokens: 64, seconds: 45 },
  { name: "grpo/3.5M", model: "3.5M", groups: 6, tokens: 64, seconds: 60 }
]

const groupSize = 8
const optimiser = adamW({ learningRate: 1e-5, beta2: 0.999 })
const trl = "TRL"

/** A prompt is its ids in decimal. */
const idsOf = (text: string): Int32Array => Int32Array.from(text.split(" "), Number)

/** Says exactly so many tokens after the prompt. */
const studentLayer = (sampler: Sampler["Service"], tokens: number) =>
  Layer.succeed(Student, {
    speak: (observation, { seed }) => {
      const context = idsOf(observation.history[0]?.text ?? "")
      return Effect.map(
        Effect.orDie(
          sampler.generate({ tokens: context, maxTokens: tokens, temperature: 1, stop: [], seed })
        ),
        ({ ids, logprobs }) => ({
          text: ids.join(" "),
          trace: { context: [...context], ids: [...ids], logprobs: [...logprobs] }
        })
      )
    }
  })

/** Right is what sums to an odd number, by chance half of all. */
const verifierLayer = Layer.succeed(Verifier, {
  check: (_task, text) =>
    Effect.succeed({
      _tag: "Attempt",
      correct: idsOf(text).reduce((sum, id) => sum + id, 0) % 2 === 1,
      diagnostics: null
    })
})

const teacherLayer = Layer.succeed(Teacher, {
  reply: () => Effect.die("a dialogue of one turn has no reply")
})

const runCase = Effect.fnUntraced(function* (grpo: GrpoCase, setting: Setting) {
  const model = yield* provideModel(grpo.model, setting)
  const { learner, sampler } = yield* openEngine(model.folder, setting.threads)
  const groups = setting.quick ? 2 : grpo.groups
  const tokens = setting.quick ? 4 : grpo.tokens
  const { vocabularySize } = model.config
  const prompts = randomPrompts(vocabularySize, groups, 32, 64)
  const tasks = prompts.map((prompt, index): Task => ({
    id: `prompt ${index}`,
    domain: "bench",
    prompt: prompt.join(" "),
    knowledge: null,
    missing: []
  }))
  const everyToken = groups * groupSize * tokens
  let steps = 0
  const step = Effect.suspend(() =>
    train(() => Effect.succeed(tasks), {
      steps: 1,
      firstStep: steps++,
      groupSize,
      horizon: 1,
      schedule: { _tag: "Constant", warmupSteps: 0 },
      optimiser
    }).pipe(
      Stream.runHead,
      Effect.map((report) =>
        Option.match(report, {
          onNone: () => 0,
          onSome: ({ metrics }) => (metrics.updated ? metrics["tokens/trained"] : 0)
        })
      )
    )
  ).pipe(
    Effect.provide(Layer.mergeAll(studentLayer(sampler, tokens), verifierLayer, teacherLayer)),
    Effect.provideService(Learner, learner)
  )
  let trained = 0
  const timedStep = secondsOf(
    Effect.tap(step, (count) =>
      Effect.sync(() => {
        trained = count
      })
    )
  )
  // a group whose dialogues all succeed or fail is dropped: less work than TRL does, so once more
  const fullStep = timedStep.pipe(
    Effect.repeat({ until: () => trained === everyToken, times: 20 }),
    Effect.filterOrFail(
      () => trained === everyToken,
      () =>
        new BenchError({
          reason: `20 steps in a row dropped a group of dialogues with equal rewards; the reward does not suit ${grpo.model}`
        })
    )
  )
  const candidate = yield* openCandidate(setting, {
    name: trl,
    script: "grpo.py",
    job: {
      checkpoint: model.folder,
      threads: setting.threads,
      prompts: asLists(prompts),
      groupSize,
      tokens,
      vocabularySize,
      optimiser
    },
    deadline: "3 minutes"
  })
  yield* fullStep
  const rate = (seconds: number) => everyToken / seconds
  const cells = yield* sideBySide({
    ours: Effect.mapError(Effect.map(fullStep, rate), asBenchError),
    candidates: [candidate],
    theirs: (peer) =>
      peer.ask({}).pipe(
        Effect.flatMap((answer) => answeredNumber(peer.name, answer, "seconds")),
        Effect.map(rate)
      ),
    repetitions: setting.quick ? 1 : 5
  })
  const title = `${grpo.model}, a step of ${groups} groups of ${groupSize}, prompts of 32–64, ${tokens} new tokens`
  const row = { bench: grpo.name, title, unit: "new tokens/s", ...cells }
  return [{ ...row, goals: [timesGoal(row, trl, 3)] }] satisfies ReadonlyArray<Row>
})

/** Rollout, reward and one update of the same prompts; the rate counts completions' tokens. */
export const grpoBenches: ReadonlyArray<Bench> = cases.map((grpo) => ({
  name: grpo.name,
  seconds: grpo.seconds,
  run: Effect.fn("bench.grpo")(
    (setting: Setting) => runCase(grpo, setting),
    Effect.mapError(asBenchError)
  )
}))
