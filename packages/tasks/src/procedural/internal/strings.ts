/** Strings: ciphers, rearrangements, brackets, subsequences. */
import * as Schema from "effect/Schema"

import type { Random } from "../../Random.ts"
import { randomInteger } from "../../Random.ts"
import type { DefinedGenerator } from "./defineGenerator.ts"
import { defineGenerator } from "./defineGenerator.ts"
import { drawUntil, letters, repeated, sampled, shuffled } from "./draws.ts"
import { elementAt } from "./elementAt.ts"

const alphabet = "abcdefghijklmnopqrstuvwxyz"

const Text = Schema.Struct({ text: Schema.String })
const TwoTexts = Schema.Struct({ left: Schema.String, right: Schema.String })

const sortedLetters = (text: string): string => Array.from(text).toSorted().join("")

/** An answer that is one word: without quotation marks and blanks. */
const word = (answer: string): string => answer.replaceAll(/[\s"'`]/g, "").toLowerCase()

const touches = (text: string): boolean =>
  Array.from(text).some((letter, index) => index > 0 && letter === text[index - 1])

const separateLetters = defineGenerator({
  name: "separate-letters",
  topic: "strings",
  description: "Any anagram in which no letter stands beside itself",
  hints: ["Put the most frequent letter down first, with gaps, and fill the gaps with the others."],
  instance: Schema.Struct({ text: Schema.String, arranged: Schema.String }),
  draw: (random, difficulty) => {
    const arranged = drawUntil(
      () => letters(random, alphabet.slice(0, 5 + difficulty), difficulty + 6),
      (text) => !touches(text) && new Set(text).size < text.length
    )
    return {
      text: drawUntil(() => shuffled(random, Array.from(arranged)).join(""), touches),
      arranged
    }
  },
  statement: ({ text }) =>
    `Rearrange the letters of "${text}" so that no two equal letters stand side by side.`,
  form: "the rearranged letters",
  canonical: ({ text }) => `separate-letters ${sortedLetters(text)}`,
  solve: ({ arranged }) => arranged,
  size: ({ text }) => text.length,
  verify: ({ text }, answer) =>
    sortedLetters(word(answer)) === sortedLetters(text) && !touches(word(answer))
})

const palindrome = defineGenerator({
  name: "palindrome",
  topic: "strings",
  description: "Any palindrome made of given letters",
  hints: ["Every letter comes in pairs, one for each half; at most one is left for the middle."],
  instance: Schema.Struct({ text: Schema.String, arranged: Schema.String }),
  draw: (random, difficulty) => {
    const half = drawUntil(
      () => letters(random, alphabet, difficulty + 2),
      (drawn) => new Set(drawn).size > 1
    )
    const arranged = half + letters(random, alphabet, 1) + Array.from(half).toReversed().join("")
    return {
      text: drawUntil(
        () => shuffled(random, Array.from(arranged)).join(""),
        (text) => text !== Array.from(text).toReversed().join("")
      ),
      arranged
    }
  },
  statement: ({ text }) =>
    `Rearrange the letters of "${text}" into a palindrome, which reads the same from both ends.`,
  form: "the palindrome",
  canonical: ({ text }) => `palindrome ${sortedLetters(text)}`,
  solve: ({ arranged }) => arranged,
  size: ({ text }) => text.length,
  verify: ({ text }, answer) => {
    const given = word(answer)
    const isPalindrome = given === Array.from(given).toReversed().join("")
    return sortedLetters(given) === sortedLetters(text) && isPalindrome
  }
})

const shift = (text: string, by: number): string =>
  text.replaceAll(/[a-z]/g, (letter) => alphabet.charAt((alphabet.indexOf(letter) + by + 26) % 26))

const words =
  "river stone apple window garden silver market bridge candle forest pepper island letter mirror castle hammer planet shadow travel winter basket copper dragon engine flower guitar harbor jungle kitten ladder meadow needle orange pencil rabbit saddle temple violin walnut yellow".split(
    " "
  )

const caesarCipher = defineGenerator({
  name: "caesar-cipher",
  topic: "strings",
  description: "The words behind a cipher that moves every letter by a known number of places",
  hints: ["Move every letter back by that number; before a comes z."],
  instance: Schema.Struct({ plain: Schema.String, by: Schema.Int }),
  draw: (random, difficulty) => ({
    plain: sampled(random, words, difficulty + 1).join(" "),
    by: randomInteger(random, 1, 25)
  }),
  statement: ({ by, plain }) =>
    `In this text every letter was moved ${by} places forward in the alphabet, with a after z: "${shift(plain, by)}". What did it say?`,
  form: "the text",
  solve: ({ plain }) => plain,
  size: ({ plain }) => plain.split(" ").length,
  verify: ({ plain }, answer) =>
    answer.toLowerCase().replaceAll(/["'`]/g, "").trim().split(/\s+/).join(" ") === plain
})

const letterCount = defineGenerator({
  name: "letter-count",
  topic: "strings",
  description: "How often a letter stands in a text",
  hints: ["Go through the text in groups of a few letters and keep a tally."],
  instance: Schema.Struct({ text: Schema.String, letter: Schema.String }),
  draw: (random, difficulty) => {
    const text = letters(random, "abcdef", 8 * difficulty)
    return { text, letter: letters(random, "abcdef", 1) }
  },
  statement: ({ letter, text }) => `How many times does the letter ${letter} stand in "${text}"?`,
  form: "the number",
  solve: ({ letter, text }) => String(text.split(letter).length - 1),
  size: ({ text }) => text.length
})

const drawTexts = (random: Random, length: number): typeof TwoTexts.Type => ({
  left: letters(random, "abcde", length),
  right: letters(random, "abcde", length)
})

const editDistance = defineGenerator({
  name: "edit-distance",
  topic: "strings",
  description: "The least number of changes between two words",
  hints: ["Fill a table: a cell for each pair of beginnings, from its three neighbours."],
  instance: TwoTexts,
  draw: (random, difficulty) => drawTexts(random, difficulty + 3),
  statement: ({ left, right }) =>
    `How many single letters must at least be inserted, deleted or replaced to turn "${left}" into "${right}"?`,
  form: "the number",
  canonical: ({ left, right }) => `edit-distance ${[left, right].toSorted().join(" ")}`,
  solve: ({ left, right }) => {
    let row = repeated(right.length + 1, (index) => index)
    for (const [index, letter] of Array.from(left).entries()) {
      const next = [index + 1]
      for (const [column, other] of Array.from(right).entries()) {
        next.push(
          Math.min(
            elementAt(row, column) + (letter === other ? 0 : 1),
            elementAt(row, column + 1) + 1,
            elementAt(next, column) + 1
          )
        )
      }
      row = next
    }
    return String(row.at(-1))
  },
  size: ({ left, right }) => left.length + right.length
})

const longestCommon = (left: string, right: string): string => {
  let row = repeated(right.length + 1, () => "")
  for (const letter of left) {
    const next = [""]
    for (const [column, other] of Array.from(right).entries()) {
      const [above, before] = [elementAt(row, column + 1), elementAt(next, column)]
      const longer = above.length > before.length ? above : before
      next.push(letter === other ? elementAt(row, column) + letter : longer)
    }
    row = next
  }
  return row.at(-1) ?? ""
}

const isInside = (part: string, whole: string): boolean => {
  let place = 0
  for (const letter of part) {
    place = whole.indexOf(letter, place) + 1
    if (place === 0) return false
  }
  return true
}

const commonSubsequence = defineGenerator({
  name: "common-subsequence",
  topic: "strings",
  description: "Any longest word that is left of two words when letters are crossed out",
  hints: ["Fill a table: the longest common word of each pair of beginnings."],
  instance: TwoTexts,
  draw: (random, difficulty) =>
    drawUntil(
      () => drawTexts(random, difficulty + 4),
      ({ left, right }) => left !== right && longestCommon(left, right).length > 1
    ),
  statement: ({ left, right }) =>
    `Cross out as few letters as possible in "${left}" and in "${right}" so that the same word is left of both. Which word is left?`,
  form: "the word",
  canonical: ({ left, right }) => `common-subsequence ${[left, right].toSorted().join(" ")}`,
  solve: ({ left, right }) => longestCommon(left, right),
  size: ({ left, right }) => left.length + right.length,
  verify: ({ left, right }, answer) => {
    const given = word(answer)
    return (
      given.length === longestCommon(left, right).length &&
      isInside(given, left) &&
      isInside(given, right)
    )
  }
})

const closing = new Map([
  ["(", ")"],
  ["[", "]"],
  ["{", "}"],
  ["<", ">"]
])

const openBrackets = (text: string): Array<string> => {
  const stack: Array<string> = []
  for (const letter of text) {
    const close = closing.get(letter)
    if (close === undefined) stack.pop()
    else stack.push(close)
  }
  return stack.toReversed()
}

const drawBrackets = (random: Random, length: number): string => {
  const opens = Array.from(closing.keys()).join("")
  let text = letters(random, opens, 2)
  while (text.length < length) {
    const [close] = openBrackets(text)
    text += close === undefined || random() < 0.6 ? letters(random, opens, 1) : close
  }
  return text
}

const closeBrackets = defineGenerator({
  name: "close-brackets",
  topic: "strings",
  description: "The brackets that close those that are still open",
  hints: ["Keep a stack of the open brackets; the last one opened is closed first."],
  instance: Text,
  draw: (random, difficulty) => ({
    text: drawUntil(
      () => drawBrackets(random, 3 * difficulty + 2),
      (text) => openBrackets(text).length > 1
    )
  }),
  statement: ({ text }) =>
    `Continue this with as few brackets as possible so that every bracket is closed in the right order: ${text}`,
  form: "the closing brackets alone",
  solve: ({ text }) => openBrackets(text).join(""),
  size: ({ text }) => text.length,
  verify: ({ text }, answer) => {
    const given = answer.replaceAll(/\s/g, "")
    const rest = openBrackets(text).join("")
    return given === rest || given === text + rest
  }
})

const applyRules = (text: string, rules: ReadonlyArray<readonly string[]>): string =>
  rules.reduce((current, [from = "", to = ""]) => current.replaceAll(from, to), text)

const stringRewriting = defineGenerator({
  name: "string-rewriting",
  topic: "strings",
  description: "What a word becomes under a list of replacements",
  hints: ["Take one rule at a time and write the whole word down after it."],
  instance: Schema.Struct({
    text: Schema.String,
    rules: Schema.Array(Schema.Array(Schema.String))
  }),
  draw: (random, difficulty) =>
    drawUntil(
      () => ({
        text: letters(random, "abc", 6 + difficulty),
        rules: repeated(difficulty, () => [
          letters(random, "abc", 1 + Math.floor(random() * 2)),
          letters(random, "abc", 1 + Math.floor(random() * 2))
        ])
      }),
      ({ rules, text }) => {
        const result = applyRules(text, rules)
        const changes = rules.every(([from, to]) => from !== to)
        return changes && result !== text && result.length < 60
      }
    ),
  statement: ({ rules, text }) =>
    `Begin with "${text}". Then, one step after the other, replace every ${rules
      .map(([from, to]) => `"${from}" by "${to}"`)
      .join(
        ", then every "
      )}; in each step from left to right, without looking at replaced letters again. What is the result?`,
  form: "the resulting word",
  solve: ({ rules, text }) => applyRules(text, rules),
  size: ({ rules }) => rules.length,
  verify: ({ rules, text }, answer) => word(answer) === applyRules(text, rules)
})

export const strings: ReadonlyArray<DefinedGenerator> = [
  separateLetters,
  palindrome,
  caesarCipher,
  letterCount,
  editDistance,
  commonSubsequence,
  closeBrackets,
  stringRewriting
]
