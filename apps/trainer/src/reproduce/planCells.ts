/** Which cells there are, and in what order they are best run. */
import type { Arm, Cell, CellSettings } from "./Cell.ts"
import { domains, Method } from "./Cell.ts"
import { estimateCell } from "./estimateCell.ts"
import { armOf } from "./findings.ts"
import { methods } from "./methods.ts"

/** What is to be compared. */
export interface PlanOptions {
  /** Training seeds 1, 2, …, this one. */
  readonly seeds: number
  /** Whether the variants of this project are run too, on math only. */
  readonly variants: boolean
}

/** Whether a method is none of the paper's. */
export const isVariant = (method: Method): boolean => methods[method].deviation !== undefined

/** Every arm of the plan: the base once, the paper's methods on both domains, the variants on math. */
export const planArms = ({ variants }: Pick<PlanOptions, "variants">): ReadonlyArray<Arm> =>
  Method.literals.flatMap((method) => {
    if (method === "base") return [armOf(method, "math")]
    if (isVariant(method)) return variants ? [armOf(method, "math")] : []
    return domains.map((domain) => armOf(method, domain))
  })

/**
 * Every cell, seed by seed, so that an interrupted plan has whole seeds; inside a seed the long ones
 * first, so that none runs alone at the end.
 */
export const planCells = (options: PlanOptions, settings: CellSettings): ReadonlyArray<Cell> => {
  const seconds = (cell: Cell) => {
    const { measure, train } = estimateCell(cell, settings)
    return train + measure
  }
  return Array.from({ length: options.seeds }, (_, index) =>
    planArms(options)
      .map(({ method, trained }): Cell => ({ method, trained, seed: index + 1 }))
      .toSorted((a, b) => seconds(b) - seconds(a))
  ).flat()
}
