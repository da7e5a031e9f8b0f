/** Cutting a word problem into its question and the facts before it; rules of English only. */

const abbreviations =
  /(?:^|[\s("'])(?:mr|mrs|ms|dr|prof|st|jr|sr|vs|no|approx|etc|lbs?|oz|ft|in|e\.g|i\.e|a\.m|p\.m|u\.s|[A-Z])\.["')\]]?$/i

const quantity =
  /\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million|dozens?|half|halves|twice|thrice|double|triple|thirds?|quarters?|fourths?|fifths?|tenths?|percent|same|equal|equally|as many|as much)\b/i

const asks =
  "how|what|which|who|where|when will|find|calculate|determine|compute|at what|in how|for how|by how|on what|to what|in what"

const startsAsking = new RegExp(`^(?:and |so |then |now,? )?(?:${asks})\\b`, "i")

const later = new RegExp(`, (?:and |then |so )*(?:${asks})\\b`, "i")

/** `If …, calculate …` */
const asksLate = (sentence: string): boolean => later.test(sentence)

const capital = (text: string): string =>
  text.replace(/^["'(]*[a-z]/, (letter) => letter.toUpperCase())

const closed = (text: string): string => {
  const bare = text.trim().replace(/[,;:]+$/, "")
  return capital(/[.!?]["')\]]*$/.test(bare) ? bare : `${bare}.`)
}

/** Sentences in order; a full stop after an abbreviation ends none. */
const sentences = (text: string): ReadonlyArray<string> => {
  const found: Array<string> = []
  // a stop after a blank, as some data sets write it, always ends a sentence
  const marked = text.replaceAll(/\s+/g, " ").replaceAll(/ ([.!?])(?= |$)/g, "$1\u0000")
  for (const piece of marked.split("\u0000")) {
    let rest = piece.trim()
    for (const { 0: stop, index } of piece
      .trim()
      .matchAll(/[.!?]["')\]”]*\s+(?=["'(“[]*[A-Z\d$£€])/g)) {
      const end = index + stop.trimEnd().length - (piece.trim().length - rest.length)
      const head = rest.slice(0, end)
      if (abbreviations.test(head)) continue
      found.push(head.trim())
      rest = rest.slice(end).trimStart()
    }
    if (rest !== "") found.push(rest)
  }
  return found
}

const verb =
  "(?:is|are|was|were|has|have|had|will|can|does|did|do|costs?|sells?|sold|needs?|takes?|took|gives?|gave|makes?|made|gets?|got|contains?|holds?|held|pays?|paid|eats?|ate|buys?|bought|weighs?|wants?|lasts?|spends?|spent|earns?|uses?|finds?|found|loses?|lost|puts?|leaves?|left|sees?|saw|reads?|runs?|ran|works?|grows?|grew|\\w{2,}ed)"

// a subject of its own and a verb: not the last element of a list
const joint = new RegExp(
  `(?:; (?:and |but )?|, (?:and|but|while|then|so) )(?=(?:(?:he|she|it|they|we|I|you) |[A-Z][a-z]+ (?:\\w+ )?${verb}\\b|(?:there|the|each|every|all|both|his|her|its|their|my|our|another) (?:[\\w'-]+ ){0,4}${verb}\\b))`,
  "g"
)

/** A sentence cut where both sides say something about quantities, the right one with a subject. */
const clauses = (sentence: string): ReadonlyArray<string> => {
  for (const { 0: words, index } of sentence.matchAll(joint)) {
    const left = sentence.slice(0, index)
    const right = sentence.slice(index + words.length)
    if (quantity.test(left) && quantity.test(right) && !/^if\b/i.test(left)) {
      return [closed(left), ...clauses(closed(right))]
    }
  }
  return [closed(sentence)]
}

/** The question without the condition that it says, and this condition. */
const splitQuestion = (question: string): { question: string; facts: ReadonlyArray<string> } => {
  const [, before, asked] =
    new RegExp(`^(.*?),\\s+(?:and |then |so )*((?:${asks})\\b.*)$`, "i").exec(question) ?? []
  if (before !== undefined && asked !== undefined && quantity.test(before)) {
    const fact = before.replace(
      /^(?:and |so |now,? )?(?:if|assuming(?: that)?|given that|suppose(?: that)?|since) /i,
      ""
    )
    // "when" and "after" do not stand alone
    if (!/^(?:when|after|before|while|with|by|in|on|at|for|to|during|once|until|as) /i.test(fact)) {
      return { question: capital(asked), facts: clauses(closed(fact)) }
    }
  }
  const [, first, condition] =
    /^(.+?),? (?:if|given that|assuming(?: that)?|provided that) (.+?)\?$/i.exec(question) ?? []
  if (
    first !== undefined &&
    condition !== undefined &&
    startsAsking.test(first) &&
    quantity.test(condition)
  ) {
    return { question: `${capital(first)}?`, facts: clauses(closed(condition)) }
  }
  return { question: capital(question), facts: [] }
}

/** The question, and the facts in order; `undefined` when no sentence asks or none tells. */
export const splitStatement = (
  statement: string
): { readonly question: string; readonly facts: ReadonlyArray<string> } | undefined => {
  const all = sentences(statement)
  const marked = all.findLastIndex((sentence) => sentence.includes("?"))
  const starts = all.findLastIndex((sentence) => startsAsking.test(sentence))
  const place = marked >= 0 ? marked : starts >= 0 ? starts : all.findLastIndex(asksLate)
  const asked = all[place]
  if (asked === undefined) return undefined
  const { facts: conditions, question } = splitQuestion(asked)
  const told = [
    ...all.slice(0, place).flatMap(clauses),
    ...conditions,
    ...all.slice(place + 1).flatMap(clauses)
  ]
  const facts: Array<string> = []
  let waiting = ""
  // what tells no quantity introduces the next fact
  for (const fact of told) {
    const whole = waiting === "" ? fact : `${waiting} ${fact}`
    if (quantity.test(fact)) facts.push(whole)
    waiting = quantity.test(fact) ? "" : whole
  }
  const last = facts.pop()
  if (last === undefined) return undefined
  return { question, facts: [...facts, waiting === "" ? last : `${last} ${waiting}`] }
}
