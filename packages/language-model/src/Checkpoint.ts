import { copyFile, type FileHandle, open } from "node:fs/promises"
import { basename, join, resolve } from "node:path"

/** A model's configuration and weights, and the Hugging Face folders that hold them. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

import { CheckpointError } from "./CheckpointError.ts"
import {
  attempt,
  exists,
  jsonBytes,
  readBytes,
  readJson,
  readSafetensors,
  type Stage,
  writeAdvice,
  writeDurably,
  writeTogether
} from "./internal/checkpointFiles.ts"
import { ggufFloats, parseGguf } from "./internal/ggufFormat.ts"
import { ggufGenerationConfig } from "./internal/ggufGenerationConfig.ts"
import { ggufModel } from "./internal/ggufModel.ts"
import { carriesTokenizer, ggufTokenizerFiles } from "./internal/ggufTokenizerFiles.ts"
import { isGguf } from "./internal/isGguf.ts"
import { headerBytes } from "./internal/safetensorsFormat.ts"
import {
  decodeModelConfig,
  encodeModelConfig,
  type ModelConfig,
  tensorShapes
} from "./ModelConfig.ts"
import type { Tensor } from "./Safetensors.ts"

/** The weights are those of {@link tensorShapes}, in its order. */
export interface Checkpoint {
  readonly config: ModelConfig
  readonly tensors: ReadonlyMap<string, Tensor>
}

/** The files beside the weights that {@link writeCheckpoint} copies: text ⇄ tokens. */
export const companionFiles = [
  "tokenizer.json",
  "tokenizer_config.json",
  "chat_template.jinja",
  "special_tokens_map.json",
  "added_tokens.json",
  "vocab.json",
  "merges.txt",
  "tokenizer.model",
  "generation_config.json"
] as const

const configFile = "config.json"
const weightsFile = "model.safetensors"
const indexFile = "model.safetensors.index.json"

const readAdvice =
  "pass a folder that holds config.json and model.safetensors, readable by this user"

const ggufAdvice = "pass a GGUF file, readable by this user"

// its header tells its length only by its end, so more of it is read until it is whole
const readGgufHeader = Effect.fnUntraced(function* (
  handle: FileHandle,
  file: string,
  size: number
) {
  for (let length = 2 ** 22; ; length *= 2) {
    const bytes = yield* readBytes(handle, file, 0, Math.min(length, size), ggufAdvice)
    const header = yield* Effect.fromResult(parseGguf(bytes, size, file))
    if (header !== undefined) return header
  }
})

const readGguf = (file: string) =>
  Effect.acquireUseRelease(
    attempt(file, "read", ggufAdvice, () => open(file)),
    Effect.fnUntraced(function* (handle) {
      const { size } = yield* attempt(file, "read", ggufAdvice, () => handle.stat())
      const { entries, metadata } = yield* readGgufHeader(handle, file, size)
      const tensors = new Map<string, Tensor>()
      for (const entry of entries) {
        const bytes = yield* readBytes(
          handle,
          file,
          entry.begin,
          entry.end - entry.begin,
          ggufAdvice
        )
        const data = yield* Effect.fromResult(ggufFloats(entry, bytes, file))
        tensors.set(entry.name, { shape: entry.shape, data })
      }
      const model = yield* Effect.fromResult(ggufModel({ metadata, tensors }, file))
      return yield* Effect.fromResult(makeCheckpoint(model.config, model.tensors, file))
    }),
    (handle) => Effect.promise(() => handle.close())
  )

/** Reads the metadata of a GGUF file, not its tensors. Fails like {@link readCheckpoint}. */
export const readGgufMetadata = Effect.fn("Checkpoint.readGgufMetadata")((file: string) =>
  Effect.acquireUseRelease(
    attempt(file, "read", ggufAdvice, () => open(file)),
    Effect.fnUntraced(function* (handle) {
      const { size } = yield* attempt(file, "read", ggufAdvice, () => handle.stat())
      return (yield* readGgufHeader(handle, file, size)).metadata
    }),
    (handle) => Effect.promise(() => handle.close())
  )
)

const ShardIndex = Schema.Struct({ weight_map: Schema.Record(Schema.String, Schema.String) })

