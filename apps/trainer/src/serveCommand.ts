/** `sml serve`. */
import { serve } from "@sml/model-server"
import { Device } from "@sml/policy-onnx"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Config from "effect/Config"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

import { engineFor } from "./engineFor.ts"
import { fetchModel } from "./fetchModel.ts"
import { reported } from "./reported.ts"

/** Answers OpenAI's protocol over a checkpoint until it is interrupted. */
export const serveCommand = Command.make(
  "serve",
  {
    model: Flag.String("model").pipe(
      Flag.withMetavar("MODEL"),
      Flag.withDescription(
        "the checkpoint: a folder in Hugging Face layout, a GGUF file, or owner/name on the hub"
      )
    ),
    modelName: Flag.String("model-name").pipe(
      Flag.withDescription("what clients call it (default: the name of its folder or file)"),
      Flag.optional
    ),
    host: Flag.String("host").pipe(
      Flag.withDescription("address to listen on (default 127.0.0.1)"),
      Flag.withDefault("127.0.0.1")
    ),
    port: Flag.Int("port").pipe(
      Flag.withDescription("port to listen on; 0 takes one that is free (default 8000)"),
      Flag.withDefault(8000)
    ),
    device: Flag.Literals("device", Device.literals).pipe(
      Flag.withDescription("what the engine computes on (default cpu)"),
      Flag.withDefault<Device>("cpu")
    ),
    threads: Flag.Int("threads").pipe(
      Flag.withDescription("threads of the engine (default: the machine's cores)"),
      Flag.optional
    )
  },
  Effect.fn("sml.serve")(
    function* ({ device, host, model, modelName, port, threads }) {
      const checkpoint = yield* fetchModel(model)
      // a variable, as other users can read a command line
      const apiKey = yield* Config.option(Config.Redacted("SML_API_KEY"))
      const engine = yield* engineFor({
        checkpoint,
        device,
        ...Option.match(threads, { onNone: () => ({}), onSome: (count) => ({ threads: count }) })
      })
      const server = yield* serve({
        ...engine.options,
        host,
        port,
        modelName: Option.getOrUndefined(modelName),
        apiKey: Option.getOrUndefined(apiKey)
      })
      yield* Console.log(
        `${server.model.name} answers at ${server.baseUrl} (up to ${server.contextLength} tokens a dialogue); Ctrl-C stops it`
      )
      return yield* Effect.never
    },
    Effect.scoped,
    reported
  )
).pipe(
  Command.withDescription(
    "Serve a checkpoint to any client of OpenAI's API: /v1/chat/completions, /v1/completions and /v1/models. Where the variable SML_API_KEY is set, clients must give it as their key."
  ),
  Command.withShortDescription("serve a checkpoint over HTTP"),
  Command.withExamples([
    {
      command: "sml serve --model .sml/runs/<id>/final",
      description: "what a run has trained"
    }
  ])
)
