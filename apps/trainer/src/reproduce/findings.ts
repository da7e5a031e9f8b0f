/**
 * The paper's five findings and the tests by which they are answered. Written, with their thresholds,
 * before any cell was run.
 */
import type { Arm, Domain, Method } from "./Cell.ts"
import { domains } from "./Cell.ts"
import type { Expectation } from "./decide.ts"

/** A metric of an arm on a domain under a condition, times a number. */
export interface FindingTerm {
  readonly coefficient: number
  readonly arm: Arm
  readonly on: Domain
  readonly condition: string
  readonly metric: string
}

/** One number with what is expected of it. */
export interface Check {
  readonly name: string
  readonly terms: ReadonlyArray<FindingTerm>
  readonly expectation: Expectation
  readonly unit: "points" | "nats"
}

/** The checks for students trained on one domain; `about` names the method where there are several. */
export interface FindingPart {
  readonly about?: string
  readonly trained: Domain
  readonly checks: ReadonlyArray<Check>
}

/** A claim of the paper and what it takes here. */
export interface Finding {
  readonly number: number
  readonly claim: string
  readonly parts: ReadonlyArray<FindingPart>
}

/** The smallest difference between rates that counts. */
const margin = 0.03

/** How far first turns may differ and still be called similar. */
const firstTurnTolerance = 0.1

/** The smallest change of the loss from one teacher turn to the next that counts, in nats. */
const slopeMargin = 0.05

/** Condition under which the loss on the correct answer is measured. */
export const probe = "probe"

const greater = (least = margin): Expectation => ({ _tag: "Greater", margin: least })

/** The arm of a method; the base is one and the same whatever the others are trained on. */
export const armOf = (method: Method, trained: Domain): Arm => ({
  method,
  trained: method === "base" ? "nothing" : trained
})

const other = (domain: Domain): Domain => (domain === "math" ? "code" : "math")

interface Place {
  readonly trained: Domain
  readonly on: Domain
  readonly condition?: string
}

const term = (
  coefficient: number,
  method: Method,
  metric: string,
  { condition = "informative", on, trained }: Place
): FindingTerm => ({ coefficient, arm: armOf(method, trained), on, condition, metric })

/** `metric` of one method less that of another. */
const more = (left: Method, right: Method, metric: string, place: Place): Check => ({
  name: `${metric}, ${left} − ${right}`,
  terms: [term(1, left, metric, place), term(-1, right, metric, place)],
  expectation: greater(),
  unit: "points"
})

const order = (trained: Domain): ReadonlyArray<Check> => {
  const place = { trained, on: trained }
  const beyondFirst = (method: Method, sign: number) => [
    term(sign, method, "success@10", place),
    term(-sign, method, "success@1", place)
  ]
  return [
    more("grpo", "offline-sft", "success@4", place),
    more("offline-sft", "base", "success@4", place),
    more("grpo", "single-turn-rl", "success@4", place),
    more("grpo", "single-turn-sft", "success@4", place),
    more("offline-sft", "single-turn-rl", "success@4", place),
    more("offline-sft", "single-turn-sft", "success@4", place),
    {
      name: "the gap widens: (success@10 − success@1), grpo − single-turn-rl",
      terms: [...beyondFirst("grpo", 1), ...beyondFirst("single-turn-rl", -1)],
      expectation: greater(),
      unit: "points"
    },
    {
      ...more("grpo", "single-turn-rl", "success@1", place),
      name: "first turns are similar: success@1, grpo − single-turn-rl",
      expectation: { _tag: "Similar", tolerance: firstTurnTolerance }
    }
  ]
}

const transfer = (trained: Domain): ReadonlyArray<Check> => {
  const place = { trained, on: other(trained) }
  return [
    more("grpo", "base", "success@10", place),
    {
      name: "what feedback is worth: success@10 with − without information, grpo − base",
      terms: (["grpo", "base"] as const).flatMap((method) => {
        const sign = method === "grpo" ? 1 : -1
        return [
          term(sign, method, "success@10", place),
          term(-sign, method, "success@10", { ...place, condition: "strict-content-free" })
        ]
      }),
      expectation: greater(),
      unit: "points"
    }
  ]
}

const asking =
  (method: Method) =>
  (trained: Domain): ReadonlyArray<Check> =>
    domains.flatMap((on) => {
      const place = { trained, on, condition: "underspecified" }
      return [
        more("base", method, "premature@1", place),
        more(method, "base", "asked", place),
        more(method, "base", "success@10", place)
      ]
    })

const longer = (trained: Domain): ReadonlyArray<Check> => {
  const place = { trained, on: trained }
  return [
    {
      name: "goes on after the turns of training: success@10 − success@4, grpo",
      terms: [term(1, "grpo", "success@10", place), term(-1, "grpo", "success@4", place)],
      expectation: greater(0.05),
      unit: "points"
    },
    more("grpo", "base", "late-success", place)
  ]
}

const learningInContext = (trained: Domain): ReadonlyArray<Check> => {
  const place = { trained, on: trained, condition: probe }
  const slope = (sign: number, method: Method) => term(sign, method, "loss-slope", place)
  return [
    {
      name: "the loss on the correct answer falls, nats per teacher turn, grpo",
      terms: [slope(-1, "grpo")],
      expectation: greater(slopeMargin),
      unit: "nats"
    },
    {
      name: "no trend before training, nats per teacher turn, base",
      terms: [slope(-1, "base")],
      expectation: { _tag: "Similar", tolerance: slopeMargin },
      unit: "nats"
    },
    {
      name: "it falls faster after training, nats per teacher turn, grpo − base",
      terms: [slope(-1, "grpo"), slope(1, "base")],
      expectation: greater(slopeMargin),
      unit: "nats"
    }
  ]
}

const finding = (
  number: number,
  claim: string,
  parts: ReadonlyArray<{
    readonly about?: string
    readonly checks: (trained: Domain) => ReadonlyArray<Check>
  }>
): Finding => ({
  number,
  claim,
  parts: parts.flatMap(({ checks, ...rest }) =>
    domains.map((trained) => Object.assign({ trained, checks: checks(trained) }, rest))
  )
})

/** What is tested. */
export const findings: ReadonlyArray<Finding> = [
  finding(
    1,
    "Online RL is better than offline SFT, which is better than the base; both beat single-turn RL and SFT of equal budget over several turns, with similar first turns and a gap that widens by turn.",
    [{ checks: order }]
  ),
  finding(
    2,
    "What is learnt from dialogues in one domain improves the use of feedback in the other.",
    [{ checks: transfer }]
  ),
  finding(
    3,
    "On underspecified tasks, which were never trained on, the student attempts prematurely less often, asks more, and succeeds more.",
    [
      { about: "online RL alone", checks: asking("grpo") },
      { about: "Q-priming, then online RL", checks: asking("q-priming-grpo") }
    ]
  ),
  finding(4, "Trained on 4 turns, the student goes on gaining up to 10.", [{ checks: longer }]),
  finding(
    5,
    "The loss on the correct answer falls after each teacher turn for the trained student and shows no trend for the base.",
    [{ checks: learningInContext }]
  )
]
