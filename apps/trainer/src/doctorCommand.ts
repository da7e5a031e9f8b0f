/** `sml doctor`. */
import { checkpointDirectory } from "@sml/nano-student/checkpointDirectory"
import { Device } from "@sml/policy-onnx"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import * as Result from "effect/Result"

import {
  checkCheckpoint,
  checkDialogue,
  checkGolden,
  checkStudent,
  checkTraining
} from "./checkModel.ts"
import type { DoctorCheck, DoctorReport, DoctorStatus } from "./DoctorCheck.ts"
import {
  checkEngine,
  checkMachine,
  checkNode,
  checkProvider,
  checkPython,
  checkRunFolder,
  deviceCheckName
} from "./doctorChecks.ts"
import { failureSentence } from "./failureSentence.ts"
import { fetchModel } from "./fetchModel.ts"
import { Reported, reported } from "./reported.ts"
import { Screen } from "./Screen.ts"
import { defaultTrainOptions } from "./TrainOptions.ts"

/** A check that fails is a finding, not the end of the examination. */
const finding = <E, R>(name: string, check: Effect.Effect<DoctorCheck, E, R>) =>
  Effect.catchCause(check, (cause) =>
    Effect.succeed<DoctorCheck>({ name, status: "failed", detail: failureSentence(cause) })
  )

const signs = { ok: "✓", warning: "!", failed: "✗", absent: "–" } as const satisfies Record<
  DoctorStatus,
  string
>

const line = ({ style }: Screen["Service"], { detail, name, status }: DoctorCheck): string => {
  const marks = { ok: style.good, warning: style.bad, failed: style.bad, absent: style.dim }
  return `${marks[status](signs[status])} ${style.bold(name.padEnd(13))}  ${detail}`
}

/** Looks at the machine, the engine, the folders and, where one is named, a model. */
export const doctorCommand = Command.make(
  "doctor",
  {
    model: Flag.String("model").pipe(
      Flag.withMetavar("MODEL"),
      Flag.withDescription(
        "a checkpoint to look at, too: a folder in Hugging Face layout, a GGUF file, or owner/name on the hub"
      ),
      Flag.optional
    ),
    device: Flag.Literals("device", Device.literals).pipe(
      Flag.withDescription(
        "what the engine computes on, here and in the comparison of a model with its reference numbers (default cpu)"
      ),
      Flag.withDefault<Device>("cpu")
    ),
    runs: Flag.String("runs").pipe(
      Flag.withMetavar("DIR"),
      Flag.withDescription(`folder in which run folders lie (default ${defaultTrainOptions.runs})`),
      Flag.withDefault(defaultTrainOptions.runs)
    ),
    json: Flag.Boolean("json").pipe(
      Flag.withDescription("print the findings as JSON"),
      Flag.withDefault(false)
    )
  },
  Effect.fn("sml.doctor")(function* ({ device, json, model, runs }) {
    const screen = yield* Screen
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const checks: Array<DoctorCheck> = []
    const look = Effect.fnUntraced(function* <E, R>(
      name: string,
      check: Effect.Effect<DoctorCheck, E, R>
    ) {
      const found = yield* finding(name, check)
      checks.push(found)
      if (!json) yield* Console.log(line(screen, found))
    })
    yield* look("node", checkNode)
    yield* look("machine", checkMachine)
    yield* look("run folder", checkRunFolder(runs))
    yield* look("python", checkPython)
    yield* look("student", checkStudent(checkpointDirectory))
    for (const each of Device.literals) {
      yield* look(deviceCheckName(each), checkProvider(each, device))
    }
    yield* look("engine", checkEngine(device))
    if (Option.isSome(model)) {
      const fetched = yield* Effect.result(fetchModel(model.value, json))
      if (Result.isFailure(fetched)) {
        yield* look("model", Effect.fail(fetched.failure))
      } else {
        const directory = path.resolve(fetched.success)
        yield* look("model", checkCheckpoint(directory))
        yield* look("dialogue", checkDialogue(directory))
        yield* look("training", checkTraining(directory))
        const reference = path.join(directory, "golden_grad.json")
        const isThere = yield* fs.exists(reference).pipe(Effect.orElseSucceed(() => false))
        if (isThere) yield* look("reference", checkGolden(directory, device))
      }
    }
    const healthy = checks.every(({ status }) => status !== "failed")
    const report: DoctorReport = { healthy, checks }
    if (json) yield* Console.log(JSON.stringify(report, null, 2))
    if (!healthy) return yield* new Reported({ exitCode: 1 })
    return undefined
  }, reported)
).pipe(
  Command.withDescription(
    "Look at this machine: Node, memory, the folders, whether Python programs can be run safely, the embedded student, what the engine can compute on, how fast it is, and a model."
  ),
  Command.withShortDescription("see whether everything works on this machine")
)
