/** How the keys of a summary are written for people. */

/**
 * - `condition`: how the teacher behaved, `"informative"` when the key names none;
 * - `title`: a few words; `unit`: a rate is shown in per cent;
 * - `better`: which direction is good, where there is one.
 */
export interface MetricText {
  readonly condition: string
  readonly name: string
  readonly title: string
  readonly explanation: string
  readonly unit: "rate" | "number"
  readonly better?: "higher" | "lower"
}

type Entry = Omit<MetricText, "condition" | "name">

const texts: Readonly<Record<string, Entry>> = {
  fix: {
    title: "P(correct at t+1 | wrong at t)",
    explanation: "Of the wrong attempts that a further turn followed, how many it put right.",
    unit: "rate",
    better: "higher"
  },
  "fix-in-2": {
    title: "P(correct by t+2 | wrong at t)",
    explanation:
      "The same within two turns, so that a student that asks before it answers again is not wronged.",
    unit: "rate",
    better: "higher"
  },
  "turns-to-success": {
    title: "turns to success",
    explanation: "Mean turn of the first correct attempt, over the dialogues that had one.",
    unit: "number",
    better: "lower"
  },
  "attempt-rate": {
    title: "attempts per turn",
    explanation: "Student turns with an extractable answer.",
    unit: "rate"
  },
  "question-rate": {
    title: "questions per turn",
    explanation: "Student turns that ask and do not attempt.",
    unit: "rate"
  },
  questions: {
    title: "questions per dialogue",
    explanation: "Student turns that ask and do not attempt, per dialogue.",
    unit: "number"
  },
  asked: {
    title: "dialogues with a question",
    explanation: "Dialogues in which the student asked at least once.",
    unit: "rate"
  },
  "question@1": {
    title: "first turn is a question",
    explanation: "Dialogues that the student begins by asking.",
    unit: "rate"
  },
  premature: {
    title: "premature attempts / dialogue",
    explanation:
      "Attempts made before the teacher told what the statement leaves out; underspecified tasks only.",
    unit: "number",
    better: "lower"
  },
  "premature@1": {
    title: "first turn is premature",
    explanation: "Underspecified tasks that the student answers at once instead of asking.",
    unit: "rate",
    better: "lower"
  },
  repeated: {
    title: "repeated answers",
    explanation: "Later attempts that say an earlier one again, word for word.",
    unit: "rate",
    better: "lower"
  },
  success: {
    title: "success",
    explanation: "Dialogues that were right before they ended, at whichever turn.",
    unit: "rate",
    better: "higher"
  },
  "gain-per-turn": {
    title: "gain per turn",
    explanation: "Slope of success@k over the turns, by least squares (MINT).",
    unit: "rate",
    better: "higher"
  },
  uptake: {
    title: "feedback uptake",
    explanation:
      "Of the wrong attempts that feedback and another attempt followed: the next attempt does what the feedback asked (the named side of a number, the named test, or at least another answer).",
    unit: "rate",
    better: "higher"
  },
  aptitude: {
    title: "aptitude",
    explanation: "90th percentile of the scores of a task's repeats, mean over tasks.",
    unit: "rate",
    better: "higher"
  },
  unreliability: {
    title: "unreliability",
    explanation: "90th less 10th percentile of the scores of a task's repeats, mean over tasks.",
    unit: "rate",
    better: "lower"
  },
  hallucinated: {
    title: "hallucinated answers",
    explanation: "Unanswerable tasks that the first turn answers.",
    unit: "rate",
    better: "lower"
  },
  "asked@1": {
    title: "asked about what is missing",
    explanation: "Unanswerable tasks that the first turn asks about.",
    unit: "rate",
    better: "higher"
  },
  abstained: {
    title: "abstained",
    explanation:
      "Unanswerable tasks that the first turn declines, or answers case by case without choosing.",
    unit: "rate"
  },
  "held-back": {
    title: "held back though answerable",
    explanation: "Answerable tasks that the first turn asks about or declines.",
    unit: "rate",
    better: "lower"
  },
  "abstention-precision": {
    title: "precision of holding back",
    explanation: "Of the tasks asked about or declined at first, those that are unanswerable.",
    unit: "rate",
    better: "higher"
  },
  "decision-accuracy": {
    title: "right decision to answer",
    explanation:
      "First turns that answer an answerable task, or ask about or decline an unanswerable one.",
    unit: "rate",
    better: "higher"
  },
  "leak-rate": {
    title: "teacher leaks",
    explanation:
      "Replies that told the answer; of a guarded teacher those of which a draft was withheld.",
    unit: "rate",
    better: "lower"
  },
  "leak-drafts": {
    title: "withheld drafts per reply",
    explanation: "Drafts that the leak guard withheld, per reply of a guarded teacher.",
    unit: "number",
    better: "lower"
  },
  "input-tokens": {
    title: "tokens read per dialogue",
    explanation: "Tokens that the student read, each turn's whole prompt counted.",
    unit: "number"
  },
  "output-tokens": {
    title: "tokens written per dialogue",
    explanation: "Tokens that the student wrote.",
    unit: "number"
  },
  "tokens-per-success": {
    title: "tokens written per success",
    explanation: "All tokens that the student wrote, failures included, for each success.",
    unit: "number",
    better: "lower"
  },
  cost: {
    title: "cost per dialogue",
    explanation: "Money per dialogue, as the server told it or after the given prices.",
    unit: "number",
    better: "lower"
  },
  failed: {
    title: "dialogues broken off",
    explanation: "Dialogues that a failure of a party ended; left out of every other number.",
    unit: "rate",
    better: "lower"
  }
}

