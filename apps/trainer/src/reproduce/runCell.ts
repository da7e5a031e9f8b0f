/** A whole cell: the embedded student is trained by a method and measured. */
import { ChatTokenizer, PolicyStudent } from "@sml/language-model"
import { checkpointDirectory } from "@sml/nano-student/checkpointDirectory"
import { Learner } from "@sml/policy"
import { OnnxPolicy } from "@sml/policy-onnx"
import { TaskSource } from "@sml/tasks"
import { NanoTeacher, NanoVerifier } from "@sml/teacher-verifiers/nano"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

import { engineFor } from "../engineFor.ts"
import { peakMemory } from "../machineFacts.ts"
import { weightsHash } from "../weightsHash.ts"
import type { Cell, CellSettings } from "./Cell.ts"
import { CellStore } from "./CellStore.ts"
import { estimateCell } from "./estimateCell.ts"
import { measureCell, probeDialogues } from "./measureCell.ts"
import type { ReportWork } from "./trainCell.ts"
import { trainCell } from "./trainCell.ts"

const since = (start: number): number => (performance.now() - start) / 1000

/** How a cell is run, which does not change what comes out up to the last digits. */
export interface RunCellOptions {
  readonly threads: number
}

/**
 * Runs a cell from the embedded student to the kept result: weights and `result.json` in the store.
 * Nothing is kept before the end.
 */
export const runCell = Effect.fn("reproduce.runCell")(function* (
  cell: Cell,
  settings: CellSettings,
  { threads }: RunCellOptions,
  report: ReportWork
) {
  const store = yield* CellStore
  const engine = yield* engineFor({ checkpoint: checkpointDirectory, threads })
  const parties = Layer.mergeAll(
    PolicyStudent.layer({ maxTokens: settings.maxTokens }),
    NanoTeacher.layer({ level: "informative" }),
    NanoVerifier.layer(),
    TaskSource.layerNano()
  ).pipe(
    Layer.provideMerge(ChatTokenizer.layer(checkpointDirectory)),
    Layer.provideMerge(OnnxPolicy.layer(engine.options))
  )
  const { measure, train } = estimateCell(cell, settings)
  const trainShare = train / (train + measure)

  yield* Effect.gen(function* () {
    const learner = yield* Learner
    const started = performance.now()
    const probes = yield* probeDialogues(cell, settings)
    const trainingFrom = performance.now()
    const { counts, curve } = yield* trainCell(cell, settings, (share, doing) =>
      report(trainShare * share, doing)
    )
    const training = since(trainingFrom)
    const measuringFrom = performance.now()
    const measured = yield* measureCell(cell, settings, probes, (share, doing) =>
      report(trainShare + (1 - trainShare) * share, doing)
    )
    const measuring = since(measuringFrom)
    yield* store.keep(
      cell,
      Effect.fnUntraced(function* (directory) {
        yield* learner.save(directory)
        return {
          cell,
          settings,
          measured,
          curve,
          counts,
          seconds: { train: training, measure: measuring, total: since(started) },
          memory: peakMemory(),
          weights: yield* weightsHash(directory)
        }
      })
    )
  }).pipe(Effect.provide(parties))
})
