/** What `sml doctor` looks at on any machine. */
import { createRequire } from "node:module"
import { arch, availableParallelism, platform, totalmem } from "node:os"

import type { ModelConfig } from "@sml/language-model"
import { Learner } from "@sml/policy"
import { checkDevice, type Device, OnnxPolicy } from "@sml/policy-onnx"
import { fromPlatformError } from "@sml/run-store"
import { PythonSandbox, statusSentence } from "@sml/teacher-verifiers/code"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import * as Schema from "effect/Schema"

import type { DoctorCheck } from "./DoctorCheck.ts"
import { failureSentence } from "./failureSentence.ts"
import { takeDenormalsAsZero } from "./takeDenormalsAsZero.ts"

/** Node below this cannot run the sources as they are. */
const leastNode = 24

/** What a training run needs, in bytes. */
const neededMemory = 2 * 2 ** 30

const gigabytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`

/** Node.js. */
export const checkNode: Effect.Effect<DoctorCheck> = Effect.sync(() => {
  const major = Number(process.versions.node.split(".")[0])
  return major >= leastNode
    ? { name: "node", status: "ok", detail: process.version }
    : {
        name: "node",
        status: "failed",
        detail: `${process.version}; install Node.js ${leastNode} or newer, or start with npm start`
      }
})

/** Cores and memory. */
export const checkMachine: Effect.Effect<DoctorCheck> = Effect.sync(() => {
  const [cores, memory] = [availableParallelism(), totalmem()]
  const found = `${platform()} ${arch()}, ${cores} ${cores === 1 ? "core" : "cores"}, ${gigabytes(memory)}`
  const figures = { cores, memory }
  return memory >= neededMemory
    ? { name: "machine", status: "ok", detail: found, figures }
    : {
        name: "machine",
        status: "warning",
        detail: `${found}; training needs up to ${gigabytes(neededMemory)}, so give it fewer --tasks`,
        figures
      }
})

/** The embedded student's shape, as far as speed goes. */
const probeModel: ModelConfig = {
  family: "llama",
  vocabularySize: 80,
  contextLength: 128,
  hiddenSize: 128,
  intermediateSize: 256,
  layers: 3,
  heads: 4,
  keyValueHeads: 2,
  headSize: 32,
  normEpsilon: 1e-5,
  ropeTheta: 10_000,
  tiedEmbeddings: false,
  attentionBias: "none",
  mlpBias: false,
  queryKeyNorm: false,
  eosTokenIds: []
}

const probeRows = 32
const probeLength = 65

const Manifest = Schema.Struct({ version: Schema.String })

/** The version of onnxruntime that the engine loads. */
const runtimeVersion = Effect.try((): unknown => {
  const engine = createRequire(import.meta.resolve("@sml/policy-onnx/package.json"))
  return engine("onnxruntime-node/package.json")
}).pipe(
  Effect.flatMap(Schema.decodeUnknownEffect(Manifest)),
  Effect.map(({ version }) => version)
)

/** Seconds of the second of two passes: the first one builds the graph. */
const timedPass = (device: Device) =>
  Effect.gen(function* () {
    const learner = yield* Learner
    const data = Array.from({ length: probeRows }, (_, row) => ({
      tokens: Int32Array.from({ length: probeLength }, (__, at) => (row * 7 + at * 3) % 80),
      weights: new Float32Array(probeLength - 1).fill(1)
    }))
    const pass = learner.forwardBackward(data, { _tag: "CrossEntropy", normaliser: "weight" })
    yield* pass
    const start = performance.now()
    yield* pass
    return (performance.now() - start) / 1000
  }).pipe(Effect.provide(OnnxPolicy.layerFresh({ config: probeModel, seed: 1, device })))

/** The engine: it loads, and how fast it learns. */
export const checkEngine = (device: Device): Effect.Effect<DoctorCheck> =>
  Effect.gen(function* () {
    const version = yield* runtimeVersion
    // as in a run
    yield* takeDenormalsAsZero
    const seconds = yield* timedPass(device)
    const speed = (probeRows * probeLength) / seconds
    return {
      name: "engine",
      status: "ok",
      detail: `onnxruntime ${version}, ${Math.round(speed / 1000)}k tokens/s forward and backward on ${device}, in the embedded student's shape`,
      figures: { "tokens/s": speed }
    } satisfies DoctorCheck
  }).pipe(
    Effect.catchCause((cause) =>
      Effect.succeed<DoctorCheck>({
        name: "engine",
        status: "failed",
        detail: `onnxruntime does not run here: ${failureSentence(cause)}`
      })
    )
  )

/**
 * Whether this machine can compute on a device, and if not, why. Only `asked`, the device that the
 * command names, must be there.
 */
export const checkProvider = (device: Device, asked: Device): Effect.Effect<DoctorCheck> =>
  Effect.match(checkDevice(device), {
    onSuccess: (): DoctorCheck => ({
      name: deviceCheckName(device),
      status: "ok",
      detail: "this machine can compute on it"
    }),
    onFailure: ({ message }): DoctorCheck => ({
      name: deviceCheckName(device),
      status: device === asked ? "failed" : "absent",
      detail: message
    })
  })

/** What the check of a device is called. */
export const deviceCheckName = (device: Device): string => `device ${device}`

/** Whether Python programs can be run in a sandbox; without it only tasks in Python are refused. */
export const checkPython = Effect.gen(function* () {
  const { status } = yield* PythonSandbox
  const found = yield* status
  return {
    name: "python",
    status: found._tag === "works" ? "ok" : "absent",
    detail: statusSentence(found)
  } satisfies DoctorCheck
}).pipe(Effect.provide(PythonSandbox.layer()))

/** The folder of the runs. */
export const checkRunFolder = Effect.fn("doctor.runFolder")(function* (runs: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const folder = path.resolve(runs)
  // the nearest folder that is there decides
  let existing = folder
  while (!(yield* fs.exists(existing)) && path.dirname(existing) !== existing) {
    existing = path.dirname(existing)
  }
  yield* fs
    .makeTempDirectoryScoped({ directory: existing, prefix: ".sml-doctor-" })
    .pipe(Effect.mapError(fromPlatformError("make a folder", existing)))
  return { name: "run folder", status: "ok", detail: folder } satisfies DoctorCheck
}, Effect.scoped)
