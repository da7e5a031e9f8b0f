/** The defaults of advantages and loss that depend on other settings. */
import type { ObjectiveOptions } from "./ObjectiveOptions.ts"

/** Advantages that are divided by something. */
export const hasEpsilon = ({ advantage }: ObjectiveOptions): boolean =>
  advantage !== "mean-centred" && advantage !== "leave-one-out"

/** Advantages that are divided by a standard deviation. */
export const hasStd = ({ advantage }: ObjectiveOptions): boolean =>
  advantage === "group-std" || advantage === "batch-std" || advantage === "reinforce-plus-plus"

/** Bounds of the ratio of the surrogates that have any. */
const clipBounds = {
  clip: { clipLow: 0.2, clipHigh: 0.2 },
  "sequence-clip": { clipLow: 3e-4, clipHigh: 4e-4 },
  cispo: { clipHigh: 4 },
  reinforce: {},
  "importance-sampling": {}
} as const

/** What decides the defaults. */
export type CompletableOptions = ObjectiveOptions & {
  readonly horizon: number
  readonly maxTokens: number
}

/** The settings with a value for everything that acts. */
export const completeObjective = <O extends CompletableOptions>(options: O): O => ({
  ...(hasEpsilon(options) && { advantageEpsilon: 1e-6 }),
  ...(hasStd(options) && { advantageStd: "population" }),
  ...(options.advantage === "reinforce-plus-plus" && { advantageBaseline: "batch" }),
  ...clipBounds[options.surrogate],
  ...(options.aggregation === "constant" && {
    aggregationLength: options.horizon * options.maxTokens
  }),
  ...(options.kl !== undefined && {
    klEstimator: "k3",
    klIn: "loss",
    ...(options.klIn !== "reward" && { klAgainst: "reference" })
  }),
  ...(options.correction !== undefined && { correctionMax: 2 }),
  ...(options.verifyLogprobs && { logprobTolerance: 2e-4 }),
  ...options
})
