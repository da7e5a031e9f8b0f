/** `sml sft`. */
import { RunStore } from "@sml/run-store"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

import { fetchModel } from "./fetchModel.ts"
import { clockTime } from "./formatting.ts"
import { peakMemory } from "./machineFacts.ts"
import { Progress } from "./Progress.ts"
import { reported } from "./reported.ts"
import { resolveSftOptions, sftFlags } from "./sftOptions.ts"
import type { SftResult } from "./sftRun.ts"
import { sftRun } from "./sftRun.ts"

const summary = ({ heldOut, loss, planned, run, seconds, steps }: SftResult) => [
  `${steps} of ${planned} steps${steps < planned ? " (stopped early)" : ""} in ${clockTime(seconds)}, peak memory ${Math.round(peakMemory() / 2 ** 20)} MiB`,
  `loss: ${loss.first.toFixed(4)} nats a token in the first step, ${loss.last.toFixed(4)} in the last`,
  ...(heldOut === undefined
    ? []
    : [
        `held-out loss: ${heldOut.before.toFixed(4)} before, ${heldOut.best.toFixed(4)} after step ${heldOut.step}, whose weights are kept`
      ]),
  ...(heldOut !== undefined && heldOut.best >= heldOut.before
    ? [
        "warning: the held-out loss never fell below that of the start; lower the learning rate or give more chats"
      ]
    : []),
  `weights: ${run.paths.final}`
]

/** Fine-tunes a model on written chats. */
export const sftCommand = Command.make(
  "sft",
  {
    data: Flag.String("data").pipe(
      Flag.withMetavar("FILE"),
      Flag.withDescription('JSONL file, one {"messages": [{"role", "content"}]} a line')
    ),
    model: Flag.String("model").pipe(
      Flag.withMetavar("MODEL"),
      Flag.withDescription(
        "model to start from: a folder in Hugging Face layout, a GGUF file, or owner/name on the hub (default the embedded student)"
      ),
      Flag.optional
    ),
    out: Flag.String("out").pipe(
      Flag.withMetavar("DIR"),
      Flag.withDescription("folder for the run, new or empty; the weights will be in DIR/final")
    ),
    ...sftFlags
  },
  Effect.fn("sml.sft")(
    function* ({ data, model, out, ...flags }) {
      const options = yield* resolveSftOptions(flags)
      const checkpoint = Option.isNone(model) ? undefined : yield* fetchModel(model.value)
      const result = yield* sftRun(options, { data, model: checkpoint, out }).pipe(
        Effect.provide(Progress.layer)
      )
      yield* Console.log(["", ...summary(result)].join("\n"))
    },
    Effect.provide(RunStore.layer),
    reported
  )
).pipe(
  Command.withDescription(
    "Fine-tune a model on written chats: the loss is on what the assistant says, part of the chats is held out and measured, and the best weights are kept."
  ),
  Command.withShortDescription("fine-tune a model on a file of chats"),
  Command.withExamples([
    { command: "sml sft --data chats.jsonl --out runs/sft", description: "the embedded student" },
    {
      command:
        "sml sft --data chats.jsonl --model HuggingFaceTB/SmolLM2-135M-Instruct --lora-rank 16 --patience 2 --out runs/smol",
      description: "an adapter of a model from the hub, until the held-out loss rises"
    },
    { command: "sml eval --checkpoint runs/sft/final", description: "measures the result" }
  ])
)
