import { join } from "node:path"

/** Low-rank adapters of a model, and the folders in which PEFT keeps them. */
import { InvalidOptions, uniformAt } from "@sml/policy"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

import { CheckpointError } from "./CheckpointError.ts"
import {
  jsonBytes,
  readJson,
  readSafetensors,
  type Stage,
  writeDurably,
  writeTogether
} from "./internal/checkpointFiles.ts"
import { headerBytes } from "./internal/safetensorsFormat.ts"
import { type ModelConfig, tensorShapes } from "./ModelConfig.ts"
import type { Tensor } from "./Safetensors.ts"

const Rank = Schema.Int.pipe(Schema.check(Schema.isBetween({ minimum: 1, maximum: 2 ** 16 })))
const Alpha = Schema.Finite.pipe(Schema.check(Schema.isGreaterThan(0)))
const Dropout = Schema.Finite.pipe(
  Schema.check(Schema.isGreaterThanOrEqualTo(0), Schema.isLessThan(1))
)

/**
 * Which linear maps of a model are adapted, and how (Hu et al. 2021, arXiv:2106.09685).
 *
 * - `targets`: modules by their whole path (`model.layers.0.self_attn.q_proj`) or by the end of it
 *   (`q_proj`, `self_attn.q_proj`); `"all-linear"` is all of them but the output head.
 * - `rank`, `alpha`: the product of the two matrices is scaled by `alpha / rank`, with `useRslora` by
 *   `alpha / √rank` (arXiv:2312.03732).
 * - `rankPattern`, `alphaPattern`: other values for the modules whose path ends with a match of the
 *   regular expression that is the key; the first that matches counts.
 * - `dropout`: the probability with which, in training, an element of the operand of the adapter is
 *   dropped; 0 unless given.
 */
export const LoraConfig = Schema.Struct({
  rank: Rank,
  alpha: Alpha,
  targets: Schema.Array(Schema.NonEmptyString).pipe(Schema.check(Schema.isMinLength(1))),
  dropout: Schema.optionalKey(Dropout),
  useRslora: Schema.optionalKey(Schema.Boolean),
  rankPattern: Schema.optionalKey(Schema.Record(Schema.String, Rank)),
  alphaPattern: Schema.optionalKey(Schema.Record(Schema.String, Alpha))
})
export type LoraConfig = typeof LoraConfig.Type

/** The adapter of one linear map, without its numbers; `scale` is what the product is multiplied by. */
export interface LoraTarget {
  readonly in: number
  readonly out: number
  readonly rank: number
  readonly scale: number
}

/** The adapter of one linear map: `x ↦ scale·(x·Aᵀ)·Bᵀ` is added to its result. */
export interface LoraModule extends LoraTarget {
  /** `[rank, in]`, row-major. */
  readonly A: Float32Array
  /** `[out, rank]`, row-major. */
  readonly B: Float32Array
}

/** An adapter of a whole model: its modules by their paths, in the order of {@link loraTargets}. */
export interface LoraAdapter {
  readonly config: LoraConfig
  readonly modules: ReadonlyMap<string, LoraModule>
  /** Name or folder of the model that it belongs to, if it is known. */
  readonly baseModel?: string
}

const allLinear = "all-linear"
const embedding = "model.embed_tokens"

/** Path, outputs and inputs of every linear map of a model, the embedding included. */
const matrices = (
  config: ModelConfig
): ReadonlyArray<readonly [path: string, out: number, width: number]> =>
  Array.from(tensorShapes(config)).flatMap(([name, [out = 0, width]]) =>
    width === undefined ? [] : [[name.slice(0, -".weight".length), out, width] as const]
  )

const names = (target: string, path: string): boolean =>
  target === allLinear
    ? path !== embedding && path !== "lm_head"
    : path === target || path.endsWith(`.${target}`)

const expression = (source: string): RegExp | undefined => {
  try {
    return new RegExp(source)
  } catch {
    return undefined
  }
}

/** The entry of a pattern that counts for a module. */
const patternKey = (pattern: Readonly<Record<string, number>>, path: string): string | undefined =>
  Object.keys(pattern).find((key) => expression(`^(?:.*\\.)?(?:${key})$`)?.test(path) === true)

