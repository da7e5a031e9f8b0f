/** `sml pretrain`. */
import { checkpointHash, defaultPretrain } from "@sml/nano-student"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

import { ConfigError } from "./ConfigError.ts"
import { clockTime } from "./formatting.ts"
import { Progress } from "./Progress.ts"
import { Reported, reported } from "./reported.ts"
import type { GateResult } from "./runPretraining.ts"
import { runPretraining } from "./runPretraining.ts"
import { tell } from "./tell.ts"

const atLeast = (name: string, value: number, least: number) =>
  value >= least
    ? Effect.void
    : Effect.fail(
        new ConfigError({ reason: `--${name} is ${value}; expected a value of at least ${least}` })
      )

const verdict = (passes: boolean): string => (passes ? "passes" : "FAILS")

const gateLines = ({ domain, feedback, passesFeedback, passesTold, told }: GateResult) => [
  `${domain}: right at once ${told.direct.toFixed(3)}, when told ${told.told.toFixed(3)} (n=${told.n}); the gate of 1.5 times: ${verdict(passesTold)}`,
  `${domain}: success within 10 turns ${feedback.informative.toFixed(3)} with hints, ${feedback.contentFree.toFixed(3)} without (n=${feedback.n}); the gate of 0.05 apart: ${verdict(passesFeedback)}`
]

/** Makes the embedded student from nothing. */
export const pretrainCommand = Command.make(
  "pretrain",
  {
    out: Flag.String("out").pipe(
      Flag.withMetavar("DIR"),
      Flag.withDescription("folder for the checkpoint (default .sml/pretrained)"),
      Flag.withDefault(".sml/pretrained")
    ),
    steps: Flag.Int("steps").pipe(
      Flag.withDescription(`updates of the weights (default ${defaultPretrain.steps})`),
      Flag.withDefault(defaultPretrain.steps)
    ),
    seed: Flag.Int("seed").pipe(
      Flag.withDescription(`source of every random choice (default ${defaultPretrain.seed})`),
      Flag.withDefault(defaultPretrain.seed)
    ),
    gateTasks: Flag.Int("gate-tasks").pipe(
      Flag.withDescription("held-out tasks per gate and condition (default 400)"),
      Flag.withDefault(400)
    ),
    threads: Flag.Int("threads").pipe(
      Flag.withDescription("threads of the engine (default one per core, at most 8)"),
      Flag.optional
    )
  },
  Effect.fn("sml.pretrain")(function* ({ gateTasks, out, seed, steps, threads }) {
    yield* atLeast("steps", steps, 1)
    yield* atLeast("seed", seed, 0)
    yield* atLeast("gate-tasks", gateTasks, 1)
    if (Option.isSome(threads)) yield* atLeast("threads", threads.value, 1)
    const { directory, gates, hash, seconds } = yield* runPretraining({
      ...defaultPretrain,
      out,
      seed,
      steps,
      gateTasks,
      ...(Option.isNone(threads) ? {} : { threads: threads.value })
    }).pipe(Effect.provide(Progress.layer))
    const same = hash === checkpointHash
    yield* Console.log(
      [
        ...gates.flatMap(gateLines),
        `checkpoint: ${directory}, in ${clockTime(seconds)}`,
        `sha256 of model.safetensors: ${hash}${same ? ", the same as that of the embedded student" : ""}`
      ].join("\n")
    )
    // the recipe is held to its gates on math, where the student is trained afterwards
    const math = gates.find(({ domain }) => domain === "math")
    if (math === undefined || !math.passesTold || !math.passesFeedback) {
      yield* tell(
        "failure",
        "this student does not pass the gates on math; give it more --steps before it is trained on dialogues"
      )
      return yield* new Reported({ exitCode: 1 })
    }
    return undefined
  }, reported)
).pipe(
  Command.withDescription(
    "Make the embedded student from nothing: train it on its corpus, write its checkpoint, and see whether it can use what it is told. Up to ten minutes on two cores."
  ),
  Command.withShortDescription("make the embedded student from nothing")
)
