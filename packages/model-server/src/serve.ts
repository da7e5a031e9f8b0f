/** The server of a checkpoint: what `sml serve` runs. */
import type { CheckpointError, TokenizerError } from "@sml/language-model"
import { Sampler } from "@sml/policy"
import { type EngineError, OnnxPolicy } from "@sml/policy-onnx"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpServer from "effect/http/HttpServer"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"

import { listen, type ListenOptions } from "./listen.ts"
import type { ServedModel } from "./ServedModel.ts"
import { readServedModel } from "./ServedModel.ts"
import { type EndpointSettings, serveModel } from "./serveModel.ts"
import type { ServerError } from "./ServerError.ts"

/**
 * The checkpoint and the engine, as `OnnxPolicy.layer` takes them (`checkpoint`, `threads`, `device`,
 * `maxRows`, `lora`, …), and:
 *
 * - `host` (`127.0.0.1`) and `port` (8000; 0 takes any that is free): where the server listens.
 * - `modelName` (the name of the checkpoint's folder or file): what clients call the model.
 * - `apiKey` (none): asked for as a bearer token.
 * - `maxBodyBytes` (4 MiB): longest body of a request.
 * - `grace` (10 seconds): how long requests that are under way may go on when the server is stopped.
 */
export interface ServeOptions
  extends OnnxPolicy.CheckpointOptions, EndpointSettings, ListenOptions {
  readonly modelName?: string | undefined
}

/** A server that answers. */
export interface RunningServer {
  /** What clients take for `baseURL`. */
  readonly baseUrl: string
  readonly model: ServedModel
  /** Longest stream, prompt and completion together, in tokens. */
  readonly contextLength: number
}

/**
 * Starts a server; it answers until the scope ends. Then it takes no more requests, and those under way
 * may finish within `grace`.
 *
 * @example
 * ```ts no-run
 * const program = Effect.gen(function* () {
 *   const { baseUrl, model } = yield* serve({ checkpoint: "models/SmolLM2-135M-Instruct", port: 8000 })
 *   yield* Console.log(`${model.name} answers at ${baseUrl}`)
 *   return yield* Effect.never
 * })
 * NodeRuntime.runMain(Effect.scoped(program))
 * ```
 */
export const serve = Effect.fn("ModelServer.serve")(function* (
  options: ServeOptions
): Effect.fn.Return<
  RunningServer,
  ServerError | CheckpointError | EngineError | TokenizerError,
  Scope.Scope
> {
  const {
    apiKey,
    grace,
    host = "127.0.0.1",
    maxBodyBytes,
    modelName,
    port = 8000,
    ...engine
  } = options
  // the small files first: what is wrong with them is known at once
  const model = yield* readServedModel(options.checkpoint, modelName)
  const policy = yield* Layer.build(OnnxPolicy.layer(engine))
  const sampler = Context.get(policy, Sampler)
  const listening = yield* Layer.build(listen({ host, port, grace }))
  yield* serveModel(model, { apiKey, maxBodyBytes }).pipe(
    Effect.provideService(Sampler, sampler),
    Effect.provide(listening)
  )
  const { address } = Context.get(listening, HttpServer.HttpServer)
  const bound = "port" in address ? address.port : port
  const name = host.includes(":") ? `[${host}]` : host
  return {
    baseUrl: `http://${name}:${bound}/v1`,
    model,
    contextLength: sampler.contextLength
  }
})
