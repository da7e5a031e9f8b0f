/** Dialogues of which everything is drawn in advance but what the student says. */
import { integerStream } from "./prompts.ts"

/** What a student hears, and how many tokens it says then. */
export interface ScriptedTurn {
  readonly heard: Int32Array
  readonly says: number
}

/** Least and most, both possible. */
export type Range = readonly [least: number, most: number]

/**
 * - `turns`: how often the student speaks in a dialogue.
 * - `said`: tokens of each of these turns.
 * - `replied`: tokens of the environment between two of them.
 */
export interface DialogueShape {
  readonly turns: number
  readonly said: Range
  readonly replied: Range
}

/** One dialogue about each statement. */
export const dialogueScripts = (
  vocabularySize: number,
  statements: ReadonlyArray<Int32Array>,
  { replied, said, turns }: DialogueShape
): ReadonlyArray<ReadonlyArray<ScriptedTurn>> => {
  const draw = integerStream(13)
  const reply = () =>
    Int32Array.from({ length: draw(...replied) }, () => draw(0, vocabularySize - 1))
  return statements.map((statement) =>
    Array.from({ length: turns }, (_, turn) => ({
      heard: turn === 0 ? statement : reply(),
      says: draw(...said)
    }))
  )
}
