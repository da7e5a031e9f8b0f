import { createHash } from "node:crypto"
import { readFileSync, statSync } from "node:fs"
import { join } from "node:path"

import { ChatTokenizer, PolicyStudent, readConfig } from "@sml/language-model"
import {
  checkpointDirectory,
  checkpointHash,
  companionFiles,
  gateThresholds,
  nanoConfig,
  passesFeedback,
  passesTold,
  probeFeedback,
  probeTold
} from "@sml/nano-student"
import { compareGolden, OnnxPolicy } from "@sml/policy-onnx"
import { TaskSource } from "@sml/tasks"
import { NanoMathVerifier } from "@sml/teacher-verifiers/nano"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { assert, describe, expect, it } from "vitest"

const read = (name: string) => readFileSync(join(checkpointDirectory, name))

describe("the committed student", () => {
  it("is the one that its card describes, and small", () => {
    const hash = createHash("sha256").update(read("model.safetensors")).digest("hex")
    assert.equal(hash, checkpointHash)
    expect(read("MODEL_CARD.md").toString()).toContain(hash)
    expect(statSync(join(checkpointDirectory, "model.safetensors")).size).toBeLessThan(4e6)
  })

  it("has the shape and the tokenizer of the recipe", async () => {
    assert.deepEqual(await Effect.runPromise(readConfig(checkpointDirectory)), nanoConfig)
    for (const [name, text] of Object.entries(companionFiles)) {
      assert.equal(read(name).toString(), text, name)
    }
  })

  it("gives the log-probabilities, the gradient and the text that transformers gives", async () => {
    const { logprobError, passed, worstGradient } = await Effect.runPromise(
      compareGolden(checkpointDirectory, { threads: 1 })
    )
    expect(logprobError).toBeLessThan(1e-4)
    assert.isTrue(passed, worstGradient)
  })

  it("is tokenised as by transformers", async () => {
    const golden: { ids: ReadonlyArray<ReadonlyArray<number>>; texts: ReadonlyArray<string> } =
      JSON.parse(read("golden_grad.json").toString())
    const encode = await Effect.runPromise(
      ChatTokenizer.pipe(
        Effect.map(({ tokenizer }) => tokenizer.encode),
        Effect.provide(ChatTokenizer.layer(checkpointDirectory))
      )
    )
    assert.deepEqual(golden.texts.map(encode), golden.ids)
  })
})

describe("before any reinforcement learning the committed student", () => {
  const parties = PolicyStudent.layer({ maxTokens: 12 }).pipe(
    Layer.provide([
      OnnxPolicy.layer({ checkpoint: checkpointDirectory }),
      ChatTokenizer.layer(checkpointDirectory)
    ]),
    Layer.merge(Layer.merge(NanoMathVerifier.layer, TaskSource.layerNano()))
  )
  // 95 % of such measurements lie within ± 0.05
  const gate = { domain: "math", count: 400, seed: 3 } as const

  it(`is right ${gateThresholds.toldOverDirect} times as often when the hidden quantity is told`, async () => {
    const probe = await Effect.runPromise(probeTold(gate).pipe(Effect.provide(parties)))
    assert.equal(probe.n, 400)
    assert.isTrue(passesTold(probe), JSON.stringify(probe))
  })

  it(`gains more than ${gateThresholds.feedbackGap} from hints within 10 turns`, async () => {
    const probe = await Effect.runPromise(probeFeedback(gate).pipe(Effect.provide(parties)))
    assert.equal(probe.n, 400)
    assert.isTrue(passesFeedback(probe), JSON.stringify(probe))
  })
})