/** The value for a module, and the default where there is none. */
const patternValue = (
  pattern: Readonly<Record<string, number>> | undefined,
  path: string,
  otherwise: number
): number => {
  const key = pattern === undefined ? undefined : patternKey(pattern, path)
  return key === undefined ? otherwise : (pattern?.[key] ?? otherwise)
}

const refuseOptions = (reason: string): Result.Result<never, InvalidOptions> =>
  Result.fail(new InvalidOptions({ where: "LoraConfig", reason }))

const isLoraConfig = Schema.decodeUnknownResult(LoraConfig)

/**
 * The linear maps that `lora` adapts, in the order of the model's weights. Fails with
 * `InvalidOptions` when a value is out of range, when a target or a pattern matches nothing, and for
 * the embedding, which is no linear map (so is the head of a model that has no head of its own).
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { Result } from "effect"
 * import { loraTargets, type ModelConfig } from "@sml/language-model"
 *
 * const config: ModelConfig = {
 *   family: "llama", vocabularySize: 4, contextLength: 8, hiddenSize: 2, intermediateSize: 3,
 *   layers: 1, heads: 1, keyValueHeads: 1, headSize: 2, normEpsilon: 1e-5, ropeTheta: 10000,
 *   tiedEmbeddings: true, attentionBias: "none", mlpBias: false, queryKeyNorm: false, eosTokenIds: []
 * }
 * const targets = loraTargets(config, { rank: 2, alpha: 4, targets: ["q_proj", "up_proj"] })
 * assert.deepEqual(
 *   [...Result.getOrThrow(targets)],
 *   [
 *     ["model.layers.0.self_attn.q_proj", { in: 2, out: 2, rank: 2, scale: 2 }],
 *     ["model.layers.0.mlp.up_proj", { in: 2, out: 3, rank: 2, scale: 2 }]
 *   ]
 * )
 * ```
 */
export const loraTargets = (
  config: ModelConfig,
  lora: LoraConfig
): Result.Result<ReadonlyMap<string, LoraTarget>, InvalidOptions> => {
  const checked = isLoraConfig(lora)
  if (Result.isFailure(checked)) {
    return refuseOptions(`${checked.failure.message.replaceAll(/\s+/g, " ")}.`)
  }
  const all = matrices(config)
  for (const target of lora.targets) {
    if (names(target, embedding)) {
      return refuseOptions(
        `the target "${target}" is the embedding, which is no linear map; leave it out.`
      )
    }
    if (!all.some(([path]) => names(target, path))) {
      const known = new Set(all.map(([path]) => path.slice(path.lastIndexOf(".") + 1)))
      known.delete("embed_tokens")
      return refuseOptions(
        `the target "${target}" matches no linear map of the model; use "${allLinear}" or any of ${[...known].join(", ")}.`
      )
    }
  }
  const chosen = all.filter(([path]) => lora.targets.some((target) => names(target, path)))
  for (const [option, pattern = {}] of [
    ["rankPattern", lora.rankPattern],
    ["alphaPattern", lora.alphaPattern]
  ] as const) {
    const used = new Set(chosen.map(([path]) => patternKey(pattern, path)))
    const idle = Object.keys(pattern).find((key) => !used.has(key))
    if (idle !== undefined) {
      return refuseOptions(
        `${option} has the key "${idle}", which decides for none of the adapted modules; correct the expression or remove it.`
      )
    }
  }
  const targets = new Map<string, LoraTarget>()
  for (const [path, out, width] of chosen) {
    const rank = patternValue(lora.rankPattern, path, lora.rank)
    const alpha = patternValue(lora.alphaPattern, path, lora.alpha)
    const scale = alpha / (lora.useRslora === true ? Math.sqrt(rank) : rank)
    targets.set(path, { in: width, out, rank, scale })
  }
  return Result.succeed(targets)
}

/**
 * A new adapter, which changes nothing yet: `A` uniform in ±1/√in, `B` zero, as PEFT begins
 * (`LoraLayer.reset_lora_parameters`: `kaiming_uniform_` with a = √5). The same arguments give the
 * same bits; `seed` is an unsigned 32-bit integer. Fails like {@link loraTargets}.
 *
 * @example
 * ```ts no-run
 * const adapter = Result.getOrThrow(
 *   initialLoraAdapter(config, { rank: 16, alpha: 32, targets: ["all-linear"] }, 7)
 * )
 * ```
 */
