/** Who runs a cell. */
import { extname } from "node:path"
import { fileURLToPath } from "node:url"

import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ChildProcess from "effect/process/ChildProcess"
import type { ChildProcessSpawner } from "effect/process/ChildProcessSpawner"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"

import type { Cell, CellSettings } from "./Cell.ts"
import { cellName } from "./Cell.ts"
import type { CellOrder } from "./CellOrder.ts"
import { CellReport } from "./CellOrder.ts"
import type { ReportWork } from "./trainCell.ts"

/** A cell that could not be run. */
export class CellError extends Schema.TaggedError<CellError>()("CellError", {
  cell: Schema.String,
  reason: Schema.String
}) {
  override get message(): string {
    return `The cell ${this.cell} was not finished: ${this.reason} Finished cells are kept; run the command again to go on.`
  }
}

/** Runs one cell; when it succeeds, the store has the result. */
export class CellRunner extends Context.Service<
  CellRunner,
  { readonly run: (cell: Cell, report: ReportWork) => Effect.Effect<void, CellError> }
>()("@sml/trainer/CellRunner") {
  /**
   * Every cell in a process of its own with the engine on `threads` threads, which ends when this one
   * does.
   */
  static readonly layerProcess = (order: {
    readonly root: string
    readonly settings: CellSettings
    readonly threads: number
  }): Layer.Layer<CellRunner, never, ChildProcessSpawner> =>
    Layer.effect(
      CellRunner,
      Effect.gen(function* () {
        const services = yield* Effect.context<ChildProcessSpawner>()
        const run = Effect.fn("CellRunner.run")(function* (cell: Cell, report: ReportWork) {
          const refused = (reason: string) => new CellError({ cell: cellName(cell), reason })
          const argument = JSON.stringify({ ...order, cell } satisfies CellOrder)
          const said: Array<string> = []
          const code = yield* Effect.gen(function* () {
            const child = yield* ChildProcess.make(process.execPath, [cellMain, argument], {
              stdin: "ignore",
              stdout: "pipe",
              stderr: "pipe"
            })
            yield* child.stderr.pipe(
              Stream.decodeText,
              Stream.splitLines,
              Stream.runForEach((line) => Effect.sync(() => said.push(line))),
              Effect.forkScoped
            )
            yield* child.stdout.pipe(
              Stream.decodeText,
              Stream.splitLines,
              Stream.mapEffect((line) => decodeReport(line)),
              Stream.runForEach(({ doing, share }) => report(share, doing))
            )
            return yield* child.exitCode
          }).pipe(
            Effect.scoped,
            Effect.mapError(({ message }) => refused(`${message}.`)),
            Effect.provide(services)
          )
          if (code !== 0) {
            const last = said.findLast((line) => line.trim() !== "") ?? `exit code ${code}`
            return yield* refused(`${last.trim().replace(/\.$/, "")}.`)
          }
          return undefined
        })
        return CellRunner.of({ run })
      })
    )
}

const decodeReport = Schema.decodeUnknownEffect(Schema.fromJsonString(CellReport))

// cellMain.ts of this folder, or cellMain.js where it was built
const cellMain = fileURLToPath(new URL(`cellMain${extname(import.meta.filename)}`, import.meta.url))
