import { LeakDetector } from "@sml/grpo-core"
/** Who takes part in a run: the built-in services, or those of the configuration. */
import { PolicyStudent, ChatTokenizer } from "@sml/language-model"
import { RunStore } from "@sml/run-store"
import { TaskSource } from "@sml/tasks"
import { decodeKnowledge, leaks, NanoTeacher, NanoVerifier } from "@sml/teacher-verifiers/nano"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"

import type { ConfigLayers } from "./SmlConfig.ts"
import type { TrainOptions } from "./TrainOptions.ts"
import { timedVerifier } from "./VerifierClock.ts"
import { type Deadlines, patientTeacher, patientVerifier } from "./Waits.ts"

/** The settings that matter to the services. */
export type PartyOptions = Pick<TrainOptions, "maxTokens"> & {
  /** Folder of the student's checkpoint. */
  readonly checkpoint: string
}

/** The student at a sampling temperature; needs the engine. */
export const studentLayer = (options: PartyOptions, layers: ConfigLayers, temperature: number) =>
  layers.student ??
  PolicyStudent.layer({ temperature, maxTokens: options.maxTokens }).pipe(
    Layer.provide(ChatTokenizer.layer(options.checkpoint))
  )

/** The teacher and the verifier with their deadlines, the verifier with its clock, and the tasks. */
export const environmentLayer = (layers: ConfigLayers, deadlines: Deadlines) =>
  Layer.mergeAll(
    patientTeacher(layers.teacher ?? NanoTeacher.layer({ level: "informative" }), deadlines),
    timedVerifier(patientVerifier(layers.verifier ?? NanoVerifier.layer(), deadlines)),
    layers.tasks ?? TaskSource.layerNano()
  )

/** Where runs are kept. */
export const storeLayer = (layers: ConfigLayers) => layers.runStore ?? RunStore.layer

/** Tells of a reply whether it gives the answer away, for tasks whose private knowledge it can read. */
export const leakDetectorLayer = ({ tasks }: ConfigLayers) =>
  tasks === undefined
    ? Layer.succeed(LeakDetector, {
        isLeak: (task, text) =>
          Result.match(decodeKnowledge(task), {
            onFailure: () => false,
            onSuccess: (knowledge) => leaks(knowledge, text)
          })
      })
    : Layer.empty
