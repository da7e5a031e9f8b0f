/** How long a cell takes, roughly: for progress and for the order of the work. */
import type { Cell, CellSettings } from "./Cell.ts"
import { methods } from "./methods.ts"

/** Seconds on one thread of the reference machine. */
const perDialogueOfStep = 0.0028
const perAnswerOfStep = 0.0011
const perDialogueCollected = 0.0025
const perDialogueMeasured = 0.0075

/** Seconds of training and of measuring on one thread; only their proportions matter. */
export const estimateCell = (
  cell: Cell,
  settings: CellSettings
): { readonly train: number; readonly measure: number } => {
  const { offline, online, primed, singleTurn } = methods[cell.method]
  const collected = settings.sftTasks * settings.sftSamples
  const batch = settings.tasks * (singleTurn === true ? settings.singleTurnGroup : settings.group)
  const perDialogue = singleTurn === true ? perAnswerOfStep : perDialogueOfStep
  const train =
    (offline === true || primed === true ? collected * perDialogueCollected : 0) +
    (online === true ? settings.steps * batch * perDialogue : 0)
  return { train, measure: 8 * settings.evalTasks * perDialogueMeasured }
}
