/** What a question must not tell. */
import type { DialogueState } from "@sml/env-pomdp"
import { decodeKnowledge, leaks, leaksPiecewise } from "@sml/teacher-verifiers/nano"
import { LeakGuard } from "@sml/teacher-verifiers/teacher"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"

/** Keys of a knowledge whose values say what kind of task it is, and nothing about this one. */
const structural: ReadonlySet<string> = new Set(["kind", "language", "entry", "fn", "op"])

/** Words of any question: they tell nothing, wherever else they stand. */
const ordinary: ReadonlySet<string> = new Set(
  (
    "a about am an and any are as at be but by can could did do does for from get give given had has " +
    "have help how i if in is it its like look made make may me might mistake more most much must my " +
    "need no not of off on or other part please right said say should show so some step still tell " +
    "than that the their them then there these they thing think this those to too try up use used want " +
    "was way we went were what when where which who why will with would wrong yes you your answer " +
    "attempt correct check mean missing next problem question task value"
  ).split(" ")
)

const normal = (text: string): string =>
  text
    .normalize("NFKC")
    .replaceAll(/\p{Cf}/gu, "")
    .toLowerCase()

const wordsOf = (text: string): ReadonlyArray<string> => normal(text).match(/[\p{L}\p{N}]+/gu) ?? []

/** Letters and digits alone, so that spaces and signs within a word hide nothing. */
const compact = (text: string): string => normal(text).replaceAll(/[^\p{L}\p{N}]/gu, "")

/** Shorter words stand within other words by chance. */
const hiddenLength = 5

function* privateTexts(value: unknown): Generator<string> {
  if (typeof value === "string" || typeof value === "number" || typeof value === "bigint") {
    yield String(value)
  } else if (Array.isArray(value)) {
    for (const element of value) yield* privateTexts(element)
  } else if (Predicate.isObject(value)) {
    for (const [key, element] of Object.entries(value)) {
      if (!structural.has(key)) yield* privateTexts(element)
    }
  }
}

/**
 * Whether the question holds a word (a run of letters and digits) of the task's knowledge that neither
 * the dialogue so far nor the language itself gave the student; also one that spaces, signs or
 * invisible characters cut up.
 */
const holdsPrivateWord = ({ history, task }: DialogueState, question: string): boolean => {
  const said = new Set(history.flatMap(({ text }) => wordsOf(text)))
  const secret = new Set<string>()
  for (const text of privateTexts(task.knowledge)) {
    for (const word of wordsOf(text)) {
      const isNamed = /^\p{L}$/u.test(word)
      if (!isNamed && !said.has(word) && !ordinary.has(word)) secret.add(word)
    }
  }
  if (wordsOf(question).some((word) => secret.has(word))) return true
  const joined = compact(question)
  return Array.from(secret).some((word) => word.length >= hiddenLength && joined.includes(word))
}

/** Whether the leak guard of the task's domain finds the answer in it; false where it knows none. */
const tellsAnswer = (state: DialogueState, question: string): boolean => {
  const nano = decodeKnowledge(state.task)
  if (Result.isSuccess(nano)) {
    const told = state.history.flatMap(({ role, text }) => (role === "teacher" ? [text] : []))
    return (
      leaks(nano.success, question) ||
      (!leaksPiecewise(nano.success, told) && leaksPiecewise(nano.success, [...told, question]))
    )
  }
  return Result.match(LeakGuard.leakContext(state), {
    onFailure: () => false,
    onSuccess: (context) => LeakGuard.findLeak(context, question) !== undefined
  })
}

/**
 * Whether a question would tell the student something that only the teacher knows. Two nets, of which
 * one is enough:
 *
 * - the leak guards of `@sml/teacher-verifiers`: the answer in any disguise that they know (of general
 *   tasks `LeakGuard`, of the embedded student's `leaks` and `leaksPiecewise`);
 * - any word or number of the knowledge that the public dialogue does not hold yet, but for words that
 *   every question has. It needs no idea of the task, and it is strict: a word of the worked solution
 *   is refused as well.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { reset } from "@sml/env-pomdp"
 * import { tellsPrivate } from "@sml/q-priming"
 *
 * const knowledge = { kind: "math-answer", answer: "64", solution: "Multiply the two sides." }
 * const prompt = "A board has 8 rows of 8 squares. How many squares is that?"
 * const state = reset({ id: "t", domain: "math", prompt, knowledge, missing: [] }, { horizon: 4 })
 * assert.equal(tellsPrivate(state, "Did I use the rows and squares in the right way?"), false)
 * assert.equal(tellsPrivate(state, "Is it sixty-four?"), true)
 * assert.equal(tellsPrivate(state, "Should I mul-tiply the 8 rows?"), true)
 * ```
 */
export const tellsPrivate = (state: DialogueState, question: string): boolean =>
  holdsPrivateWord(state, question) || tellsAnswer(state, question)
