/** The settings of the whole reproduction and of the short one. */
import { checkpointHash } from "@sml/nano-student"

import { defaultTrainOptions } from "../TrainOptions.ts"
import type { CellSettings } from "./Cell.ts"

/** What the report is made with: the settings of `sml train`, and the paper's where they are known. */
export const fullSettings: CellSettings = {
  steps: defaultTrainOptions.steps,
  tasks: defaultTrainOptions.tasks,
  group: defaultTrainOptions.group,
  singleTurnGroup: 32,
  horizon: defaultTrainOptions.horizon,
  discount: defaultTrainOptions.discount,
  learningRate: defaultTrainOptions.learningRate,
  sftTasks: 2000,
  sftSamples: 8,
  epochs: 3,
  evalTasks: 300,
  evalHorizon: 10,
  maxTokens: defaultTrainOptions.maxTokens,
  checkpoint: checkpointHash
}

/** Less of everything, so that it takes minutes. */
export const quickSettings: CellSettings = {
  ...fullSettings,
  steps: 60,
  sftTasks: 600,
  evalTasks: 150
}
