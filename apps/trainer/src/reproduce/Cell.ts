/** One part of the reproduction: a method, trained on a domain with a seed, then measured. */
import * as Schema from "effect/Schema"

/** The paper's methods, then the variants of this project, each a deviation from the paper. */
export const Method = Schema.Literals([
  "base",
  "single-turn-rl",
  "single-turn-sft",
  "offline-sft",
  "grpo",
  "q-priming-grpo",
  "q-priming-patient",
  "q-priming-reticent",
  "q-priming-patient-reticent"
])
export type Method = typeof Method.Type

export const Domain = Schema.Literals(["math", "code"])
export type Domain = typeof Domain.Type

/** Both domains; every student is measured on both. */
export const domains = Domain.literals

/** The student before training is trained on nothing. */
const Trained = Schema.Literals(["math", "code", "nothing"])

/** What a cell is. */
export const Cell = Schema.Struct({ method: Method, trained: Trained, seed: Schema.Int })
export type Cell = typeof Cell.Type

/** A method with what it was trained on: the cells that differ in their seed only. */
export type Arm = Pick<Cell, "method" | "trained">

/** Name of a cell's folder. */
export const cellName = ({ method, seed, trained }: Cell): string => `${method}-${trained}-${seed}`

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(1))

/**
 * What all cells of a reproduction share; a cell is a function of these and of itself.
 *
 * - `steps`, `tasks`, `group`, `singleTurnGroup`, `horizon`, `discount`: of online learning;
 * - `sftTasks`, `sftSamples`, `epochs`: of offline learning; single-turn learning gets
 *   `sftSamples · horizon` answers about each task, so that both have at most as many student turns;
 * - `evalTasks`, `evalHorizon`: held-out tasks per domain and kind of feedback, turns per dialogue;
 * - `checkpoint`: SHA-256 of the weights of the student that all methods start from.
 */
export const CellSettings = Schema.Struct({
  steps: Count,
  tasks: Count,
  group: Count,
  singleTurnGroup: Count,
  horizon: Count,
  discount: Schema.Finite,
  learningRate: Schema.Finite,
  sftTasks: Count,
  sftSamples: Count,
  epochs: Count,
  evalTasks: Count,
  evalHorizon: Count,
  maxTokens: Count,
  checkpoint: Schema.String
})
export type CellSettings = typeof CellSettings.Type

/** Numerators and denominators of a metric, one pair a task, in the order of the tasks. */
export const TaskRatios = Schema.Struct({
  numerators: Schema.Array(Schema.Finite),
  denominators: Schema.Array(Schema.Finite)
})
export type TaskRatios = typeof TaskRatios.Type

/** One update or one point of fine-tuning: what is known of it, by name. */
export const CurvePoint = Schema.Record(Schema.String, Schema.Finite)
export type CurvePoint = typeof CurvePoint.Type

/**
 * What a finished cell leaves.
 *
 * - `measured`: by domain, then condition, then metric;
 * - `curve`: what was seen while it learnt; `counts`: what became of its dialogues;
 * - `seconds`: of the parts; `memory`: largest resident size in bytes; `weights`: SHA-256.
 */
export const CellResult = Schema.Struct({
  cell: Cell,
  settings: CellSettings,
  measured: Schema.Record(
    Schema.String,
    Schema.Record(Schema.String, Schema.Record(Schema.String, TaskRatios))
  ),
  curve: Schema.Array(CurvePoint),
  counts: Schema.Record(Schema.String, Schema.Finite),
  seconds: Schema.Record(Schema.String, Schema.Finite),
  memory: Schema.Finite,
  weights: Schema.String
})
export type CellResult = typeof CellResult.Type
