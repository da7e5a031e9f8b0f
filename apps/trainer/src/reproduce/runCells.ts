/** Running what has not been run. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

import { clockTime } from "../formatting.ts"
import { Progress } from "../Progress.ts"
import type { Cell, CellResult, CellSettings } from "./Cell.ts"
import { cellName } from "./Cell.ts"
import { CellError, CellRunner } from "./CellRunner.ts"
import { CellStore } from "./CellStore.ts"
import { estimateCell } from "./estimateCell.ts"

/** How the cells are run. */
export interface RunCellsOptions {
  readonly cells: ReadonlyArray<Cell>
  readonly settings: CellSettings
  /** Cells that run at the same time. */
  readonly jobs: number
}

const part = "cells"

/** Work is counted in seconds of the estimate. */
const workOf = (cell: Cell, settings: CellSettings): number => {
  const { measure, train } = estimateCell(cell, settings)
  return train + measure
}

/** The finished cells among those asked for, in their order. */
export const finishedCells = Effect.fn("reproduce.finishedCells")(function* (
  cells: ReadonlyArray<Cell>
) {
  const store = yield* CellStore
  const found = yield* Effect.forEach(cells, store.find)
  return found.flatMap(Option.toArray)
})

/**
 * Runs every cell that the store does not have, `jobs` at a time, and gives the results of all of
 * them. A failure or an interruption loses the running cells only.
 */
export const runCells = Effect.fn("reproduce.runCells")(function* ({
  cells,
  jobs,
  settings
}: RunCellsOptions) {
  const progress = yield* Progress
  const runner = yield* CellRunner
  const store = yield* CellStore
  const kept = yield* finishedCells(cells)
  const names = new Set(kept.map(({ cell }) => cellName(cell)))
  const pending = cells.filter((cell) => !names.has(cellName(cell)))
  if (pending.length === 0) return kept
  const total = pending.reduce((sum, cell) => sum + workOf(cell, settings), 0)
  yield* progress.emit({
    _tag: "Plan",
    title: `sml reproduce: ${cells.length} cells, ${kept.length} of them finished, ${jobs} at a time`,
    parts: [{ name: part, kind: "moments", total: Math.max(1, Math.round(total)), guess: 1 / jobs }]
  })
  yield* progress.emit({ _tag: "Begin", name: part })

  const running = new Map<string, { readonly work: number; share: number; doing: string }>()
  let done = 0
  let finished = kept.length
  const show = Effect.suspend(() => {
    let work = done
    for (const cell of running.values()) work += cell.work * cell.share
    const text = [...running].map(([name, { doing }]) => `${name}: ${doing}`).join("; ")
    return progress
      .emit({ _tag: "Advance", done: Math.round(work) })
      .pipe(
        Effect.andThen(
          progress.emit({ _tag: "Detail", text: `${finished}/${cells.length} finished  ${text}` })
        )
      )
  })

  const one = Effect.fn("reproduce.cell")(function* (cell: Cell) {
    const name = cellName(cell)
    const state = { work: workOf(cell, settings), share: 0, doing: "starting" }
    running.set(name, state)
    yield* show
    yield* runner
      .run(cell, (share, doing) => {
        state.share = Math.min(1, Math.max(state.share, share))
        state.doing = doing
        return show
      })
      .pipe(Effect.ensuring(Effect.sync(() => running.delete(name))))
    const result = yield* store.find(cell)
    if (Option.isNone(result)) {
      return yield* new CellError({
        cell: name,
        reason: `it ended without a result in ${store.folder}.`
      })
    }
    done += state.work
    finished += 1
    const { seconds } = result.value
    yield* progress.emit({
      _tag: "Note",
      text: `${finished}/${cells.length}  ${name}  ${clockTime(seconds["total"] ?? 0)}`
    })
    yield* show
    return result.value
  })
  const fresh: ReadonlyArray<CellResult> = yield* Effect.forEach(pending, one, {
    concurrency: jobs
  }).pipe(
    Effect.onInterrupt(() =>
      progress.farewell(
        `interrupted; ${finished} of ${cells.length} cells are finished and kept in ${store.folder}, the same command goes on from there`
      )
    )
  )
  return [...kept, ...fresh]
})