export const initialLoraAdapter = (
  config: ModelConfig,
  lora: LoraConfig,
  seed: number
): Result.Result<LoraAdapter, InvalidOptions> =>
  Result.map(loraTargets(config, lora), (targets) => {
    const modules = new Map<string, LoraModule>()
    let position = 0
    for (const [path, target] of targets) {
      const A = new Float32Array(target.rank * target.in)
      const bound = 1 / Math.sqrt(target.in)
      for (let i = 0; i < A.length; i++) A[i] = bound * (2 * uniformAt(seed, position++) - 1)
      modules.set(path, { ...target, A, B: new Float32Array(target.out * target.rank) })
    }
    return { config: lora, modules }
  })

/**
 * The weights with the adapter added: `W + scale·B·A` (in float64, rounded once) in new arrays for
 * the adapted matrices, the very same tensors for all others. Nothing is changed in place. Fails
 * with `InvalidOptions` when the adapter belongs to a model of another shape.
 */
export const mergeLora = (
  tensors: ReadonlyMap<string, Tensor>,
  adapter: LoraAdapter
): Result.Result<ReadonlyMap<string, Tensor>, InvalidOptions> => {
  const merged = new Map(tensors)
  for (const [path, module] of adapter.modules) {
    const tensor = tensors.get(`${path}.weight`)
    const [out, width] = tensor?.shape ?? []
    if (tensor === undefined || out !== module.out || width !== module.in) {
      return refuseOptions(
        `the adapter has a module "${path}" of the shape [${module.out}, ${module.in}], which the weights have not; take the model that it was trained on.`
      )
    }
    merged.set(`${path}.weight`, { shape: tensor.shape, data: sum(tensor.data, module) })
  }
  return Result.succeed(merged)
}

const sum = (weights: Float32Array, { A, B, in: width, out, rank, scale }: LoraModule) => {
  const data = new Float32Array(weights.length)
  const row = new Float64Array(width)
  for (let o = 0; o < out; o++) {
    row.set(weights.subarray(o * width, (o + 1) * width))
    for (let r = 0; r < rank; r++) {
      const factor = scale * (B[o * rank + r] ?? 0)
      const from = r * width
      for (let i = 0; i < width; i++) row[i] = (row[i] ?? 0) + factor * (A[from + i] ?? 0)
    }
    data.set(row, o * width)
  }
  return data
}

const configFile = "adapter_config.json"
const weightsFile = "adapter_model.safetensors"
const prefix = "base_model.model."
const advice = `pass a folder that holds ${configFile} and ${weightsFile}, readable by this user`

const Strings = Schema.Array(Schema.String)
const StringOrStrings = Schema.Union([Schema.String, Strings])
const Pattern = <S extends typeof Rank | typeof Alpha>(value: S) =>
  Schema.optionalKey(Schema.NullOr(Schema.Record(Schema.String, value)))

/** The keys of `adapter_config.json` that are understood; the others must be empty or unimportant. */
const PeftConfig = Schema.Struct({
  peft_type: Schema.Literal("LORA"),
  task_type: Schema.optionalKey(Schema.NullOr(Schema.Literal("CAUSAL_LM"))),
  base_model_name_or_path: Schema.optionalKey(Schema.NullOr(Schema.String)),
  r: Rank,
  lora_alpha: Alpha,
  lora_dropout: Schema.optionalKey(Dropout),
  use_rslora: Schema.optionalKey(Schema.Boolean),
  bias: Schema.optionalKey(Schema.Literal("none")),
  // those that leave the base weights as they are
  init_lora_weights: Schema.optionalKey(
    Schema.NullOr(Schema.Literals([true, false, "gaussian", "eva", "orthogonal"]))
  ),
  target_modules: StringOrStrings,
  exclude_modules: Schema.optionalKey(Schema.NullOr(StringOrStrings)),
  layers_to_transform: Schema.optionalKey(
    Schema.NullOr(Schema.Union([Schema.Int, Schema.Array(Schema.Int)]))
  ),
  layers_pattern: Schema.optionalKey(Schema.NullOr(StringOrStrings)),
  rank_pattern: Pattern(Rank),
  alpha_pattern: Pattern(Alpha)
})
type PeftConfig = typeof PeftConfig.Type
const decodePeft = Schema.decodeUnknownResult(PeftConfig)