// the weight files of a folder: one, or the shards that the index names
const weightFiles = Effect.fnUntraced(function* (directory: string) {
  const single = join(directory, weightsFile)
  const index = join(directory, indexFile)
  if ((yield* exists(single)) || !(yield* exists(index))) return [single]
  const json = yield* readJson(index, readAdvice)
  const decoded = Schema.decodeUnknownResult(ShardIndex)(json)
  const shards = Result.isSuccess(decoded)
    ? [...new Set(Object.values(decoded.success.weight_map))]
    : []
  if (shards.length === 0 || shards.some((shard) => shard !== basename(shard))) {
    return yield* new CheckpointError({
      file: index,
      reason: `${index} does not map tensors to files of its own folder; copy it again from its source.`
    })
  }
  return shards.map((shard) => join(directory, shard))
})

const embedding = "model.embed_tokens.weight"
const head = "lm_head.weight"

/**
 * The configuration and the weights as transformers 5 takes them when a tied model has a head of its
 * own in its files: equal to the embedding it is one and the same, different it is not tied, and
 * alone it is the embedding.
 */
const untangled = (config: ModelConfig, tensors: ReadonlyMap<string, Tensor>): Checkpoint => {
  const [rows, embedded] = [tensors.get(head), tensors.get(embedding)]
  if (!config.tiedEmbeddings || rows === undefined) return { config, tensors }
  if (embedded === undefined) return { config, tensors: new Map(tensors).set(embedding, rows) }
  return rows.data.length === embedded.data.length &&
    rows.data.every((x, i) => x === embedded.data[i])
    ? { config, tensors }
    : { config: { ...config, tiedEmbeddings: false }, tensors }
}

/**
 * Checks that the tensors are exactly the weights of the configuration, and gives them in its order.
 * Precomputed rotary frequencies and the head of a tied model, which some writers add, are dropped; a
 * head that differs from the embedding makes the model one that is not tied.
 */
export const makeCheckpoint = (
  given: ModelConfig,
  found: ReadonlyMap<string, Tensor>,
  file: string
): Result.Result<Checkpoint, CheckpointError> => {
  const { config, tensors } = untangled(given, found)
  const refuse = (tensor: string, problem: string) =>
    Result.fail(
      new CheckpointError({
        file,
        tensor,
        reason: isGguf(file)
          ? `${file} does not fit its own metadata: ${problem}; copy it again from its source.`
          : `${file} does not fit its ${configFile}: ${problem}; take both files from the same checkpoint.`
      })
    )
  const ordered = new Map<string, Tensor>()
  for (const [name, shape] of tensorShapes(config)) {
    const tensor = tensors.get(name)
    if (tensor === undefined) return refuse(name, `the tensor "${name}" is missing`)
    const expected = `[${shape.join(", ")}]`
    const actual = `[${tensor.shape.join(", ")}]`
    if (actual !== expected) {
      return refuse(name, `the tensor "${name}" has the shape ${actual}, not ${expected}`)
    }
    ordered.set(name, tensor)
  }
  for (const name of tensors.keys()) {
    const redundant =
      name.endsWith("rotary_emb.inv_freq") || (config.tiedEmbeddings && name === head)
    if (!ordered.has(name) && !redundant) {
      return refuse(name, `the model has no use for the tensor "${name}"`)
    }
  }
  return Result.succeed({ config, tensors: ordered })
}

/**
 * Reads a Hugging Face folder: `config.json` and `model.safetensors` (or the shards that
 * `model.safetensors.index.json` names), or a `.gguf` file, whose weights become F32 under Hugging
 * Face's names. Fails with a `CheckpointError` for missing, truncated, corrupt or mismatched files,
 * for weights that are not finite and for models of other families; memory is only taken for what
 * the files really hold.
 *
 * @example
 * ```ts no-run
 * const { config, tensors } = yield* readCheckpoint("models/stories260K")
 * ```
 */
export const readCheckpoint = Effect.fn("Checkpoint.read")(function* (directory: string) {
  if (isGguf(directory)) return yield* readGguf(directory)
  const config = yield* readConfig(directory)
  const tensors = new Map<string, Tensor>()
  const files = yield* weightFiles(directory)
  for (const file of files) {
    for (const [name, tensor] of yield* readSafetensors(file, readAdvice)) {
      if (tensors.has(name)) {
        return yield* new CheckpointError({
          file,
          tensor: name,
          reason: `${file} holds the tensor "${name}", which another file of ${directory} holds too; keep one of them.`
        })
      }
      tensors.set(name, tensor)
    }
  }
  const where = files.length === 1 && files[0] !== undefined ? files[0] : directory
  return yield* Effect.fromResult(makeCheckpoint(config, tensors, where))
})

