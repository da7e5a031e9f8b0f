/** The words of the embedded student: each is one token. */
import { vocabulary as statementWords } from "@sml/tasks"
import { vocabulary as dialogueWords } from "@sml/teacher-verifiers/nano"

/**
 * The control tokens: padding, an unknown word, the beginning of a teacher's and of a student's turn,
 * and the end of a student's turn.
 */
export const controlTokens = ["<pad>", "<unk>", "<T>", "<S>", "<end>"] as const

/** Closes a student's turn. */
export const endOfTurn = "<end>"

/** Every token; the index is the id. */
export const vocabulary: ReadonlyArray<string> = Array.from(
  new Set([...controlTokens, ...statementWords, ...dialogueWords])
)

const ids: ReadonlyMap<string, number> = new Map(vocabulary.map((word, id) => [word, id]))

/**
 * The ids of a text whose words stand apart by single spaces. Throws a `RangeError` at a word that is
 * not in the vocabulary: the corpus must not hold any.
 */
export const wordIds = (text: string): ReadonlyArray<number> =>
  text.split(" ").map((word) => {
    const id = ids.get(word)
    if (id === undefined) throw new RangeError(`"${word}" is not a word of the embedded student`)
    return id
  })
