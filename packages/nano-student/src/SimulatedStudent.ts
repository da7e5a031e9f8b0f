/**
 * Students made of rules, whose dialogues with the scripted teacher are the corpus. They know the right
 * answer and err on purpose, so that how well they guess and how well they listen can be set.
 */
import type { DialogueState, Task, Verdict } from "@sml/env-pomdp"
import { appendStudent, appendTeacher, disclosedSoFar, isDone, reset } from "@sml/env-pomdp"
import type { Random } from "@sml/tasks"
import type { Knowledge } from "@sml/teacher-verifiers/nano"
import {
  askFor,
  askSide,
  askWhichDigit,
  codeAttempt,
  decodeKnowledge,
  evaluateLinear,
  judgeLinearProgram,
  mathAttempt,
  NanoMathVerifier,
  notSure,
  nanoReply
} from "@sml/teacher-verifiers/nano"
import * as Result from "effect/Result"

/**
 * What a student does after a wrong attempt.
 *
 * - `guess`: changes something at random.
 * - `stubborn`: mostly says the same again.
 * - `learner`: mostly does what the last reply says.
 */
export type Manner = "guess" | "stubborn" | "learner"

/** How able the simulated students are; all are probabilities. */
export interface Ability {
  /** Of a right first attempt at a math, at a code task. */
  readonly firstCorrect: { readonly math: number; readonly code: number }
  /** Of a right attempt just after a hidden or missing quantity was told. */
  readonly toldCorrect: number
  /** Of a right attempt while a piece is missing. */
  readonly blindCorrect: number
  /** That a stubborn student repeats itself. */
  readonly repeats: number
  /** That a learner does what the last reply says. */
  readonly obeys: number
  /** That a learner hits the right value where it is told a direction only. */
  readonly exact: number
  /** Of a question at a turn when everything is there, and when a piece is missing. */
  readonly asks: number
  readonly asksBlind: number
}

/** The abilities behind the committed checkpoint. */
export const defaultAbility: Ability = {
  firstCorrect: { math: 0.45, code: 0.45 },
  toldCorrect: 0.85,
  blindCorrect: 0.02,
  repeats: 0.6,
  obeys: 0.8,
  exact: 0.35,
  asks: 0.01,
  asksBlind: 0.12
}

/** Of an utterance that is neither an attempt nor a question. */
const unsure = 0.02

/** The two digits of an answer, or the constants `k` and `m` of a program. */
type Pair = readonly [number, number]

const lowest: Pair = [1, 0]
const highest = 9

const integer = (random: Random, minimum: number, maximum: number): number =>
  minimum + Math.floor(random() * (maximum - minimum + 1))

const pick = <A>(random: Random, list: readonly [A, ...ReadonlyArray<A>]): A =>
  list[integer(random, 0, list.length - 1)] ?? list[0]

const replaceDigit = (pair: Pair, position: 0 | 1, digit: number): Pair =>
  position === 0 ? [digit, pair[1]] : [pair[0], digit]

/** Another digit in range, at most 3 away. */
const nearbyDigit = (random: Random, pair: Pair, position: 0 | 1): number => {
  const digit = pair[position]
  const minimum = Math.max(lowest[position], digit - 3)
  const drawn = integer(random, minimum, Math.min(highest, digit + 3) - 1)
  return drawn < digit ? drawn : drawn + 1
}

/** One of the digits, or both, replaced by one nearby. */
const disturb = (random: Random, pair: Pair): Pair => {
  const which = pick(random, ["first", "second", "both"])
  const first = which === "second" ? pair : replaceDigit(pair, 0, nearbyDigit(random, pair, 0))
  return which === "first" ? first : replaceDigit(first, 1, nearbyDigit(random, first, 1))
}

/** A digit on the stated side, at most 4 away; the same one at the end of the range. */
const movedDigit = (random: Random, pair: Pair, position: 0 | 1, side: string): number => {
  const digit = pair[position]
  return side === "low"
    ? Math.min(highest, digit + integer(random, 1, Math.max(1, Math.min(4, highest - digit))))
    : Math.max(
        lowest[position],
        digit - integer(random, 1, Math.max(1, Math.min(4, digit - lowest[position])))
      )
}

const positions = [
  ["first", 0],
  ["second", 1]
] as const

