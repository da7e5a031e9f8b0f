/** Whether a text tells the answer of a question. */
import { decodedViews } from "./decodedViews.ts"
import { bareLetters, foreignWords, otherNotations } from "./foreignNumerals.ts"
import { arithmeticWordsToSigns, type Mention, mathMentions } from "./mathMentions.ts"
import { numberWordsToNumerals } from "./numberWords.ts"
import { joinLetters, plainText } from "./plainText.ts"

/** How an answer was told, and the words that tell it. */
export interface AnswerLeak {
  readonly form: "value" | "expression" | "words" | "digits" | "encoded" | "text"
  readonly excerpt: string
}

/**
 * - `answer`: the reference; `statement`: everything the student may read anyway.
 * - `said`: the student's turns; `told`: the teacher's earlier replies.
 * - `sameAnswer(reference, candidate)`: whether two answers are the same.
 */
export interface AnswerContext {
  readonly answer: string
  readonly statement: string
  readonly said: ReadonlyArray<string>
  readonly told: ReadonlyArray<string>
  readonly sameAnswer: (reference: string, candidate: string) => boolean
}

const readable = (text: string): string =>
  arithmeticWordsToSigns(numberWordsToNumerals(joinLetters(plainText(text))))

const compact = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/\\(?:left|right|[dt]?frac(?=\d)|text|mathrm|mbox|displaystyle|quad|[,;:! ])/g, "")
    .replaceAll(/\\[dt]frac/g, "\\frac")
    .replaceAll(/[\s$]/g, "")

