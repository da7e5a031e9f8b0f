/** Checks of short answers a second, on one core. */
import { uniformStream } from "@sml/env-pomdp"
import { judgeAnswer } from "@sml/teacher-verifiers/math"
import * as Effect from "effect/Effect"

import type { Bench, Setting } from "./Bench.ts"
import { BenchError } from "./BenchError.ts"
import type { Row } from "./Row.ts"
import { rateGoal } from "./Row.ts"
import { answeredNumber, disqualified, openCandidate, sideBySide } from "./sideBySide.ts"

interface Pair {
  readonly gold: string
  readonly text: string
  readonly equal: boolean
}

/** Ways to write a right and a wrong answer; `n` and `d` are whole, d > 1. */
const forms: ReadonlyArray<(n: number, d: number) => Pair> = [
  (n) => ({ gold: `${n}`, text: `\\boxed{${n}}`, equal: true }),
  (n) => ({ gold: `${n}`, text: `\\boxed{${n + 1}}`, equal: false }),
  (n) => ({
    gold: `${n * 1000}`,
    text: `\\boxed{${(n * 1000).toLocaleString("en")}}`,
    equal: true
  }),
  (n, d) => ({ gold: `\\frac{${n}}{${d}}`, text: `\\boxed{${n}/${d}}`, equal: true }),
  (n, d) => ({ gold: `\\frac{${n}}{${d}}`, text: `\\boxed{\\frac{${n + d}}{${d}}}`, equal: false }),
  (n, d) => ({ gold: `\\sqrt{${n * d * d}}`, text: `\\boxed{${d}\\sqrt{${n}}}`, equal: true }),
  (n, d) => ({ gold: `(${n}, ${d})`, text: `\\boxed{(${d}, ${n})}`, equal: n === d }),
  (n, d) => ({ gold: `${n}x + ${d}`, text: `\\boxed{${d} + ${n}x}`, equal: true }),
  (n) => ({ gold: `${n / 8}`, text: `\\boxed{\\frac{${n}}{8}}`, equal: true }),
  (n, d) => ({ gold: `x = ${n}`, text: `\\boxed{${n * d}}`, equal: false })
]

/** Pairs that are all different, so that nothing is gained by remembering. */
const pairsOf = (count: number): ReadonlyArray<Pair> => {
  const uniform = uniformStream(5)
  const pairs: Array<Pair> = []
  for (let at = 0; at < count; at++) {
    const form = forms[at % forms.length]
    if (form !== undefined) {
      pairs.push(form(1000 + Math.floor(uniform() * 8000), 3 + Math.floor(uniform() * 90)))
    }
  }
  return pairs
}

const measure = Effect.fn("bench.verifyMath")(function* (setting: Setting) {
  const count = setting.quick ? 40 : 4000
  const pairs = pairsOf(count)
  const opened = yield* openCandidate(
    { ...setting, threads: 1 },
    {
      name: "Math-Verify",
      script: "verify_math.py",
      job: { pairs: pairs.map((pair) => ({ ...pair })) },
      deadline: "5 minutes"
    }
  )
  const ours = Effect.suspend(() => {
    const start = performance.now()
    const wrong = pairs.find(({ equal, gold, text }) => {
      const found = judgeAnswer(gold, text)
      return (found._tag === "attempt" && found.comparison._tag === "equal") !== equal
    })
    const seconds = (performance.now() - start) / 1000
    return wrong === undefined
      ? Effect.succeed(count / seconds)
      : Effect.fail(
          new BenchError({
            reason: `The math verifier is wrong about ${wrong.gold} and ${wrong.text}; a rate of wrong verdicts means nothing.`
          })
        )
  })
  // the first pass compiles
  yield* ours
  const candidate =
    opened.peer._tag === "Success" && opened.peer.success.ready["disagreements"] !== 0
      ? disqualified(
          opened,
          `judges ${JSON.stringify(opened.peer.success.ready["disagreements"])} of ${count} otherwise`
        )
      : opened
  const cells = yield* sideBySide({
    ours,
    candidates: [candidate],
    theirs: (peer) =>
      Effect.flatMap(peer.ask({}), (answer) => answeredNumber(peer.name, answer, "rate")),
    repetitions: setting.quick ? 1 : 5
  })
  const title = "math: extraction and comparison of a short answer, one core"
  return [
    {
      bench: "verify/math",
      title,
      unit: "a second",
      goals: [rateGoal({ title, ...cells }, 10_000)],
      ...cells
    }
  ] satisfies ReadonlyArray<Row>
})

/** Ten ways to write short answers, each with other numbers. */
export const verifyMathBench: Bench = { name: "verify/math", seconds: 90, run: measure }
