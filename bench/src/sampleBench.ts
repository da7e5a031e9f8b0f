/** Sampling many dialogues beside transformers' `generate`. */
import * as Effect from "effect/Effect"

import type { Bench, Setting } from "./Bench.ts"
import { besideTransformers, transformers } from "./besideTransformers.ts"
import { asBenchError, openEngine } from "./engine.ts"
import { type ModelName, provideModel } from "./models.ts"
import { asLists, randomPrompts } from "./prompts.ts"
import { type Row, timesGoal } from "./Row.ts"

/** Random prompts of 32 to 64 tokens, continued by `tokens` each. */
interface SampleCase {
  readonly name: string
  readonly model: ModelName
  readonly dialogues: number
  readonly tokens: number
  readonly repetitions: number
  /** How many times transformers' rate is asked for. */
  readonly times: number
  readonly seconds: number
}

const cases: ReadonlyArray<SampleCase> = [
  {
    name: "sample/nano",
    model: "nano",
    dialogues: 128,
    tokens: 96,
    repetitions: 5,
    times: 5,
    seconds: 40
  },
  {
    name: "sample/3.5M",
    model: "3.5M",
    dialogues: 128,
    tokens: 96,
    repetitions: 5,
    times: 5,
    seconds: 60
  },
  {
    name: "sample/SmolLM2-135M",
    model: "SmolLM2-135M",
    dialogues: 16,
    tokens: 64,
    repetitions: 3,
    times: 2,
    seconds: 90
  },
  {
    name: "sample/SmolLM2-135M/128",
    model: "SmolLM2-135M",
    dialogues: 128,
    tokens: 64,
    repetitions: 2,
    times: 2,
    seconds: 200
  }
]

const runCase = Effect.fnUntraced(function* (sample: SampleCase, setting: Setting) {
  const model = yield* provideModel(sample.model, setting)
  const { sampler } = yield* openEngine(model.folder, setting.threads)
  const dialogues = setting.quick ? 4 : sample.dialogues
  const tokens = setting.quick ? 4 : sample.tokens
  const prompts = randomPrompts(model.config.vocabularySize, dialogues, 32, 64)
  let seed = 0
  const rollout = Effect.suspend(() =>
    Effect.forEach(
      prompts,
      (prompt) =>
        sampler.generate({
          tokens: prompt,
          maxTokens: tokens,
          temperature: 1,
          stop: [],
          seed: seed++
        }),
      { concurrency: "unbounded", discard: true }
    )
  )
  const cells = yield* besideTransformers(
    setting,
    {
      model,
      sampler,
      script: "sample.py",
      prompts,
      work: { prompts: asLists(prompts), tokens }
    },
    { rollout, tokens: dialogues * tokens, repetitions: sample.repetitions }
  )
  const title = `${sample.model}, ${dialogues} dialogues, prompts of 32–64, ${tokens} new tokens`
  const row = { bench: sample.name, title, unit: "tokens/s", ...cells }
  return [
    { ...row, goals: [timesGoal(row, transformers, sample.times)] }
  ] satisfies ReadonlyArray<Row>
})

/** New tokens a second at temperature 1, prompts included in the time, no early stop. */
export const sampleBenches: ReadonlyArray<Bench> = cases.map((sample) => ({
  name: sample.name,
  seconds: sample.seconds,
  run: Effect.fn("bench.sample")(
    (setting: Setting) => runCase(sample, setting),
    Effect.mapError(asBenchError)
  )
}))
