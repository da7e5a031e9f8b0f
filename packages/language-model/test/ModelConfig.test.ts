/** What each `model_type` means by the keys that its `config.json` leaves out. */
import { decodeModelConfig, encodeModelConfig, ModelConfig } from "@sml/language-model"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"

const needed = {
  vocab_size: 6,
  hidden_size: 128,
  intermediate_size: 5,
  num_hidden_layers: 40,
  num_attention_heads: 32
}
const decode = (json: unknown) => decodeModelConfig(json, "config.json")

describe("a model_type", () => {
  it.each<readonly [string, Partial<ModelConfig>]>([
    ["llama", { family: "llama", contextLength: 2048, keyValueHeads: 32, headSize: 4 }],
    ["qwen2", { family: "qwen2", contextLength: 32_768, keyValueHeads: 32, headSize: 4 }],
    ["qwen3", { family: "qwen3", contextLength: 32_768, keyValueHeads: 32, headSize: 128 }]
  ])("%s has transformers' values for what it leaves out", (name, expected) => {
    expect(Result.getOrThrow(decode({ ...needed, model_type: name }))).toMatchObject({
      ...expected,
      normEpsilon: 1e-6,
      ropeTheta: 10_000,
      tiedEmbeddings: false,
      queryKeyNorm: name === "qwen3",
      attentionBias: name === "qwen2" ? "queryKeyValue" : "none",
      mlpBias: false
    })
  })

  it("mistral has them too, but for its window", () => {
    const mistral = { ...needed, model_type: "mistral" }
    expect(Result.getOrThrow(decode({ ...mistral, sliding_window: null }))).toMatchObject({
      family: "llama",
      contextLength: 131_072,
      keyValueHeads: 8,
      headSize: 4
    })
    expect(Result.isFailure(decode(mistral))).toBe(true)
  })

  it.each([
    // which projections have a bias when the file sets both flags
    ["llama", "all", true],
    ["qwen2", "queryKeyValue", false],
    ["qwen3", "all", false],
    ["mistral", "none", false]
  ])("%s has its own biases", (name, attentionBias, mlpBias) => {
    const stated = { attention_bias: true, mlp_bias: true, sliding_window: null }
    expect(Result.getOrThrow(decode({ ...needed, ...stated, model_type: name }))).toMatchObject({
      attentionBias,
      mlpBias
    })
  })

  it.each([
    // whether 40 layers see everything when the window is 8 long and begins with the layer
    ["llama", 40, false],
    ["qwen2", 40, true],
    ["qwen2", undefined, false],
    ["qwen3", 40, true],
    ["qwen3", 39, false]
  ])("%s heeds max_window_layers %s as transformers does", (name, layer, isRead) => {
    const window = {
      use_sliding_window: true,
      sliding_window: 8,
      ...(layer !== undefined && { max_window_layers: layer })
    }
    const read = decode({ ...needed, ...window, model_type: name })
    expect(Result.isSuccess(read)).toBe(isRead)
  })

  it("is none of the names that every object has", () => {
    expect(Result.isFailure(decode({ ...needed, model_type: "constructor" }))).toBe(true)
  })
})

describe("a family", () => {
  it("is written as the model_type and the class that transformers reads back", () => {
    const written = ["llama", "qwen2", "qwen3", "mistral"].map((name) => {
      const config = decode({ ...needed, sliding_window: null, model_type: name })
      const json = encodeModelConfig(Result.getOrThrow(config))
      return [json.model_type, json.architectures]
    })
    expect(written).toEqual([
      ["llama", ["LlamaForCausalLM"]],
      ["qwen2", ["Qwen2ForCausalLM"]],
      ["qwen3", ["Qwen3ForCausalLM"]],
      ["llama", ["LlamaForCausalLM"]]
    ])
  })

  it("is one that the table has", () => {
    const isFamily = Schema.is(ModelConfig.fields.family)
    const family: ModelConfig["family"] = "qwen3"
    // @ts-expect-error: a model_type that computes as another is no family of its own
    const alias: ModelConfig["family"] = "mistral"
    expect([isFamily(family), isFamily(alias)]).toEqual([true, false])
  })
})