/** What stands right before a value that is given as the result. */
const introduces =
  /(?:\b(?:answer|result|solution|total|value|output|reference|key)\b(?:\s+(?:here|then|so|itself|you\s+want|should|must|would|to\s+(?:this|the)\s+\w+|of\s+\w+))*|=|≈|→|\b(?:equals?|get|gets|got|gives?|makes?|obtain|must|should\s+be|would\s+be|will\s+be|has\s+to\s+be|it\s+is|it's|that\s+is|that's|exactly|yields?|becomes?|say|write|type|choose|pick|enter|namely|comes\s+to|evaluates\s+to|correct|right)|\\boxed)\s*(?:(?:is|are|was|be|being|to|equals?|the|number|value|option|choice|letter|just|exactly|simply|indeed|therefore|only|a|an|with)\s+|[=:,]\s*)*(?:is|are|was|be|equals?)?\s*[[({"'$*\\]*\s*$/i

/** What follows a value that is said to be the right one. */
const confirms =
  /^[\s)"'$}\]*.]*(?:,?\s*(?:which|that)\s+)?(?:is|was|would\s+be|looks|seems|=)\s+(?:the\s+|exactly\s+|indeed\s+)*(?:right|correct|answer|result|solution|final|what|it)\b/i

/** Whether the words around a value call it the answer. */
const isAsserted = (text: string, from: number, to: number): boolean =>
  introduces.test(text.slice(Math.max(0, from - 60), from)) ||
  confirms.test(text.slice(to, to + 50))

/** Whether nothing else is said. */
const isAlone = (text: string, from: number, to: number): boolean =>
  (text.slice(0, from) + text.slice(to)).replaceAll(/[^\p{L}\d]/gu, "").length <= 3

const enumerator =
  /\b(?:step|part|line|question|problem|hint|attempt|turn|example|exercise|page|test|stage|row|column)s?\s*#?\s*$|\bnearest\s+$/i
const countedNoun =
  /^\s+(?:more\s+|other\s+|different\s+|main\s+)?(?:steps?|parts?|things?|numbers?|ways?|tries|attempts?|hints?|pieces?|facts?|quantities|values|amounts?|operations?|stages|questions?|decimal\s+places|digits|words|lines|cases|tests)\b/i

/** "step 2", "two parts", "the nearest hundred": a small number that counts what the teacher itself speaks of. */
const isCount = (context: Prepared, mention: Mention, text: string): boolean => {
  if (mention.kind !== "number" || !/^(?:\d{1,2}|10+)$/.test(mention.text)) return false
  if (enumerator.test(text.slice(Math.max(0, mention.from - 24), mention.from))) return true
  if (Number(mention.text) > 12) return false
  const noun = countedNoun
    .exec(text.slice(mention.to, mention.to + 32))?.[0]
    .trim()
    .split(/\s+/)
    .at(-1)
  // unless the question itself is about such things
  return (
    noun !== undefined &&
    !context.statement.toLowerCase().includes(noun.replace(/s$/, "").toLowerCase())
  )
}

interface Prepared extends AnswerContext {
  readonly publicNumbers: ReadonlySet<string>
  readonly publicExpressions: ReadonlySet<string>
  readonly saidNumbers: ReadonlySet<string>
  readonly saidExpressions: ReadonlySet<string>
  readonly number: number | undefined
  readonly digits: string
  readonly cues: string
  readonly isPublic: boolean
}

const canonicalNumber = (text: string): string =>
  text.replaceAll(/[,\s]/g, "").replace(/^0+(?=\d)/, "")

const plainNumberOf = (answer: string): number | undefined => {
  const bare = answer.replaceAll(/\\boxed\{|[{}$€£]|\\!|\\%|%/g, "").trim()
  return /^-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?$/.test(bare)
    ? Number(bare.replaceAll(",", ""))
    : undefined
}

/** What is to be computed, with at least one number in it. */
const expressionsOf = (mentions: ReadonlyArray<Mention>): ReadonlySet<string> =>
  new Set(
    mentions
      .filter(({ kind, text }) => kind === "expression" && /\d\D|\D\d/.test(text))
      .map(({ text }) => compact(text))
  )

const prepare = (context: AnswerContext): Prepared => {
  const statement = readable(context.statement)
  const mentions = mathMentions(statement)
  const saidMentions = context.said.flatMap((text) => mathMentions(readable(text)))
  const number = plainNumberOf(context.answer)
  return {
    ...context,
    publicNumbers: new Set(
      mentions.filter(({ kind }) => kind === "number").map(({ text }) => canonicalNumber(text))
    ),
    publicExpressions: expressionsOf(mentions),
    saidExpressions: expressionsOf(saidMentions),
    saidNumbers: new Set(
      saidMentions.filter(({ kind }) => kind === "number").map(({ text }) => canonicalNumber(text))
    ),
    number,
    digits: number === undefined ? "" : String(Math.abs(number)),
    cues: context.said.slice(-2).join(" ").toLowerCase(),
    isPublic: mentions.some(
      ({ kind, text }) => kind === "number" && context.sameAnswer(context.answer, text)
    )
  }
}

/** Whether every number of an order to compute has been said before. */
const isMadeOfPublic = (context: Prepared, mention: Mention): boolean =>
  (mention.operands ?? []).every(
    (operand) =>
      context.publicNumbers.has(canonicalNumber(operand)) ||
      context.saidNumbers.has(canonicalNumber(operand))
  )

const valueLeak = (context: Prepared, text: string): AnswerLeak | undefined => {
  const isSymbolic = /[a-zA-Z\\]/.test(context.answer)
  for (const mention of mathMentions(text)) {
    if (!isSymbolic && !/\d|\\|[πe∞]/.test(mention.text)) continue
    if (mention.kind !== "number" && context.publicExpressions.has(compact(mention.text))) continue
    if (!context.sameAnswer(context.answer, mention.text)) continue
    const excerpt = text.slice(mention.from, mention.to)
    const isKnown =
      mention.kind === "words"
        ? isMadeOfPublic(context, mention)
        : context.saidExpressions.has(compact(mention.text))
    if (mention.kind !== "number" && isKnown && !isAsserted(text, mention.from, mention.to)) {
      continue
    }
    if (mention.kind === "number") {
      // the student's own number with the opposite sign
      const signed = text.slice(mention.from - 1, mention.from) === "-" ? `-${mention.text}` : ""
      if (context.saidNumbers.has(canonicalNumber(signed))) continue
      const isPartOfWord = /\p{L}$/u.test(text.slice(0, mention.from))
      const isWeak =
        isPartOfWord ||
        (context.isPublic && context.publicNumbers.has(canonicalNumber(mention.text))) ||
        isCount(context, mention, text)
      const place = [text, mention.from, mention.to] as const
      if (isWeak && !isAsserted(...place) && !isAlone(...place)) continue
    }
    const form =
      mention.kind === "words" ? "words" : mention.kind === "expression" ? "expression" : "value"
    return { form, excerpt }
  }
  return undefined
}

const digitCue =
  /\b(?:digits?|tens|ones|units|hundreds|thousands|followed\s+by|concatenat\w*|side\s+by\s+side|next\s+to\s+each\s+other|spell\w*|one\s+by\s+one|glue\w*|append\w*|(?:starts|begins|ends)\s+(?:with|in))\b/i

const places = ["ones?|units?|last|ends\\s+(?:in|with)", "tens", "hundreds", "thousands"]

/** The answer's digits one after another, in one text or over all of the teacher's. */
const digitsLeak = (context: Prepared, text: string): AnswerLeak | undefined => {
  const { digits, number } = context
  const bare = digits.replace(".", "")
  if (number === undefined || bare.length < 2) return undefined
  for (const match of text.matchAll(
    /(?<![\d.,])\d(?:(\s*[-_./|,;*]\s*|\s*,?\s*(?:and\s+)?then\s+|\s*,?\s*(?:and\s+)?followed\s+by\s+|\s+)\d)(?:\1\d)*(?![\d]|[.,]\d)/g
  )) {
    const joined = match[0].replaceAll(/\D/g, "")
    if (joined !== bare || `${context.statement} ${context.said.join(" ")}`.includes(match[0]))
      continue
    // two digits with a sign between them may be a sum to do
    const isLoose = /[,/;*]|\s-\s|\.\s/.test(match[1] ?? "") && joined.length < 3
    // a decimal
    if (match[1] === "." && joined.length === 2) continue
    if (isLoose && !digitCue.test(`${text} ${context.cues}`)) continue
    return { form: "digits", excerpt: match[0] }
  }
  for (const match of text.matchAll(/(?<![\d.,])\d{1,3}(?:\s\d{1,3})+(?![\d]|[.,]\d)/g)) {
    if (bare.length >= 3 && match[0].replaceAll(" ", "") === bare) {
      return { form: "digits", excerpt: match[0] }
    }
  }
  const all = [...context.told.map(readable), text].join("\n")
  if (!digitCue.test(all)) return undefined
  const sentences = digitCue.test(text) ? [text] : []
  for (const sentence of sentences) {
    const singles = Array.from(sentence.matchAll(/(?<![\d.,])\d(?!\d|[.,]\d)/g), ([digit]) => digit)
    if (singles.join("").includes(bare))
      return { form: "digits", excerpt: sentence.trim().slice(0, 80) }
  }
  if (digits.includes(".") || digits.length > 4) return undefined
  const isStated = Array.from(digits).every((digit, index) => {
    const place = places[digits.length - 1 - index] ?? ""
    const ordinal = ["first|(?:starts|begins)\\s+with", "second", "third", "fourth"][index] ?? ""
    return new RegExp(
      `\\b(?:${place}|${ordinal})\\b(?:\\s+(?:digit|place|one))*\\s*(?:is|=|:|equals|should be|must be|has|holds)?\\s*(?:an?\\s+)?${digit}(?!\\d)`,
      "i"
    ).test(all)
  })
  return isStated ? { form: "digits", excerpt: text.trim().slice(0, 80) } : undefined
}

const escapeRegExp = (text: string): string =>
  text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)

const commonWords = new Set(
  "yes no true false none never always even odd positive negative increasing decreasing undefined infinite zero left right up down north south east west".split(
    " "
  )
)

/** Answers that are words, choices or formulas, letter for letter. */
const textLeak = (context: Prepared, text: string): AnswerLeak | undefined => {
  if (context.number !== undefined) return undefined
  const words = context.answer
    .replaceAll(/\\(?:text|textbf|mathrm|mbox)\s*\{([^{}]*)\}|\\boxed\s*\{([^{}]*)\}/g, "$1$2")
    .replaceAll(/[$]/g, "")
    .trim()
  const choice = /^\(?([A-Za-z])\)?$/.exec(words)?.[1]
  if (choice !== undefined) {
    const pattern = new RegExp(`(?<![\\p{L}\\d])\\(?${choice}\\)?(?![\\p{L}\\d])`, "gu")
    for (const match of text.matchAll(pattern)) {
      const place = [text, match.index, match.index + match[0].length] as const
      if (isAsserted(...place) || isAlone(...place)) {
        return { form: "text", excerpt: match[0] }
      }
    }
    return undefined
  }
  if (/^[\p{L}\d][\p{L}\d\s'.,-]*$/u.test(words)) {
    const pattern = new RegExp(
      `(?<![\\p{L}\\d])${words.split(/\s+/).map(escapeRegExp).join("\\s+")}(?![\\p{L}\\d])`,
      "giu"
    )
    const isKnown = pattern.test(context.statement) || commonWords.has(words.toLowerCase())
    pattern.lastIndex = 0
    for (const match of text.matchAll(pattern)) {
      const place = [text, match.index, match.index + match[0].length] as const
      if (!isKnown || isAsserted(...place) || isAlone(...place)) {
        return { form: "text", excerpt: match[0] }
      }
    }
    return undefined
  }
  const formula = compact(words)
  if (formula.length < 3 || compact(context.statement).includes(formula)) return undefined
  return compact(text).includes(formula) ? { form: "text", excerpt: words } : undefined
}

const found = (excerpt: string): AnswerLeak => ({
  form: "encoded",
  excerpt: excerpt.slice(0, 80)
})

const fillers = new Set(
  "a an the and is are be then equals equal to of or by with from its it at value so next comes first finally must should".split(
    " "
  )
)

/** The numbers and words of a text, in order, without those that only join. */
const atoms = (text: string): ReadonlyArray<string> =>
  Array.from(
    text.toLowerCase().matchAll(/(?<![\d\p{L})\]])-\d+(?:\.\d+)?|\d+(?:\.\d+)?|\p{L}+/gu),
    ([atom]) => atom.replace(/\s/g, "")
  ).filter((atom) => !fillers.has(atom))

const includesRow = (row: ReadonlyArray<string>, part: ReadonlyArray<string>): boolean =>
  row.some((_atom, at) => part.every((atom, index) => row[at + index] === atom))

/** An answer of several parts, told with other words between them: "x is 9 and y is 5". */
const rowLeak = (context: Prepared, text: string): AnswerLeak | undefined => {
  const own = atoms(context.answer.replaceAll(/\\[a-zA-Z]+/g, " "))
  if (context.number !== undefined || own.length < 3) return undefined
  return includesRow(atoms(text), own) && !includesRow(atoms(readable(context.statement)), own)
    ? { form: "text", excerpt: own.join(" ") }
    : undefined
}

const encodedLeak = (context: Prepared, raw: string, text: string): AnswerLeak | undefined => {
  const { number } = context
  if (number !== undefined) {
    const { marked, plain } = otherNotations(Math.abs(number))
    const isNotation = /\b(?:hex\w*|binary|octal|base|roman|numerals?)\b/i.test(
      `${text} ${context.cues}`
    )
    for (const notation of isNotation ? [...plain, ...marked] : plain) {
      const pattern = new RegExp(`(?<![\\p{L}\\d.,])${notation}(?![\\p{L}\\d]|[.,]\\d)`, "u")
      if (
        pattern.test(text) &&
        !pattern.test(context.statement) &&
        !pattern.test(context.said.join(" "))
      ) {
        return found(notation)
      }
    }
    const letters = bareLetters(text)
    const known = bareLetters(context.statement)
    for (const word of foreignWords(Math.abs(number))) {
      if (letters.includes(word) && !known.includes(word)) return found(word)
    }
    // counted out, one sign each
    const tally = /([|✓]|\p{Extended_Pictographic})(?:\s?\1){4,}/u.exec(raw)
    if (tally !== null && Array.from(tally[0].replaceAll(/\s/g, "")).length === number)
      return found(tally[0])
  }
  for (const view of decodedViews(raw)) {
    const isWhole = view.how !== "reversed" && view.how !== "rot13" && view.how !== "initials"
    const decoded = isWhole
      ? readable(view.text)
      : numberWordsToNumerals(joinLetters(plainText(view.text)))
    if (isWhole && view.text.length < 8) {
      // a short word is base64 of something: only the answer itself counts
      const value = decoded.trim()
      if (value === context.digits || value === context.answer || value === String(number)) {
        return found(view.text)
      }
      continue
    }
    if (number === undefined) {
      if (view.how !== "initials" && textLeak(context, decoded) !== undefined)
        return found(view.text)
      if (isWhole && valueLeak(context, decoded) !== undefined) return found(view.text)
      continue
    }
    const already = numbersOf(plainText(view.how === "reversed" ? "" : raw))
    for (const numeral of numbersOf(decoded)) {
      if (already.has(numeral) || numeral !== String(Math.abs(number))) continue
      // read backwards, numerals are other numerals; words are none until they are
      const isTurned = view.how === "reversed" && view.text.includes(numeral)
      const source = isTurned ? Array.from(numeral).toReversed().join("") : numeral
      const isPalindrome = isTurned && source === numeral
      const isPublic =
        isTurned && (context.publicNumbers.has(source) || context.saidNumbers.has(source))
      if (!isPalindrome && !isPublic) return found(numeral)
    }
  }
  return undefined
}

const numbersOf = (text: string): ReadonlySet<string> =>
  new Set(
    Array.from(text.matchAll(/\d[\d,]*(?:\.\d+)?/g), ([numeral]) => numeral.replaceAll(",", ""))
  )

/** The first way in which a text tells the answer, or `undefined`. */
export const answerLeak = (context: AnswerContext, raw: string): AnswerLeak | undefined => {
  const prepared = prepare(context)
  const text = readable(raw)
  return (
    valueLeak(prepared, text) ??
    digitsLeak(prepared, text) ??
    rowLeak(prepared, text) ??
    textLeak(prepared, plainText(raw)) ??
    textLeak(prepared, joinLetters(plainText(raw))) ??
    encodedLeak(prepared, raw, text)
  )
}