/**
 * The configuration of a model: reads only the `config.json` of a Hugging Face folder. In a `.gguf` file
 * it depends on which tensors there are, so that one is read whole.
 */
export const readConfig = Effect.fn("Checkpoint.readConfig")(function* (directory: string) {
  if (isGguf(directory)) return (yield* readGguf(directory)).config
  const file = join(directory, configFile)
  return yield* Effect.fromResult(decodeModelConfig(yield* readJson(file, readAdvice), file))
})

// the tokenizer's files that stand in a GGUF file in another form; none where it has no tokenizer
const ggufCompanions = Effect.fnUntraced(function* (file: string, config: ModelConfig) {
  const metadata = yield* readGgufMetadata(file)
  const generation = ["generation_config.json", ggufGenerationConfig(metadata)] as const
  if (!carriesTokenizer(metadata)) return [generation]
  const files = yield* Effect.fromResult(
    Result.mapError(
      ggufTokenizerFiles(metadata, file),
      ({ reason }) => new CheckpointError({ file, reason })
    )
  )
  return [
    ["tokenizer.json", files.tokenizer] as const,
    ["tokenizer_config.json", { ...files.config, model_max_length: config.contextLength }] as const,
    generation
  ]
})

/**
 * Writes a Hugging Face folder: `config.json`, `model.safetensors` in F32 and, from `companions`, the
 * tokenizer's files and `generation_config.json`: copied where that is a folder that has them, written
 * anew where it is a `.gguf` file that carries them. Each file is written beside its place and
 * renamed into it, the weights last, so that an interrupted write leaves every file old or new.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { mkdtempSync, rmSync } from "node:fs"
 * import { tmpdir } from "node:os"
 * import { join } from "node:path"
 * import { Effect } from "effect"
 * import { readCheckpoint, tensorShapes, writeCheckpoint, type ModelConfig } from "@sml/language-model"
 *
 * const config: ModelConfig = {
 *   family: "llama", vocabularySize: 4, contextLength: 8, hiddenSize: 2, intermediateSize: 3,
 *   layers: 1, heads: 1, keyValueHeads: 1, headSize: 2, normEpsilon: 1e-5, ropeTheta: 10000,
 *   tiedEmbeddings: true, attentionBias: "none", mlpBias: false, queryKeyNorm: false, eosTokenIds: []
 * }
 * const tensors = new Map(
 *   Array.from(tensorShapes(config), ([name, shape]) => [
 *     name,
 *     { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.5) }
 *   ])
 * )
 * const directory = mkdtempSync(join(tmpdir(), "checkpoint-"))
 * await Effect.runPromise(writeCheckpoint(directory, { config, tensors }))
 * const back = await Effect.runPromise(readCheckpoint(directory))
 * assert.deepEqual(back.tensors, tensors)
 * rmSync(directory, { recursive: true })
 * ```
 */
export const writeCheckpoint = Effect.fn("Checkpoint.write")(function* (
  directory: string,
  checkpoint: Checkpoint,
  options?: { readonly companions?: string }
) {
  const writeAll = Effect.fnUntraced(function* (stage: Stage) {
    const companions = options?.companions
    if (companions !== undefined && resolve(companions) !== resolve(directory)) {
      if (isGguf(companions)) {
        for (const [name, json] of yield* ggufCompanions(companions, checkpoint.config)) {
          yield* stage(name, (file, path) => writeDurably(file, path, [jsonBytes(json)]))
        }
      } else {
        for (const name of companionFiles) {
          const source = join(companions, name)
          if (yield* exists(source)) {
            yield* stage(name, (file, path) =>
              attempt(file, "written", writeAdvice, () => copyFile(source, path))
            )
          }
        }
      }
    }
    yield* stage(configFile, (file, path) =>
      writeDurably(file, path, [jsonBytes(encodeModelConfig(checkpoint.config))])
    )
    yield* stage(weightsFile, (file, path) =>
      writeDurably(file, path, [
        headerBytes(checkpoint.tensors),
        ...Array.from(
          checkpoint.tensors.values(),
          ({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
        )
      ])
    )
  })
  yield* writeTogether(directory, writeAll)
})