/** Keys that change nothing about what an adapter computes. */
const unimportant: ReadonlySet<string> = new Set([
  "auto_mapping",
  "revision",
  "inference_mode",
  "peft_version",
  "runtime_config",
  // settings of what is off
  "qalora_group_size",
  "megatron_core",
  "eva_config"
])

const isEmpty = (value: unknown): boolean =>
  value === null ||
  value === false ||
  value === "" ||
  (typeof value === "object" && Object.keys(value).length === 0)

const isObject = Schema.is(Schema.Record(Schema.String, Schema.Unknown))
const list = (value: string | ReadonlyArray<string> | null | undefined): ReadonlyArray<string> =>
  typeof value === "string" ? [value] : (value ?? [])

/** Which modules a string or a list of PEFT chooses: the string is an expression for the whole path. */
const chooser = (
  choice: string | ReadonlyArray<string>
): ((path: string) => boolean) | undefined => {
  if (typeof choice !== "string" || choice.toLowerCase() === allLinear) {
    const targets = typeof choice === "string" ? [allLinear] : choice
    return (path) => targets.some((target) => names(target, path))
  }
  const whole = expression(`^(?:${choice})$`)
  return whole === undefined ? undefined : (path) => whole.test(path)
}

/**
 * The configuration of an adapter for a model, from the parsed JSON of `adapter_config.json`, with
 * the modules that PEFT would adapt. Expressions and choices of layers become paths.
 */
const decodeLoraConfig = (
  json: unknown,
  config: ModelConfig,
  file: string
): Result.Result<
  { readonly lora: LoraConfig; readonly baseModel: string | undefined },
  CheckpointError
> => {
  const refuse = (problem: string) =>
    Result.fail(
      new CheckpointError({
        file,
        reason: `${file} does not describe an adapter that can be used here: ${problem}; fix the file or choose another adapter.`
      })
    )
  if (!isObject(json)) return refuse("it is not a JSON object")
  for (const [key, value] of Object.entries(json)) {
    if (!Object.hasOwn(PeftConfig.fields, key) && !unimportant.has(key) && !isEmpty(value)) {
      return refuse(`it sets "${key}", which is not supported`)
    }
  }
  const decoded = decodePeft(json)
  if (Result.isFailure(decoded)) return refuse(decoded.failure.message.replaceAll(/\s+/g, " "))
  const peft = decoded.success
  const patterns = [peft.rank_pattern, peft.alpha_pattern].flatMap((each) =>
    Object.keys(each ?? {})
  )
  const broken = patterns.find((pattern) => expression(pattern) === undefined)
  if (broken !== undefined) {
    return refuse(`"${broken}" in a pattern is not a regular expression that can be read`)
  }
  const paths = adaptedPaths(peft, config)
  if (typeof paths === "string") return refuse(paths)
  const plain =
    typeof peft.target_modules !== "string" &&
    list(peft.exclude_modules).length === 0 &&
    (peft.layers_to_transform ?? undefined) === undefined
  const targets = plain
    ? list(peft.target_modules).filter((target) => paths.some((path) => names(target, path)))
    : paths
  const kept = <A extends number>(pattern: Readonly<Record<string, A>> | null | undefined) => {
    const used = new Set(paths.map((path) => patternKey(pattern ?? {}, path)))
    return Object.fromEntries(Object.entries(pattern ?? {}).filter(([key]) => used.has(key)))
  }
  const rankPattern = kept(peft.rank_pattern)
  const alphaPattern = kept(peft.alpha_pattern)
  return Result.succeed({
    lora: {
      rank: peft.r,
      alpha: peft.lora_alpha,
      targets,
      ...(peft.lora_dropout !== undefined && { dropout: peft.lora_dropout }),
      ...(peft.use_rslora === true && { useRslora: true }),
      ...(Object.keys(rankPattern).length > 0 && { rankPattern }),
      ...(Object.keys(alphaPattern).length > 0 && { alphaPattern })
    },
    baseModel: peft.base_model_name_or_path ?? undefined
  })
}

