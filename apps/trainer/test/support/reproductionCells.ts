/** Made-up results of cells, with effects that can be set. */
import { uniformStream, mixSeed, textSeed } from "@sml/env-pomdp"
import type { Arm, Cell, CellResult, CellSettings, Method } from "@sml/trainer/reproduce/Cell"
import { domains } from "@sml/trainer/reproduce/Cell"
import { findings } from "@sml/trainer/reproduce/findings"
import { quickSettings } from "@sml/trainer/reproduce/presets"

/** Settings of nothing that could take long. */
export const tinySettings: CellSettings = { ...quickSettings, steps: 1, sftTasks: 1, evalTasks: 40 }

const tested = findings.flatMap(({ parts }) =>
  parts.flatMap(({ checks }) => checks.flatMap(({ terms }) => terms.map(({ metric }) => metric)))
)
const metrics = new Set([...tested, ...[1, 2, 3, 4, 5].map((turn) => `loss@${turn}`)])

const conditions = ["informative", "strict-content-free", "underspecified", "probe"]

/** What the mean of a metric is for an arm. */
export type MeanOf = (of: {
  readonly arm: Arm
  readonly on: string
  readonly condition: string
  readonly metric: string
}) => number

/** A result whose metrics scatter a little around the means. */
export const resultOf = (cell: Cell, mean: MeanOf, settings = tinySettings): CellResult => ({
  cell,
  settings,
  measured: Object.fromEntries(
    domains.map((on) => [
      on,
      Object.fromEntries(
        conditions.map((condition) => [
          condition,
          Object.fromEntries(
            [...metrics].map((metric) => {
              const uniform = uniformStream(
                mixSeed(cell.seed, textSeed([cell.method, cell.trained, on, condition].join("/")))
              )
              const middle = mean({ arm: cell, on, condition, metric })
              return [
                metric,
                {
                  numerators: Array.from(
                    { length: settings.evalTasks },
                    () => middle + 0.01 * (uniform() - 0.5)
                  ),
                  denominators: Array.from({ length: settings.evalTasks }, () => 1)
                }
              ]
            })
          )
        ])
      )
    ])
  ),
  curve: [
    { sft_step: 1, loss: 0.5 },
    { step: 1, reward: 0.25, questions: 0.125 }
  ],
  counts: { dialogues: 8, kept: 3 },
  seconds: { train: 60, measure: 5, total: 65 },
  memory: 2 ** 30,
  weights: "0"
})

const ranks = new Map<Method, number>([
  ["base", 0],
  ["single-turn-rl", 0],
  ["single-turn-sft", 0],
  ["offline-sft", 1]
])

/** Means under which everything that the paper found is there. */
export const paperLike: MeanOf = ({ arm: { method }, condition, metric }) => {
  const rank = ranks.get(method) ?? 2
  if (metric === "loss-slope") return rank === 2 ? -0.4 : 0
  if (metric === "premature@1") return 0.9 - 0.2 * rank
  if (metric === "success@1") return 0.3
  const grown = metric === "success@10" ? 0.5 + 0.15 * rank : 0.4 + 0.1 * rank
  return condition === "strict-content-free" ? 0.4 : grown
}
