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
  failed: {
    title: "dialogues broken off",
    explanation: "Dialogues that a failure of a party ended; left out of every other number.",
    unit: "rate",
    better: "lower"
  }
}

const counted = (name: string): Entry | undefined => {
  const match = /^(success|fix)@(\d+)$/.exec(name)
  if (match === null) return undefined
  const turns = match[2] ?? ""
  return match[1] === "success"
    ? {
        title: name,
        explanation:
          turns === "1"
            ? "Dialogues whose first turn was right."
            : `Dialogues that were right within ${turns} turns.`,
        unit: "rate",
        better: "higher"
      }
    : {
        title: `P(right at t+1 | wrong), t<${turns}`,
        explanation: `P(correct at t+1 | wrong at t), only inside the first ${turns} turns.`,
        unit: "rate",
        better: "higher"
      }
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
