/**
 * How well a student uses feedback: metrics of dialogues with intervals, comparisons, tables. The
 * HTML report and its plots are in `@sml/eval-harness/renderReport` and
 * `@sml/eval-harness/learningCurveSvg`, which load a plotting library.
 */
export * from "./BeforeAfter.ts"
export * from "./bootstrapInterval.ts"
export * from "./Comparison.ts"
export * from "./Estimate.ts"
export * from "./estimateRatio.ts"
export * from "./evaluate.ts"
export * from "./heldOutTasks.ts"
export * from "./Metric.ts"
export * from "./MetricText.ts"
export * from "./Ratio.ts"
export * from "./renderTable.ts"
export * from "./Summary.ts"
export * from "./wilsonInterval.ts"
