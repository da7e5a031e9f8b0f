/** English number words as numerals: "one hundred and sixty-four" is 164. */

const small = new Map<string, number>(
  [
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen",
    "sixteen seventeen eighteen nineteen"
  ]
    .join(" ")
    .split(" ")
    .map((word, value) => [word, value])
)
const tens = new Map<string, number>(
  "twenty thirty forty fifty sixty seventy eighty ninety"
    .split(" ")
    .map((word, index) => [word, 10 * (index + 2)])
)
tens.set("fourty", 40)
const scales = new Map<string, number>([
  ["thousand", 1e3],
  ["million", 1e6],
  ["billion", 1e9],
  ["trillion", 1e12]
])
const denominators = new Map<string, number>([
  ["half", 2],
  ["third", 3],
  ["quarter", 4],
  ["fourth", 4],
  ["fifth", 5],
  ["sixth", 6],
  ["seventh", 7],
  ["eighth", 8],
  ["ninth", 9],
  ["tenth", 10],
  ["eleventh", 11],
  ["twelfth", 12],
  ["twentieth", 20],
  ["hundredth", 100],
  ["thousandth", 1000]
])
const denominatorOf = (word: string): number | undefined =>
  word === "halves" ? 2 : (denominators.get(word) ?? denominators.get(word.replace(/s$/, "")))

interface Word {
  readonly word: string
  readonly from: number
  readonly to: number
}

/** Words run together: "sixtyfour", "onehundred". */
const parts = [...small.keys(), ...tens.keys(), ...scales.keys(), "hundred"].toSorted(
  (left, right) => right.length - left.length
)
const unglue = (word: string): ReadonlyArray<string> | undefined => {
  if (word === "") return []
  for (const part of parts) {
    if (!word.startsWith(part)) continue
    const rest = unglue(word.slice(part.length))
    if (rest !== undefined) return [part, ...rest]
  }
  return undefined
}

const isNumberWord = (word: string): boolean =>
  small.has(word) || tens.has(word) || scales.has(word) || word === "hundred" || word === "dozen"

/** A whole number from the beginning of a list of words: its value and how many words it takes. */
const readWhole = (words: ReadonlyArray<string>): readonly [value: number, taken: number] => {
  let total = 0
  let group = 0
  let taken = 0
  // what may still follow inside the group: below 100, below 10, or a scale only
  let room = 1000
  let largest = Number.POSITIVE_INFINITY
  let any = false
  while (taken < words.length) {
    const word = words[taken] ?? ""
    const unit = small.get(word)
    const ten = tens.get(word)
    const scale = scales.get(word)
    const next = words[taken + 1] ?? ""
    if (
      word === "and" &&
      any &&
      (small.has(next) || tens.has(next)) &&
      (room === 100 || room === 10 || (group === 0 && total > 0))
    ) {
      taken += 1
      continue
    }
    if (unit !== undefined && (unit < 10 ? room >= 10 : room >= 100) && !(unit === 0 && any)) {
      group += unit
      room = 1
    } else if (ten !== undefined && room >= 100) {
      group += ten
      room = 10
    } else if (word === "hundred" && group > 0 && group < 100 && room < 100) {
      group *= 100
      room = 100
    } else if (word === "hundred" && !any) {
      group = 100
      room = 100
    } else if (word === "dozen") {
      group = (any ? group : 1) * 12
      room = 0
    } else if (scale !== undefined && scale < largest && (group > 0 || !any)) {
      total += (group === 0 ? 1 : group) * scale
      largest = scale
      group = 0
      room = 1000
    } else break
    any = true
    taken += 1
  }
  return [total + group, any ? taken : 0]
}