/** The modules of the model that are adapted, or what is wrong, as the middle of a sentence. */
const adaptedPaths = (peft: PeftConfig, config: ModelConfig): ReadonlyArray<string> | string => {
  const wanted = chooser(peft.target_modules)
  const excluded = chooser(peft.exclude_modules ?? [])
  if (wanted === undefined || excluded === undefined) {
    return "target_modules or exclude_modules is not a regular expression that can be read"
  }
  const layers = peft.layers_to_transform ?? []
  const indices = new Set(typeof layers === "number" ? [layers] : layers)
  if (indices.size > 0 && typeof peft.target_modules === "string") {
    return "layers_to_transform needs target_modules to be a list"
  }
  if (list(peft.layers_pattern).some((pattern) => pattern !== "layers")) {
    return `the layers of the model are called "layers", not ${JSON.stringify(peft.layers_pattern)}`
  }
  // a module that is named by its whole path is adapted whatever its layer
  const inLayers = (path: string) =>
    indices.size === 0 ||
    list(peft.target_modules).includes(path) ||
    indices.has(Number(/\.layers\.(\d+)\./.exec(path)?.[1] ?? -1))
  const paths = matrices(config)
    .map(([path]) => path)
    .filter((path) => wanted(path) && !excluded(path) && inLayers(path))
  if (paths.includes(embedding)) return "it adapts the embedding, which is not supported"
  return paths.length === 0 ? "its target_modules match no linear map of the model" : paths
}

const matrixNames = (path: string): readonly [A: string, B: string] => [
  `${prefix}${path}.lora_A.weight`,
  `${prefix}${path}.lora_B.weight`
]

/**
 * Reads a folder that PEFT wrote, `adapter_config.json` and `adapter_model.safetensors`, for a model.
 * Fails with a `CheckpointError` for missing, truncated or corrupt files, for an adapter of a model
 * of another shape, and, by name, for what PEFT can do and this cannot: DoRA, modules that are saved
 * whole, biases, adapters of the embedding, initialisations that change the base weights.
 *
 * @example
 * ```ts no-run
 * const { config, tensors } = yield* readCheckpoint("models/SmolLM2-135M-Instruct")
 * const adapter = yield* readLoraAdapter("runs/7/adapter", config)
 * const merged = yield* Effect.fromResult(mergeLora(tensors, adapter))
 * ```
 */
export const readLoraAdapter = Effect.fn("LoraAdapter.read")(function* (
  directory: string,
  config: ModelConfig
) {
  const from = join(directory, configFile)
  const json = yield* readJson(from, advice)
  const { baseModel, lora } = yield* Effect.fromResult(decodeLoraConfig(json, config, from))
  const targets = yield* Effect.mapError(
    Effect.fromResult(loraTargets(config, lora)),
    ({ reason }) =>
      new CheckpointError({ file: from, reason: `${from} does not fit the model: ${reason}` })
  )
  const file = join(directory, weightsFile)
  const tensors = yield* readSafetensors(file, advice)
  const modules = yield* Effect.fromResult(loraModules(targets, tensors, file))
  const adapter: LoraAdapter = {
    config: lora,
    modules,
    ...(baseModel !== undefined && { baseModel })
  }
  return adapter
})

/** The tensors of a file by their modules; all of them and no others. */
const loraModules = (
  targets: ReadonlyMap<string, LoraTarget>,
  tensors: ReadonlyMap<string, Tensor>,
  file: string
): Result.Result<ReadonlyMap<string, LoraModule>, CheckpointError> =>
  Result.gen(function* () {
    const rest = new Set(tensors.keys())
    const take = (name: string, rows: number, columns: number) => {
      const tensor = tensors.get(name)
      rest.delete(name)
      const expected = `[${rows}, ${columns}]`
      const found = tensor === undefined ? undefined : `[${tensor.shape.join(", ")}]`
      return tensor !== undefined && found === expected
        ? Result.succeed(tensor.data)
        : misfit(
            file,
            name,
            found === undefined
              ? `the tensor "${name}" is missing`
              : `the tensor "${name}" has the shape ${found}, not ${expected}`
          )
    }
    const modules = new Map<string, LoraModule>()
    for (const [path, target] of targets) {
      const [down, up] = matrixNames(path)
      const A = yield* take(down, target.rank, target.in)
      const B = yield* take(up, target.out, target.rank)
      modules.set(path, { ...target, A, B })
    }
    const [extra] = rest
    if (extra !== undefined) {
      return yield* misfit(
        file,
        extra,
        `the tensor "${extra}" belongs to none of the adapted modules`
      )
    }
    return modules
  })

