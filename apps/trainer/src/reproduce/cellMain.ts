/** The process of one cell; started by `CellRunner.layerProcess`. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

import { reported } from "../reported.ts"
import { CellOrder } from "./CellOrder.ts"
import { CellStore } from "./CellStore.ts"
import { runCell } from "./runCell.ts"
import type { ReportWork } from "./trainCell.ts"

/** Milliseconds between two lines, and between two looks at who started us. */
const GAP = 500

/** Ends the process when the one that started it is gone, killed perhaps. */
const parent = process.ppid
setInterval(() => {
  if (process.ppid !== parent) process.exit(1)
}, GAP).unref()

let printed = 0
const report: ReportWork = (share, doing) =>
  Effect.sync(() => {
    const now = performance.now()
    if (now - printed < GAP && share < 1) return
    printed = now
    process.stdout.write(`${JSON.stringify({ share, doing })}\n`)
  })

Schema.decodeUnknownEffect(Schema.fromJsonString(CellOrder))(process.argv[2]).pipe(
  Effect.flatMap(({ cell, root, settings, threads }) =>
    runCell(cell, settings, { threads }, report).pipe(
      Effect.provide(CellStore.layer(root, settings))
    )
  ),
  Effect.provide(NodeServices.layer),
  reported,
  (program) => NodeRuntime.runMain(program)
)
