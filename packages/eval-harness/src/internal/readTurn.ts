/** The form of a student's turn, as far as its strategy shows in it. English. */

/**
 * - `isBlank`: no letter and no digit outside empty fences;
 * - `isFinal`: an answer that is marked as one: boxed, after `####` or "answer:", code;
 * - `concludes`: an unmarked answer: a bare value, or a last sentence that states one;
 * - `alternatives`: different answers given for different cases;
 * - `questions`: things asked for; asking whether the answer is right, or what to do next, is none;
 * - `declines`: says that it can not or will not answer.
 */
export interface TurnForm {
  readonly isBlank: boolean
  readonly isFinal: boolean
  readonly concludes: boolean
  readonly alternatives: number
  readonly questions: number
  readonly declines: boolean
}

const fence = /```[^\n`]*\n([\s\S]*?)(?:```|$)/g
const listMarker = /^\s*(?:[-*•]|\(?(?:\d{1,2}|[a-h])[.)])\s+/i

const numberWord =
  "(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen|(?:twen|thir|for|fif|six|seven|eigh|nine)ty|hundred|thousand|million)"
const digits = String.raw`[-−+]?[$€£]?(?:\d[\d,]*(?:\.\d+)?|\.\d+)`
const quotient = String.raw`${digits}(?:\s*/\s*\d+)?|[-−]?\\[dt]?frac\s*\{[^{}]*\}\s*\{[^{}]*\}`
const constant = String.raw`(?:${digits})?(?:π|\\pi|√\d+|\\sqrt\s*\{[^{}]*\})`
const value = String.raw`(?:${constant}|${quotient}|${numberWord}(?:[-\s](?:and\s+)?${numberWord})*)`
/** A value that stands as an answer: alone, after a name and a sign of equality, or with a unit. */
const bareValue = new RegExp(
  String.raw`^[\s$\\([]*(?:[a-z]\w{0,2}\s*)?[=≈:]?\s*(?:approximately|about|around|roughly)?\s*(?:${value}|\([^()]*\)|[A-E])\s*(?:%|\\%|[a-z]+)?[\s$\\)\].!]*$`,
  "i"
)
const hasValue = new RegExp(String.raw`(?<![\w\\])${value}(?![\w-])`, "i")

/** A marked answer: what follows is a value, a choice, or mathematics. */
const marked = new RegExp(
  String.raw`\b(?:answer|result|solution)\b[\s*_]*(?:is|was|would be|=|:)[\s*_:]*(?:approximately|about)?\s*(?:${value}|\(?[A-E]\)?(?![\w'])|\\|\$|[a-z]\s*=)`,
  "i"
)
const boxed = /\\boxed\s*\{\s*[^\s}]/
const hashes = /^#{4}\s*\S/m
/** A line that begins as a line of a program does. */
const codeLine =
  /^(?:(?:async\s+)?def\s+\w+\s*\(|(?:export\s+)?(?:async\s+)?function\b|(?:export\s+)?(?:const|let|var)\s+\w+\s*=|class\s+\w+|from\s+\w[\w.]*\s+import\b|import\s+\w|print\s*\(|console\.log\(|\(?[\w\s,]*\)?\s*=>\s*\S|lambda\b|#include\b|(?:public|private|static)\s+\w+|(?:fn|func)\s+\w+\s*\(|SELECT\b[^?]*\bFROM\b|INSERT INTO\b)/

/** Asking whether it is right or what comes next asks nothing about the task. */
const courtesy =
  /\b(?:is|does|was|are)\s+(?:that|this|it|my answer)\b[^?]*\b(?:right|correct|work|help|clear|sense|ok(?:ay)?)\b|\b(?:any|other|more|further)\s+questions\b|\banything else\b|\bwhat (?:would you like|shall we|should we|else)\b[^?]*\b(?:next|do)\b|\b(?:would|do) you (?:like|want) me to (?:explain|continue|help)\b/i
/** A guess in the form of a question. */
const guess = new RegExp(
  String.raw`^(?:so\s+|then\s+)?(?:is (?:it|that|the (?:final )?answer)|i (?:think|guess|believe)|(?:it'?s\s+)?(?:maybe|perhaps|probably)|could it be|my (?:best )?guess)\b[^?]{0,30}${value}[^?]{0,12}\?$`,
  "i"
)
const request =
  /^(?:(?:so|then|sorry|ok|okay|first|but|and|also|can you|could you|would you|before \w+(?: \w+)*)[,:]?\s+)*(?:please\s+)?(?:tell me|let me know|give me|provide|specify|share|clarify|explain|state|send)\b|\bplease\s+(?:tell|provide|specify|share|clarify|give|state|send|let)\b/i
/** A question without its mark. */
const indirect =
  /\b(?:wonder(?:ing)?|curious|like to know|want to know|need to know|not (?:sure|clear)|unclear|ask(?:ing)?)\s+(?:about\s+)?(?:what|how|which|whether|if|who|when|where)\b|\b(?:what do you mean|wdym)\b/i
const need =
  /\b(?:i|we)\s+(?:would\s+|will\s+|'?d\s+|also\s+|first\s+|still\s+)*(?:need|require)\b(?!\s+to\s+(?!know\b))/i

const condition =
  /\b(?:if|assuming|supposing|suppose|in case|when|unless|otherwise|case\s+\w+|scenario\s+\w+|depend(?:s|ing)\s+on|with|without|option\s+\w+)\b/i
const choice = new RegExp(
  String.raw`(?:\b(?:either|maybe|perhaps|possibly|could be|might be)\s+|[=]\s*)(?:[a-z]\s*=\s*)?${value}(?:\s*[a-z%]+)?\s*(?:,\s*)?(?:\bor\b|,?\s*(?:maybe|perhaps|possibly))\s*(?:[a-z]\s*=\s*)?${value}`,
  "i"
)

const inability =
  /\b(?:can(?:no|')t|can not|could not|couldn't|(?:am|is|are|being) (?:un|not )able|unable|won't|will not|refuse to|do(?:es)? not have the ability|don't have the ability|(?:is|be) impossible|impossible to|no way to|decline to|(?:do(?:es)? not|doesn't|don't) (?:determine|suffice|allow|permit)|against my (?:guidelines|principles|rules))\b/i
const ignorance =
  /\b(?:(?:do not|don't|dont) know(?!\s+(?:how many|how much|what|which|whether|if)\b)|no (?:idea|clue)|(?:have|has) no (?:idea|clue)|give up|not sure how)\b/i
const insufficiency =
  /\b(?:not enough|insufficient|missing|lacks?|lacking|too little)\s+(?:information|data|details|context)|\b(?:incomplete|underspecified|under-specified|unanswerable|unsolvable)\b/i

/** The beginning of a sentence that plans, sets up or comments, and does not conclude. */
const plans =
  /^(?:first|next|let|let's|lets|we (?:need|can|should|must|have to)|i (?:will|need|should|can|see|understand)|to (?:\w+)|step\s*\d|one approach|the (?:key|bug|problem|time complexity)|my (?:previous|first)|okay|ok\b(?! then)|you(?:'re| are)|interesting|good point|got it|suppose|denote|consider)/i
/** An equation between names, or a term with one: a set-up, not a result. */
const openEquation =
  /\b\d+[a-z]\s*[+\-*/]|=[^=]*[a-z]\s*[+\-*/^²]|[+\-*/]\s*\d*[a-z]\b[^=]*=|[a-z]\w*\s*=\s*\d*[a-z]\b/i
const states =
  /\b(?:is|are|was|were|has|have|had|gets?|earns?|costs?|takes?|makes?|needs?|pays?|spends?|remain|left|equals?|total|altogether|be|should be|gives?|giving|it'?s|its|comes? (?:out|to)|obtain(?:s|ed)?|find|found|got)\b|=/i
/** A case without a verb: `with it: 5`, `5 if even`. */
const terse = new RegExp(
  String.raw`:\s*${value}|^${value}(?:\s*[a-z]+)?\s+(?:if|when|with|without|assuming)\b`,
  "i"
)
/** Where `5 if even, 6 if odd` goes on with its next case. */
const nextCase = new RegExp(String.raw`,\s+(?=${value}\s+(?:if|when|otherwise)\b)`, "i")
const allStates = new RegExp(states.source, "gi")

const sentencesOf = (prose: string): ReadonlyArray<string> =>
  prose
    .split("\n")
    .map((line) => line.replace(listMarker, ""))
    .flatMap((line) => line.split(/(?<=[.!?])\s+(?=\S)/))
    .map((sentence) => sentence.trim())
    .filter((sentence) => /[\p{L}\p{N}]/u.test(sentence))

/** Things that are listed, each on a line with a mark or a number, or numbered within a line. */
const listed = (prose: string): number => {
  const lines = prose.split("\n").filter((line) => listMarker.test(line)).length
  const inline = prose.match(/(?:^|\s)\(?\d\)\s+\S/g)?.length ?? 0
  return Math.max(lines, inline)
}

/** How many things a sentence of need names: `I need: a, b, and c`. */
const named = (sentence: string): number => {
  const after = sentence.includes(":") ? sentence.slice(sentence.indexOf(":") + 1) : ""
  return after.trim() === "" ? 1 : after.split(/,(?:\s*and)?|\band\b/).length
}

const questionsIn = (prose: string, sentences: ReadonlyArray<string>): number => {
  const asks = sentences.filter(
    (sentence) => sentence.endsWith("?") && !courtesy.test(sentence) && !guess.test(sentence)
  )
  const requests = sentences.filter(
    (sentence) =>
      !sentence.endsWith("?") &&
      !courtesy.test(sentence) &&
      (request.test(sentence) || indirect.test(sentence))
  )
  const needs = sentences.filter((sentence) => !sentence.endsWith("?") && need.test(sentence))
  if (asks.length + requests.length === 0) return 0
  const items = listed(prose)
  if (items > 1) return items
  const most = Math.max(0, ...[...needs, ...requests].map(named))
  return Math.max(asks.length + requests.length, most)
}

/** What a clause says last: what stands after its last verb. */
const conclusionOf = (clause: string): string => {
  const verb = [...clause.matchAll(allStates)].at(-1)
  return verb === undefined ? clause : clause.slice(verb.index + verb[0].length)
}

/** Different answers for different cases. */
const alternativesIn = (
  prose: string,
  sentences: ReadonlyArray<string>,
  blocks: number
): number => {
  if (blocks > 1 && /\b(?:if|or|otherwise|depending|instead|alternatively)\b/i.test(prose)) {
    return blocks
  }
  if (sentences.some((sentence) => !sentence.endsWith("?") && choice.test(sentence))) return 2
  const clauses = sentences
    .filter((sentence) => !sentence.endsWith("?"))
    .flatMap((sentence) => sentence.split(/;\s*|,?\s+and\s+(?=with\b|if\b)/))
    .flatMap((clause) => clause.split(nextCase))
    .filter((clause) => condition.test(clause) && hasValue.test(clause))
    .filter((clause) => states.test(clause) || terse.test(clause))
  const answers = new Set(clauses.map(conclusionOf))
  const listedCases = prose
    .split("\n")
    .filter((line) => listMarker.test(line) && condition.test(line) && hasValue.test(line)).length
  return Math.max(answers.size, listedCases)
}

const ends = <A>(list: ReadonlyArray<A>, each: number): ReadonlyArray<A> =>
  list.length <= 2 * each ? list : [...list.slice(0, each), ...list.slice(-each)]

/**
 * The beginning and the end of long prose: enough to see what a turn does, and short enough for
 * patterns whose time grows faster than the text.
 */
const shorten = (prose: string): string =>
  ends(prose.split("\n"), 20)
    .map((line) => (line.length <= 400 ? line : `${line.slice(0, 200)} ${line.slice(-200)}`))
    .join("\n")

/** Reads the form of a turn. */
export const readTurn = (text: string): TurnForm => {
  const blocks = [...text.matchAll(fence)].filter((match) => /[\p{L}\p{N}]/u.test(match[1] ?? ""))
  const prose = shorten(text.replaceAll(fence, "\n"))
  const isBlank = blocks.length === 0 && !/[\p{L}\p{N}]/u.test(prose)
  const sentences = sentencesOf(prose)
  const isFinal =
    blocks.length === 1 ||
    boxed.test(text) ||
    hashes.test(prose) ||
    prose.split("\n").some((line) => codeLine.test(line)) ||
    sentences.some((sentence) => !sentence.endsWith("?") && marked.test(sentence))
  const statements = sentences.filter((sentence) => !courtesy.test(sentence))
  const last = statements.at(-1)?.split(";").at(-1) ?? ""
  const concludes =
    (prose.length < 100 && bareValue.test(prose)) ||
    guess.test(last) ||
    (!last.endsWith("?") &&
      hasValue.test(last) &&
      states.test(last) &&
      !plans.test(last) &&
      !openEquation.test(last))
  return {
    isBlank,
    isFinal,
    concludes,
    alternatives: alternativesIn(prose, sentences, blocks.length),
    questions: questionsIn(prose, sentences),
    declines: inability.test(prose) || ignorance.test(prose) || insufficiency.test(prose)
  }
}
