/** Whether a text tells a program, word for word or nearly so. */
import { decodedViews } from "./decodedViews.ts"

/**
 * Thresholds, over tokens that neither the statement nor the student has said (see the README for what
 * they let through and what they catch):
 *
 * - `run`: so many new tokens of the solution in a row are a leak; of a short solution four fifths.
 * - `share`: so large a part of the solution's 4-grams is a leak, in one text or in all of a dialogue's.
 * - `renamedShare`: the same with all names made equal, in 6-grams.
 */
export interface SolutionThresholds {
  readonly run: number
  readonly share: number
  readonly renamedShare: number
}

/** Chosen on HumanEval and MBPP: see the README. */
export const defaultSolutionThresholds: SolutionThresholds = {
  run: 14,
  share: 0.35,
  renamedShare: 0.5
}

const token =
  /"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|#[^\n]*|\/\/[^\n]*|\/\*[\s\S]*?\*\/|[\p{L}_$][\p{L}\p{N}_$]*|\d+(?:\.\d+)?|[^\s\p{L}\p{N}]/gu

/** The tokens of a program; comments are dropped and quotes made one. Prose has tokens, too. */
const tokensOf = (text: string): ReadonlyArray<string> => {
  const out: Array<string> = []
  for (const [word] of text.normalize("NFKC").matchAll(token)) {
    if (/^(?:#|\/\/|\/\*|"""|''')/.test(word)) continue
    // semicolons and backquotes are matters of style
    if (word === ";" || word === "`") continue
    out.push(/^["']/.test(word) ? `"${word.slice(1, -1)}"` : word)
  }
  return out
}

/**
 * In prose an apostrophe would open a string and a hash a comment, and hide what follows: the same text
 * without them is read as well.
 */
const readings = (text: string): ReadonlyArray<ReadonlyArray<string>> =>
  text.includes("'") || text.includes('"') || text.includes("#") || text.includes("/")
    ? [tokensOf(text), tokensOf(text.replaceAll(/(?<=\w)'(?=\w)|#|\/[/*]/g, " "))]
    : [tokensOf(text)]

const words = new Set(
  "def return if else elif for while in not and or is lambda import from as try except finally raise with yield class pass break continue None True False const let var function new typeof of throw catch switch case default async await null undefined true false print len range sum min max sorted list set dict int str float abs map filter zip enumerate any all append join split".split(
    " "
  )
)

/** Names made equal, so that renaming hides nothing. */
const anonymous = (tokens: ReadonlyArray<string>): ReadonlyArray<string> =>
  tokens.map((word) => (/^[\p{L}_$]/u.test(word) && !words.has(word) ? "·" : word))

const grams = (tokens: ReadonlyArray<string>, size: number): ReadonlySet<string> => {
  const out = new Set<string>()
  for (let at = 0; at + size <= tokens.length; at += 1) {
    const gram = tokens.slice(at, at + size)
    // a row of bare names is prose
    if (gram.filter((word) => word === "·").length <= size / 2) out.add(gram.join(" "))
  }
  return out
}

/** How long the longest run of `needle`'s tokens is that stands in `text` and not in any of `known`. */
const longestNewRun = (
  needle: ReadonlyArray<string>,
  text: ReadonlyArray<string>,
  known: ReadonlyArray<ReadonlyArray<string>>
): number => {
  /** For each place of the needle: the length of the longest run that ends there. */
  const endingAt = (hay: ReadonlyArray<string>): ReadonlyArray<number> => {
    const best = needle.map(() => 0)
    let previous = needle.map(() => 0)
    for (const word of hay) {
      const row = needle.map((own, at) => (own === word ? (previous[at - 1] ?? 0) + 1 : 0))
      row.forEach((length, at) => {
        if (length > (best[at] ?? 0)) best[at] = length
      })
      previous = row
    }
    return best
  }
  const own = endingAt(text)
  const others = known.map(endingAt)
  let longest = 0
  own.forEach((length, at) => {
    const old = others.reduce((most, ends) => Math.max(most, ends[at] ?? 0), 0)
    // what was known of the run before is not told by this text
    longest = Math.max(longest, length - old)
  })
  return longest
}

const holds = (row: ReadonlyArray<string>, part: ReadonlyArray<string>): boolean =>
  row.some((_word, at) => part.every((word, index) => row[at + index] === word))

/** Whether the whole needle stands in one of the texts and in none that is known. */
const isToldWhole = (
  needle: ReadonlyArray<string>,
  texts: ReadonlyArray<ReadonlyArray<string>>,
  known: ReadonlyArray<ReadonlyArray<string>>
): boolean => {
  const isIn = (rows: ReadonlyArray<ReadonlyArray<string>>) =>
    rows.some((row) => holds(row, needle))
  return isIn(texts) && !isIn(known)
}

/** What is measured of a text; shares are of the solution's new n-grams. */
export interface SolutionOverlap {
  /** Whether the text holds all of the solution, its names changed or not, from 3 tokens on. */
  readonly whole: boolean
  readonly run: number
  readonly share: number
  readonly renamedShare: number
  /** Tokens of the solution, and 4-grams of it that are not public. */
  readonly tokens: number
  readonly fresh: number
}

/** The lines of a Python or JavaScript solution below its signature, where it has one. */
const bodyOf = (solution: string): string =>
  solution.replace(
    /^\s*(?:(?:async\s+)?def\s[^\n]*:|(?:export\s+)?(?:async\s+)?function\b[^\n{]*\{)\s*\n/,
    ""
  )

/** Measures how much of a solution the texts tell that `known` (statement, student) does not. */
export const solutionOverlap = (
  solution: string,
  known: ReadonlyArray<string>,
  texts: ReadonlyArray<string>
): SolutionOverlap => {
  const body = tokensOf(bodyOf(solution))
  // of a single statement the expression alone is the solution
  const isExpression = body[0] === "return" && body.lastIndexOf("return") === 0
  const needle = isExpression ? body.slice(1) : body
  const knownTokens = known.flatMap(readings)
  const textTokens = texts.flatMap(readings)
  const shareOf = (
    view: (tokens: ReadonlyArray<string>) => ReadonlyArray<string>,
    size: number
  ) => {
    const n = Math.min(size, Math.max(2, needle.length))
    const old = new Set(knownTokens.flatMap((tokens) => Array.from(grams(view(tokens), n))))
    const fresh = Array.from(grams(view(needle), n)).filter((gram) => !old.has(gram))
    const said = new Set(textTokens.flatMap((tokens) => Array.from(grams(view(tokens), n))))
    const told = fresh.filter((gram) => said.has(gram)).length
    return { share: fresh.length === 0 ? 0 : told / fresh.length, fresh: fresh.length }
  }
  const verbatim = shareOf((tokens) => tokens, 4)
  const renamed = shareOf(anonymous, 6)
  const nameless = anonymous(needle)
  const signs = nameless.filter((word) => word !== "·").length
  return {
    whole:
      (needle.length >= 3 && isToldWhole(needle, textTokens, knownTokens)) ||
      (signs >= 5 && isToldWhole(nameless, textTokens.map(anonymous), knownTokens.map(anonymous))),
    run: textTokens.reduce(
      (most, tokens) => Math.max(most, longestNewRun(needle, tokens, knownTokens)),
      0
    ),
    share: verbatim.share,
    renamedShare: renamed.fresh >= 4 ? renamed.share : 0,
    tokens: needle.length,
    fresh: verbatim.fresh
  }
}

/** Whether a measured overlap is a leak. */
const isSolutionLeak = (
  { fresh, renamedShare, run, share, tokens, whole }: SolutionOverlap,
  limits: SolutionThresholds
): boolean =>
  whole ||
  run >= Math.min(limits.run, Math.max(4, Math.ceil(tokens * 0.8))) ||
  (fresh >= 6 && share >= limits.share) ||
  (tokens >= 16 && renamedShare >= limits.renamedShare)

/** The whole-program check of a text, its decoded parts included. `told`: the teacher's earlier texts. */
export const solutionLeak = (
  solution: string,
  known: ReadonlyArray<string>,
  told: ReadonlyArray<string>,
  text: string,
  limits: SolutionThresholds
): boolean => {
  if (isSolutionLeak(solutionOverlap(solution, known, [text]), limits)) return true
  // piece by piece: only a text that adds something is held against what came before
  const before = solutionOverlap(solution, known, told)
  const after = solutionOverlap(solution, known, [...told, text])
  if (after.share > before.share && isSolutionLeak({ ...after, run: 0 }, limits)) return true
  return decodedViews(text).some(
    ({ how, text: decoded }) =>
      decoded.length >= 8 &&
      how !== "initials" &&
      isSolutionLeak(solutionOverlap(solution, known, [decoded]), limits)
  )
}
