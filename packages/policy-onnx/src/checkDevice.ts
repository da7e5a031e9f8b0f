import { execFile } from "node:child_process"
import { existsSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

/** Whether this machine can compute on a device, found by trying. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

import type { Device } from "./Device.ts"
import { EngineError } from "./EngineError.ts"
import { ProbeResult } from "./internal/probeResult.ts"

const entry = fileURLToPath(
  new URL(
    import.meta.url.endsWith(".ts") ? "./internal/deviceProbe.ts" : "./internal/deviceProbe.js",
    import.meta.url
  )
)

/** A driver that hangs is a driver that does not work. */
const PATIENCE = 60_000

const platform = `${process.platform}-${process.arch}`

const readResult = Schema.decodeUnknownOption(Schema.fromJsonString(ProbeResult))

interface Ended {
  readonly result: Option.Option<ProbeResult>
  /** How the process ended, when it has not ended well. */
  readonly end: string
  readonly noise: string
}

const probe = (device: Device): Effect.Effect<Ended> =>
  Effect.callback((resume) => {
    const child = execFile(
      process.execPath,
      [entry, device],
      { timeout: PATIENCE },
      (error, out, noise) =>
        resume(
          Effect.succeed({
            result: readResult(out),
            end:
              error?.killed === true
                ? `did not end within ${PATIENCE / 1000} s`
                : `ended with ${error?.signal ?? `exit code ${error?.code ?? 0}`}`,
            noise
          })
        )
    )
    return Effect.sync(() => child.kill("SIGKILL"))
  })

const packageFolder = (): string =>
  dirname(createRequire(import.meta.url).resolve("onnxruntime-node/package.json"))

// onnxruntime logs which library is missing, and says only that one is
const missingLibrary = (noise: string): string | undefined =>
  [...noise.matchAll(/with error: (?:[^\n]*\/)?([^\n]+)/g)].at(-1)?.[1]?.trim()

const cudaAdvice = (noise: string): readonly [problem: string, advice: string] => {
  const folder = packageFolder()
  const library = join(
    folder,
    "bin/napi-v6",
    process.platform,
    process.arch,
    "libonnxruntime_providers_cuda.so"
  )
  return existsSync(library)
    ? [
        missingLibrary(noise) ?? "onnxruntime could not load its CUDA libraries",
        "install an NVIDIA driver, CUDA 12 and cuDNN 9 where the system finds libraries"
      ]
    : [
        "the CUDA libraries of onnxruntime-node are not installed",
        `fetch them with "node ${join(folder, "script/install.js")} --onnxruntime-node-install", and install an NVIDIA driver, CUDA 12 and cuDNN 9`
      ]
}

const advised = (
  device: Device,
  failure: string,
  noise: string
): readonly [problem: string, advice: string] => {
  if (device === "cuda" && /shared library/i.test(failure)) return cudaAdvice(noise)
  if (device === "webgpu" && /adapter/i.test(failure)) {
    const vulkan = /load Vulkan: ([^\n]+)/.exec(noise)?.[1]
    return [
      `WebGPU finds no graphics adapter${vulkan === undefined ? "" : `: ${vulkan}`}`,
      process.platform === "linux"
        ? "install the Vulkan loader and a Vulkan driver of your graphics card"
        : "install a driver of your graphics card"
    ]
  }
  return [
    failure,
    device === "cpu" ? "install onnxruntime-node again" : "bring its driver up to date"
  ]
}

const refused = (device: Device, problem: string, advice: string) =>
  new EngineError({
    reason: `The device "${device}" cannot be used on this machine (${problem.replaceAll(/\s+/g, " ").trim().replace(/\.$/, "")}); ${advice}${device === "cpu" ? "" : ', or use the device "cpu"'}.`
  })

const faultOf = (
  device: Device,
  { end, noise, result }: Ended
): readonly [problem: string, advice: string] | undefined => {
  if (Option.isNone(result)) {
    const last = noise.trim().split("\n").at(-1) ?? ""
    return advised(device, `a process that tried it ${end}${last === "" ? "" : `: ${last}`}`, noise)
  }
  const { failure, providers } = result.value
  if (!providers.includes(device)) {
    return [`onnxruntime-node's build for ${platform} lacks it`, "use a machine whose build has it"]
  }
  return failure === null ? undefined : advised(device, failure, noise)
}

/**
 * Succeeds when this machine can compute on the device. A process of its own multiplies two matrices
 * there, with onnxruntime's stand-in, the processor, switched off (`session.disable_cpu_ep_fallback`).
 * Fails with one sentence that says what is missing: the provider in this build of onnxruntime, its
 * libraries, a driver, or a graphics adapter.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { Effect } from "effect"
 * import { checkDevice } from "@sml/policy-onnx"
 *
 * const usable = await Effect.runPromise(
 *   Effect.match(checkDevice("cpu"), { onSuccess: () => true, onFailure: () => false })
 * )
 * assert.ok(usable)
 * ```
 */
export const checkDevice = (device: Device): Effect.Effect<void, EngineError> =>
  Effect.flatMap(probe(device), (ended) => {
    const fault = faultOf(device, ended)
    return fault === undefined ? Effect.void : refused(device, ...fault)
  })
