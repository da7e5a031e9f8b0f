/** The defaults of advantages and loss that depend on other settings. */
import type { ObjectiveOptions } from "./ObjectiveOptions.ts"

/** Advantages that are divided by something. */
export const hasEpsilon = ({ advantage }: ObjectiveOptions): boolean =>
  advantage !== "mean-centred" && advantage !== "leave-one-out"

/** Advantages that are divided by a standard deviation. */
export const hasStd = ({ advantage }: ObjectiveOptions): boolean =>
  advantage === "group-std" || advantage === "batch-std" || advantage === "reinforce-plus-plus"

/** The defaults that are the same wherever they act. */
export const usualValues = {
  epsilon: 1e-6,
  std: "population",
  baseline: "batch",
  klEstimator: "k3",
  klIn: "loss",
  klAgainst: "reference",
  correctionMax: 2,
  logprobTolerance: 2e-4
} as const

/** Bounds of the ratio of the surrogates that have any. */
export const clipBounds = {
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
  ...(hasEpsilon(options) && { advantageEpsilon: usualValues.epsilon }),
  ...(hasStd(options) && { advantageStd: usualValues.std }),
  ...(options.advantage === "reinforce-plus-plus" && { advantageBaseline: usualValues.baseline }),
  ...clipBounds[options.surrogate],
  ...(options.aggregation === "constant" && {
    aggregationLength: options.horizon * options.maxTokens
  }),
  ...(options.kl !== undefined && {
    klEstimator: usualValues.klEstimator,
    klIn: usualValues.klIn,
    ...(options.klIn !== "reward" && { klAgainst: usualValues.klAgainst })
  }),
  ...(options.correction !== undefined && { correctionMax: usualValues.correctionMax }),
  ...(options.verifyLogprobs && { logprobTolerance: usualValues.logprobTolerance }),
  ...options
})
