/** Dialogues of several turns of unlike lengths beside transformers' `generate`. */
import { mixSeed } from "@sml/env-pomdp"
import * as Effect from "effect/Effect"

import type { Bench, Setting } from "./Bench.ts"
import { BenchError } from "./BenchError.ts"
import { besideTransformers, transformers } from "./besideTransformers.ts"
import { type DialogueShape, dialogueScripts, type ScriptedTurn } from "./dialogueScripts.ts"
import { asBenchError, openEngine } from "./engine.ts"
import { type ModelName, provideModel } from "./models.ts"
import { randomPrompts } from "./prompts.ts"
import { type Row, timesGoal } from "./Row.ts"

interface DialogueCase {
  readonly name: string
  readonly model: ModelName
  readonly seconds: number
}

const cases: ReadonlyArray<DialogueCase> = [
  { name: "dialogue/nano", model: "nano", seconds: 60 },
  { name: "dialogue/3.5M", model: "3.5M", seconds: 150 }
]

/** How many times transformers' rate is asked for. */
const times = 5

/** At most 64 + 4 · 64 + 3 · 24 = 392 tokens, which fit into either model's context. */
const wholeShape: DialogueShape = { turns: 4, said: [8, 64], replied: [8, 24] }
const quickShape: DialogueShape = { turns: 2, said: [2, 6], replied: [2, 4] }

const runCase = Effect.fnUntraced(function* (dialogue: DialogueCase, setting: Setting) {
  const model = yield* provideModel(dialogue.model, setting)
  const { sampler } = yield* openEngine(model.folder, setting.threads)
  const { vocabularySize } = model.config
  const shape = setting.quick ? quickShape : wholeShape
  const statements = randomPrompts(vocabularySize, setting.quick ? 4 : 128, 32, 64)
  const scripts = dialogueScripts(vocabularySize, statements, shape)
  const everyToken = scripts.flat().reduce((sum, { says }) => sum + says, 0)

  const speak = Effect.fnUntraced(function* (
    script: ReadonlyArray<ScriptedTurn>,
    index: number,
    repetition: number
  ) {
    let history = new Int32Array()
    let said = 0
    for (const [turn, { heard, says }] of script.entries()) {
      const tokens = Int32Array.from([...history, ...heard])
      const { ids } = yield* sampler.generate({
        tokens,
        maxTokens: says,
        temperature: 1,
        stop: [],
        seed: mixSeed(repetition, index, turn),
        // of this repetition alone: what an earlier one has read of the same statement is read again
        cacheKey: `${repetition}/${index}`
      })
      said += ids.length
      history = Int32Array.from([...tokens, ...ids])
    }
    return said
  })
  let repetitions = 0
  const rollout = Effect.suspend(() => {
    const repetition = repetitions++
    return Effect.forEach(scripts, (script, index) => speak(script, index, repetition), {
      concurrency: "unbounded"
    })
  }).pipe(
    Effect.map((said) => said.reduce((sum, count) => sum + count, 0)),
    Effect.filterOrFail(
      (said) => said === everyToken,
      (said) => new BenchError({ reason: `sampled ${said} tokens instead of ${everyToken}` })
    )
  )

  const cells = yield* besideTransformers(
    setting,
    {
      model,
      sampler,
      script: "dialogue.py",
      prompts: statements,
      work: {
        dialogues: scripts.map((script) =>
          script.map(({ heard, says }) => ({ heard: [...heard], says }))
        )
      }
    },
    { rollout, tokens: everyToken, repetitions: 5 }
  )
  const [shortest, longest] = shape.said
  const title = `${dialogue.model}, ${scripts.length} dialogues of ${shape.turns} turns, ${shortest}–${longest} new tokens a turn`
  const row = { bench: dialogue.name, title, unit: "tokens/s", ...cells }
  return [{ ...row, goals: [timesGoal(row, transformers, times)] }] satisfies ReadonlyArray<Row>
})

/** The student's tokens a second at temperature 1, everything between them included in the time. */
export const dialogueBenches: ReadonlyArray<Bench> = cases.map((dialogue) => ({
  name: dialogue.name,
  seconds: dialogue.seconds,
  run: Effect.fn("bench.dialogue")(
    (setting: Setting) => runCase(dialogue, setting),
    Effect.mapError(asBenchError)
  )
}))