/** What a run of words stands for, as a numeral, and how many words it takes. */
const readNumber = (
  words: ReadonlyArray<string>
): readonly [numeral: string, taken: number] | undefined => {
  const negative = words[0] === "minus" || words[0] === "negative" ? 1 : 0
  const article = words[negative] === "a" || words[negative] === "an" ? 1 : 0
  const start = negative + article
  const sign = negative === 1 ? "-" : ""
  const [value, whole] = readWhole(words.slice(start))
  if (article === 1 && !["hundred", "dozen", ...scales.keys()].includes(words[start] ?? "")) {
    return undefined
  }
  if (whole === 0) return undefined
  let taken = start + whole
  if (words[taken] === "point") {
    let digits = ""
    for (let at = taken + 1; ; at += 1) {
      const digit = small.get(words[at] ?? "")
      if (digit === undefined || digit > 9) break
      digits += digit
    }
    if (digits !== "") return [`${sign}${value}.${digits}`, taken + 1 + digits.length]
  }
  const denominator = denominatorOf(words[taken] ?? "")
  if (denominator !== undefined && value > 0) return [`${sign}${value}/${denominator}`, taken + 1]
  // "three and a half", "two and two thirds"
  if (words[taken] === "and") {
    const one = words[taken + 1] === "a" || words[taken + 1] === "one"
    const numerator = one ? 1 : small.get(words[taken + 1] ?? "")
    const below = denominatorOf(words[taken + 2] ?? "")
    if (numerator !== undefined && below !== undefined) {
      return [`${sign}${value * below + numerator}/${below}`, taken + 3]
    }
  }
  return [`${sign}${value}`, taken]
}

/** Where "one", "half" and the like stand for a value: after a verb that gives one, before a stop. */
const givesValue =
  /(?:\b(?:is|are|be|equals?|answer|result|get|gives?|makes?|exactly|say|write)|[=:])\s*$/i

/**
 * Writes number words as numerals, up to the trillions, with decimals ("six point four") and fractions
 * ("two thirds", "three and a half"). A lone "one" (mostly a pronoun), and a lone "half", "third" or
 * "quarter", only where the words around give a value ("the answer is one.").
 */
export const numberWordsToNumerals = (original: string): string => {
  const text = original.replaceAll(/(\d+)\s+dozens?\b/gi, (_all, count: string) =>
    String(12 * Number(count))
  )
  const words: Array<Word> = []
  for (const match of text.matchAll(/[a-z]+/gi)) {
    const lower = match[0].toLowerCase()
    const glued = isNumberWord(lower) || lower.length < 6 ? undefined : unglue(lower)
    const from = match.index
    const to = from + match[0].length
    for (const word of glued ?? [lower]) words.push({ word, from, to })
  }
  let out = ""
  let copied = 0
  for (let at = 0; at < words.length;) {
    // a run: words with nothing but spaces, hyphens and at most one comma between them
    let end = at + 1
    while (
      end < words.length &&
      end - at < 40 &&
      /^(?:|\s+|\s*-\s*|,\s*|\s*\.{2,}\s*)$/.test(
        text.slice(words[end - 1]?.to, words[end]?.from) || ""
      )
    ) {
      end += 1
    }
    const run = words.slice(at, end)
    const first = run[0]
    const read = readNumber(run.map(({ word }) => word))
    const lone = first === undefined ? undefined : denominators.get(first.word)
    const taken = read?.[1] ?? (lone === undefined ? 0 : 1)
    const last = run[taken - 1]
    if (first === undefined || last === undefined) {
      at += 1
      continue
    }
    const isPronoun = taken === 1 && (first.word === "one" || read === undefined)
    const isStated =
      givesValue.test(text.slice(Math.max(0, first.from - 20), first.from)) &&
      /^\s*(?:$|[.,;:!?)\]}"'$*])/.test(text.slice(last.to))
    if (isPronoun && (!isStated || (read === undefined && lone !== 2 && lone !== 4))) {
      at += 1
      continue
    }
    // a comma inside a number is rare: "six, four" are two
    out += text.slice(copied, first.from) + (read?.[0] ?? `1/${lone}`)
    copied = last.to
    at += taken
  }
  return out + text.slice(copied)
}