type Counted = (k: string) => Entry

const countedTexts: Readonly<Record<string, Counted>> = {
  "success@": (turns) => ({
    title: `success@${turns}`,
    explanation:
      turns === "1"
        ? "Dialogues whose first turn was right."
        : `Dialogues that were right within ${turns} turns.`,
    unit: "rate",
    better: "higher"
  }),
  "fix@": (turns) => ({
    title: `P(right at t+1 | wrong), t<${turns}`,
    explanation: `P(correct at t+1 | wrong at t), only inside the first ${turns} turns.`,
    unit: "rate",
    better: "higher"
  }),
  "gain@": (turn) => ({
    title: `gain@${turn}`,
    explanation: `Dialogues that were put right by turn ${turn} exactly.`,
    unit: "rate",
    better: "higher"
  }),
  "gain-after@": (turns) => ({
    title: `gain after turn ${turns}`,
    explanation: `Dialogues that were put right after turn ${turns}.`,
    unit: "rate",
    better: "higher"
  }),
  "pass@": (k) => ({
    title: `pass@${k}`,
    explanation: `Chance that one of ${k} dialogues about a task succeeds (unbiased), mean over tasks.`,
    unit: "rate",
    better: "higher"
  }),
  "pass^": (k) => ({
    title: `pass^${k}`,
    explanation: `Chance that all of ${k} dialogues about a task succeed (unbiased), mean over tasks.`,
    unit: "rate",
    better: "higher"
  }),
  "avg@": (k) => ({
    title: `avg@${k}`,
    explanation: `Share of ${k} dialogues about a task that succeed.`,
    unit: "rate",
    better: "higher"
  }),
  "turns:": (strategy) => ({
    title: `turns: ${strategy.replaceAll("_", " ")}`,
    explanation: `Student turns with the label ${strategy}.`,
    unit: "rate"
  })
}

const counted = (name: string): Entry | undefined => {
  const [, stem = "", k = ""] =
    /^([a-z-]+[@^])(\d+)$/.exec(name) ?? /^(turns:)([a-z_]+)$/.exec(name) ?? []
  return Object.hasOwn(countedTexts, stem) ? countedTexts[stem]?.(k) : undefined
}

/**
 * The text of a summary's key such as `"success@4"` or `"content-free/fix"`; a key that is not known
 * is its own title, a plain number.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { metricText } from "@sml/eval-harness"
 *
 * assert.equal(metricText("content-free/success@4").condition, "content-free")
 * assert.equal(metricText("content-free/success@4").title, "success@4")
 * ```
 */
export const metricText = (key: string): MetricText => {
  const slash = key.lastIndexOf("/")
  const condition = slash < 0 ? informative : key.slice(0, slash)
  const name = key.slice(slash + 1)
  const entry = (Object.hasOwn(texts, name) ? texts[name] : undefined) ??
    counted(name) ?? { title: name, explanation: "", unit: "number" }
  return { condition, name, ...entry }
}

/** The condition whose keys have no prefix: the teacher says what is wrong and answers questions. */
export const informative = "informative"

const conditions: Readonly<Record<string, string>> = {
  [informative]: "informative feedback",
  "content-free": "content-free feedback",
  "strict-content-free": "strictly content-free feedback",
  underspecified: "underspecified tasks"
}

/** A condition in words; one that is not known is its own title. */
export const conditionTitle = (condition: string): string =>
  (Object.hasOwn(conditions, condition) ? conditions[condition] : undefined) ?? condition

/** The key of a metric under a condition: `"success@4"`, or `"content-free/success@4"`. */
export const metricKey = (condition: string, name: string): string =>
  condition === informative ? name : `${condition}/${name}`

/** `"48.3%"` for a rate, `"1.25"` for another number. */
export const formatValue = (value: number, unit: MetricText["unit"]): string =>
  unit === "rate" ? `${(value * 100).toFixed(1)}%` : value.toFixed(2)

/** A difference: `"+12.0"` points for a rate, `"-0.25"` for another number. */
export const formatChange = (change: number, unit: MetricText["unit"]): string => {
  const text = unit === "rate" ? (change * 100).toFixed(1) : change.toFixed(2)
  return change > 0 && !text.startsWith("-") ? `+${text}` : text
}
