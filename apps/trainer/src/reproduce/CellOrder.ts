/** What the process of a cell is told, and what it says. */
import * as Schema from "effect/Schema"

import { Cell, CellSettings } from "./Cell.ts"

/** The argument of the process, as JSON. */
export const CellOrder = Schema.Struct({
  root: Schema.String,
  settings: CellSettings,
  threads: Schema.Int,
  cell: Cell
})
export type CellOrder = typeof CellOrder.Type

/** A line of its standard output: how far it is, between 0 and 1, and what it does. */
export const CellReport = Schema.Struct({ share: Schema.Finite, doing: Schema.String })
export type CellReport = typeof CellReport.Type
