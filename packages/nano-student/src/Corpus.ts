/**
 * What the embedded student is pretrained on: solved exercises, exercises in which a hidden quantity is
 * told, and dialogues of simulated students with the scripted teacher. Generated from a seed, from
 * train tasks only.
 */
import type { Task } from "@sml/env-pomdp"
import { mixSeed, uniformStream } from "@sml/env-pomdp"
import type { Datum } from "@sml/policy"
import type { NanoDomain, NanoTaskOptions, Random } from "@sml/tasks"
import { generateTask } from "@sml/tasks"
import {
  askFor,
  codeAttempt,
  decodeKnowledge,
  mathAttempt,
  tell
} from "@sml/teacher-verifiers/nano"
import * as Result from "effect/Result"

import type { Ability, Manner } from "./SimulatedStudent.ts"
import { defaultAbility, simulateDialogue } from "./SimulatedStudent.ts"
import { wordIds } from "./Vocabulary.ts"

/** The mixture. Shares are probabilities; see {@link defaultCorpus}. */
export interface CorpusOptions {
  /** Of math items; the others are code. */
  readonly mathShare: number
  /** Of textbook items; the others are dialogues. */
  readonly textbookShare: number
  /** Of textbook items in which a hidden quantity is told. */
  readonly toldShare: number
  /** Of solved math exercises that ask for `b` only. */
  readonly findHiddenShare: number
  /** Of dialogues about underspecified tasks. */
  readonly underspecifiedShare: number
  /** Of dialogues by a learner and by a stubborn student; the others guess. */
  readonly learnerShare: number
  readonly stubbornShare: number
  /** Largest number of student turns; one is drawn for each dialogue. */
  readonly horizons: ReadonlyArray<number>
  /** Loss weight of the teacher's tokens; the student's have 1. */
  readonly teacherWeight: number
  readonly ability: Ability
  readonly tasks: NanoTaskOptions
}

/**
 * The mixture behind the committed checkpoint. Its math tasks are harder than the default ones (fewer
 * round numbers), so that the base is often wrong at first and there is something to be learnt from
 * feedback; and nearly half of the simulated students listen, so that it can be learnt.
 */
export const defaultCorpus: CorpusOptions = {
  mathShare: 0.5,
  textbookShare: 0.25,
  toldShare: 0.5,
  findHiddenShare: 0.3,
  underspecifiedShare: 0.12,
  learnerShare: 0.45,
  stubbornShare: 0.2,
  horizons: [2, 3, 4, 4, 5, 6, 7, 8, 10],
  teacherWeight: 0.3,
  ability: defaultAbility,
  tasks: { math: { multipleOfTenShare: 0.4 } }
}

/** One turn; `weight` is the loss weight of its tokens. */
export interface CorpusTurn {
  readonly role: "student" | "teacher"
  readonly text: string
  readonly weight: number
}

/** One training sequence as text; it begins with a teacher turn and ends with a student turn. */
export interface CorpusItem {
  readonly kind: "solved" | "told" | "dialogue"
  readonly domain: NanoDomain
  readonly turns: ReadonlyArray<CorpusTurn>
}

const answerText = (task: Task): string => {
  const knowledge = Result.getOrThrow(decodeKnowledge(task))
  return knowledge.kind === "math" ? mathAttempt(knowledge.answer) : codeAttempt(knowledge)
}

/** A question for a hidden quantity, and the teacher's answer. */
const hidden = (task: Task, random: Random): { question: string; told: string } => {
  const knowledge = Result.getOrThrow(decodeKnowledge(task))
  if (knowledge.kind === "math") return { question: askFor("b"), told: tell("b", knowledge.b) }
  const name = random() < 0.5 ? "k" : "m"
  return { question: askFor(name), told: tell(name, knowledge[name]) }
}

const solved = (task: Task, random: Random, options: CorpusOptions): ReadonlyArray<CorpusTurn> => {
  const knowledge = Result.getOrThrow(decodeKnowledge(task))
  const findHidden = knowledge.kind === "math" && random() < options.findHiddenShare
  const prompt = findHidden ? task.prompt.replace("find c .", "find b .") : task.prompt
  const text = findHidden ? mathAttempt(knowledge.b) : answerText(task)
  return [
    { role: "teacher", text: prompt, weight: options.teacherWeight },
    { role: "student", text, weight: 1 }
  ]
}

const told = (task: Task, random: Random, options: CorpusOptions): ReadonlyArray<CorpusTurn> => {
  const { question, told: statement } = hidden(task, random)
  const weight = options.teacherWeight
  const answer: CorpusTurn = { role: "student", text: answerText(task), weight: 1 }
  return random() < 0.5
    ? [{ role: "teacher", text: `${task.prompt} ${statement}`, weight }, answer]
    : [
        { role: "teacher", text: task.prompt, weight },
        // to be read, not to be learnt: the base asks rarely
        { role: "student", text: question, weight: 0 },
        { role: "teacher", text: statement, weight },
        answer
      ]
}

const draw = <A>(random: Random, list: ReadonlyArray<A>): A => {
  const element = list[Math.floor(random() * list.length)]
  if (element === undefined) throw new RangeError("An empty list has no random element")
  return element
}

/** One item: a function of the random stream. */
export const corpusItem = (random: Random, options: CorpusOptions = defaultCorpus): CorpusItem => {
  const domain = random() < options.mathShare ? "math" : "code"
  const task = (underspecified: boolean): Task =>
    generateTask(random, { ...options.tasks, domain, split: "train", underspecified })
  if (random() < options.textbookShare) {
    return random() < options.toldShare
      ? { kind: "told", domain, turns: told(task(random() < 0.5), random, options) }
      : { kind: "solved", domain, turns: solved(task(false), random, options) }
  }
  const manners = random()
  const manner: Manner =
    manners < options.learnerShare
      ? "learner"
      : manners < options.learnerShare + options.stubbornShare
        ? "stubborn"
        : "guess"
  const state = simulateDialogue(task(random() < options.underspecifiedShare), random, {
    manner,
    horizon: draw(random, options.horizons),
    ability: options.ability
  })
  const turns = state.history.map(({ role, text }) => ({
    role,
    text,
    weight: role === "student" ? 1 : options.teacherWeight
  }))
  return { kind: "dialogue", domain, turns }
}

/**
 * The tokens of an item in the layout of the chat template, with their loss weights. A turn's weight
 * counts for its words and, of a student turn, for its `<end>`; `<T>` and `<S>` belong to the teacher's
 * side.
 */
export const itemDatum = (item: CorpusItem, options: CorpusOptions = defaultCorpus): Datum => {
  const tokens: Array<number> = []
  const weights: Array<number> = []
  const append = (text: string, weight: number) => {
    for (const id of wordIds(text)) {
      tokens.push(id)
      weights.push(weight)
    }
  }
  for (const { role, text, weight } of item.turns) {
    append(role === "student" ? "<S>" : "<T>", options.teacherWeight)
    append(role === "student" ? `${text} <end>` : text, weight)
  }
  // the weight of a target stands at the token before it
  return { tokens: Int32Array.from(tokens), weights: Float32Array.from(weights.slice(1)) }
}

/** The items of a seed, endlessly; item `i` depends on the seed and `i` alone. */
export function* corpus(
  seed: number,
  options: CorpusOptions = defaultCorpus
): Generator<CorpusItem, never> {
  for (let index = 0; ; index++) {
    yield corpusItem(uniformStream(mixSeed(seed, index, 0xc0)), options)
  }
}