/** What an obeying learner says after `reply`, or `undefined` when the reply gives no direction. */
const obey = (
  random: Random,
  knowledge: Knowledge,
  exact: number,
  { last, reply, right }: { readonly last: Pair; readonly reply: string; readonly right: Pair }
): Pair | undefined => {
  const both = reply.endsWith("both .")
  let pair = last
  for (const [name, position] of positions) {
    const side = new RegExp(`the ${name} digit is (right|too low|too high) \\.`).exec(reply)?.[1]
    const other = position === 0 ? 1 : 0
    if (both || reply.endsWith(`the ${name} digit .`)) {
      const digit = random() < exact ? right[position] : nearbyDigit(random, last, position)
      pair = replaceDigit(pair, position, digit)
    } else if (side === "right" && !/too (low|high)/.test(reply)) {
      const digit = random() < exact ? right[other] : nearbyDigit(random, last, other)
      pair = replaceDigit(pair, other, digit)
    } else if (side !== undefined && side !== "right") {
      const digit =
        random() < exact ? right[position] : movedDigit(random, last, position, side.slice(4))
      pair = replaceDigit(pair, position, digit)
    }
  }
  if (pair !== last || both || reply.includes("digit")) return pair
  const whole = /it is too (low|high) \./.exec(reply)?.[1]
  if (knowledge.kind === "math" && whole !== undefined) {
    if (random() < exact) return right
    const value = last[0] * 10 + last[1] + (whole === "low" ? 1 : -1) * integer(random, 1, 9)
    const bounded = Math.min(99, Math.max(10, value))
    return [Math.floor(bounded / 10), bounded % 10]
  }
  const point = /f \( ([\d ]+) \) should be ([-\d ]+?) (?:but|\.)/.exec(reply)
  if (knowledge.kind === "code" && point !== null) {
    if (random() < exact) return right
    const [x, value] = [point[1], point[2]].map((text) => Number(text?.replaceAll(" ", "")))
    const fitting: Array<Pair> = []
    for (let k = Math.max(1, last[0] - 3); k <= Math.min(highest, last[0] + 3); k++) {
      for (let m = 0; m <= highest; m++) {
        if (evaluateLinear({ k, m, op: knowledge.op }, x ?? 0) === value) fitting.push([k, m])
      }
    }
    return fitting[integer(random, 0, fitting.length - 1)]
  }
  return undefined
}

const rightPair = (knowledge: Knowledge): Pair =>
  knowledge.kind === "math"
    ? [Math.floor(knowledge.answer / 10), knowledge.answer % 10]
    : [knowledge.k, knowledge.m]

/** The words of an attempt, and what the verifier says about it. */
const attempt = (
  knowledge: Knowledge,
  [first, second]: Pair
): { readonly text: string; readonly verdict: Verdict } => {
  if (knowledge.kind === "math") {
    const text = mathAttempt(first * 10 + second)
    return { text, verdict: NanoMathVerifier.judge(knowledge.answer, text) }
  }
  const program = { k: first, m: second, op: knowledge.op }
  return { text: codeAttempt(program), verdict: judgeLinearProgram(knowledge, program) }
}

const question = (random: Random, knowledge: Knowledge, attempted: boolean): string => {
  const name = knowledge.kind === "math" ? "b" : pick(random, ["k", "m"])
  const choice = random()
  if (!attempted || choice < 0.7) {
    // asking for the answer itself is refused
    return choice < 0.04 && knowledge.kind === "math" ? askFor("c") : askFor(name)
  }
  return choice < 0.85 ? askWhichDigit : askSide(pick(random, ["low", "high"]))
}

/** Whom to simulate, and for how long. */
export interface SimulateOptions {
  readonly manner: Manner
  /** Largest number of student turns. */
  readonly horizon: number
  readonly ability?: Ability
}

/**
 * Plays one dialogue of a simulated student with the informative scripted teacher, to its end.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { isDone, uniformStream } from "@sml/env-pomdp"
 * import { simulateDialogue } from "@sml/nano-student"
 * import { generateTask } from "@sml/tasks"
 *
 * const random = uniformStream(3)
 * const task = generateTask(random, { domain: "math", split: "train" })
 * const state = simulateDialogue(task, random, { manner: "learner", horizon: 10 })
 * assert.ok(isDone(state))
 * ```
 */
export const simulateDialogue = (
  task: Task,
  random: Random,
  { ability = defaultAbility, horizon, manner }: SimulateOptions
): DialogueState => {
  const knowledge = Result.getOrThrow(decodeKnowledge(task))
  const right = rightPair(knowledge)
  let state = reset(task, { horizon, seed: integer(random, 0, 0xffffffff) })
  let last: Pair | undefined
  let told = false

  const next = (): Pair => {
    const reply = state.history.at(-1)?.text ?? ""
    const blind = task.missing.some((name) => !disclosedSoFar(state).has(name))
    const justTold = /^[bkm] is \d/.test(reply)
    const correct = blind
      ? ability.blindCorrect
      : justTold
        ? ability.toldCorrect
        : ability.firstCorrect[knowledge.kind]
    if (last === undefined || justTold) {
      if (random() < correct) return right
      return last ?? disturb(random, right)
    }
    if (manner === "stubborn" && random() < ability.repeats) return last
    if (manner === "learner" && random() < ability.obeys) {
      const obeyed = obey(random, knowledge, ability.exact, { last, reply, right })
      if (obeyed !== undefined) return obeyed
    }
    if (random() >= 0.75) return disturb(random, right)
    const position = random() < 0.5 ? 0 : 1
    return replaceDigit(last, position, nearbyDigit(random, last, position))
  }

  while (!isDone(state)) {
    const blind = task.missing.some((name) => !disclosedSoFar(state).has(name))
    const asks = (blind ? ability.asksBlind : ability.asks) * (manner === "stubborn" ? 0.5 : 1)
    if (!told && random() < asks) {
      const text = question(random, knowledge, last !== undefined)
      state = appendStudent(state, { text }, { _tag: "NoAttempt" })
      told = text === askFor("b") || text === askFor("k") || text === askFor("m")
    } else if (random() < unsure) {
      state = appendStudent(state, { text: notSure }, { _tag: "NoAttempt" })
    } else {
      last = next()
      const { text, verdict } = attempt(knowledge, last)
      state = appendStudent(state, { text }, verdict)
    }
    if (!isDone(state)) {
      state = appendTeacher(state, Result.getOrThrow(nanoReply(state, { level: "informative" })))
    }
  }
  return state
}