const misfit = (file: string, tensor: string, problem: string) =>
  Result.fail(
    new CheckpointError({
      file,
      tensor,
      reason: `${file} does not fit its ${configFile} and the model: ${problem}; take the files of one adapter and the model that it was trained on, saved without copies of base weights (save_embedding_layers=False).`
    })
  )

/** What PEFT's `target_modules` says of the same modules; it is a list, which every reader knows. */
const targetModules = ({ config, modules }: LoraAdapter): ReadonlyArray<string> => [
  ...new Set(
    config.targets.flatMap((target) =>
      target === allLinear
        ? Array.from(modules.keys(), (path) => path.slice(path.lastIndexOf(".") + 1)).filter(
            (name) => name !== "lm_head"
          )
        : [target]
    )
  )
]

/**
 * Writes `adapter_config.json` and `adapter_model.safetensors` (F32) as PEFT reads them:
 * `PeftModel.from_pretrained(model, directory)`. Like `writeCheckpoint`, an interrupted write leaves
 * each file old or new. Fails with a `CheckpointError` when the folder cannot be written.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { mkdtempSync, rmSync } from "node:fs"
 * import { tmpdir } from "node:os"
 * import { join } from "node:path"
 * import { Effect, Result } from "effect"
 * import {
 *   initialLoraAdapter,
 *   readLoraAdapter,
 *   writeLoraAdapter,
 *   type ModelConfig
 * } from "@sml/language-model"
 *
 * const config: ModelConfig = {
 *   family: "llama", vocabularySize: 4, contextLength: 8, hiddenSize: 2, intermediateSize: 3,
 *   layers: 1, heads: 1, keyValueHeads: 1, headSize: 2, normEpsilon: 1e-5, ropeTheta: 10000,
 *   tiedEmbeddings: true, attentionBias: "none", mlpBias: false, queryKeyNorm: false, eosTokenIds: []
 * }
 * const lora = { rank: 2, alpha: 4, targets: ["q_proj", "v_proj"] }
 * const adapter = Result.getOrThrow(initialLoraAdapter(config, lora, 1))
 * const directory = mkdtempSync(join(tmpdir(), "adapter-"))
 * await Effect.runPromise(writeLoraAdapter(directory, adapter))
 * const back = await Effect.runPromise(readLoraAdapter(directory, config))
 * assert.deepEqual(back.modules, adapter.modules)
 * rmSync(directory, { recursive: true })
 * ```
 */
export const writeLoraAdapter = Effect.fn("LoraAdapter.write")(function* (
  directory: string,
  adapter: LoraAdapter
) {
  const { config, modules } = adapter
  const tensors = new Map<string, Tensor>()
  for (const [path, { A, B, in: width, out, rank }] of modules) {
    const [down, up] = matrixNames(path)
    tensors.set(down, { shape: [rank, width], data: A })
    tensors.set(up, { shape: [out, rank], data: B })
  }
  const json = {
    peft_type: "LORA",
    task_type: "CAUSAL_LM",
    base_model_name_or_path: adapter.baseModel ?? null,
    inference_mode: true,
    r: config.rank,
    lora_alpha: config.alpha,
    lora_dropout: config.dropout ?? 0,
    use_rslora: config.useRslora ?? false,
    use_dora: false,
    bias: "none",
    fan_in_fan_out: false,
    init_lora_weights: true,
    target_modules: targetModules(adapter),
    modules_to_save: null,
    layers_to_transform: null,
    layers_pattern: null,
    rank_pattern: config.rankPattern ?? {},
    alpha_pattern: config.alphaPattern ?? {}
  }
  const writeAll = Effect.fnUntraced(function* (stage: Stage) {
    yield* stage(configFile, (file, path) => writeDurably(file, path, [jsonBytes(json)]))
    yield* stage(weightsFile, (file, path) =>
      writeDurably(file, path, [
        headerBytes(tensors),
        ...Array.from(
          tensors.values(),
          ({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
        )
      ])
    )
  })
  yield* writeTogether(directory, writeAll)
})
