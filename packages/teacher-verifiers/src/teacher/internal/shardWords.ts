/** Matching words: which piece of a statement a question asks for, and which pieces a text tells. */
import type { Shard } from "../Shard.ts"
import { numberWordsToNumerals } from "./numberWords.ts"

const stopWords = new Set(
  "a an the of to in on at for and or is are was were be been do does did have has had how many much what which who when where why i you he she it they we me my your his her its their our this that these those there with from by as if so can could would should will shall tell please give know need number value amount about any some more than not no".split(
    " "
  )
)

/** A word without the endings of number and tense. */
const stem = (word: string): string =>
  word.length > 4
    ? word.replace(/(?:ies|es|s|ing|ed|'s)$/, "").replace(/(.)\1$/, "$1")
    : word.replace(/s$/, "")

/** The words of a text that carry meaning, numerals included. */
export const contentWords = (text: string): ReadonlySet<string> =>
  new Set(
    Array.from(
      numberWordsToNumerals(text.replaceAll("’", "'"))
        .toLowerCase()
        .matchAll(/[\p{L}_]+(?:'s)?|\d[\d,]*(?:\.\d+)?/gu),
      ([word]) => stem(word.replace(/'s$/, "").replaceAll(",", ""))
    ).filter((word) => !stopWords.has(word))
  )

/** How well each text answers a question: its shared words, those that few texts have counting more. */
export const matchScores = (
  question: string,
  texts: ReadonlyArray<string>
): ReadonlyArray<number> => {
  const asked = contentWords(question)
  const all = texts.map(contentWords)
  return all.map((own) => {
    let score = 0
    for (const word of asked) {
      if (own.has(word)) score += 1 / all.filter((other) => other.has(word)).length
    }
    return score
  })
}

/**
 * The names of the shards that a text tells in its own words: all numbers of the shard and three
 * quarters of its other words stand in it.
 */
export const disclosedShards = (
  shards: ReadonlyArray<Shard>,
  text: string
): ReadonlyArray<string> => {
  const told = contentWords(text)
  return shards.flatMap((shard) => {
    const own = Array.from(contentWords(shard.text))
    const numbers = own.filter((word) => /^\d/.test(word))
    const rest = own.filter((word) => !/^\d/.test(word))
    const known = rest.filter((word) => told.has(word)).length
    return own.length > 0 && numbers.every((word) => told.has(word)) && known >= 0.75 * rest.length
      ? [shard.name]
      : []
  })
}
