/** The pre-stated tests as a page. */
import { conditionTitle } from "@sml/eval-harness"

import type { Expectation } from "./decide.ts"
import { leastSeeds } from "./decide.ts"
import type { Check, Finding } from "./findings.ts"
import { findings, probe } from "./findings.ts"

const number = (value: number, unit: Check["unit"]): string =>
  unit === "points" ? `${Math.round(value * 1000) / 10} points` : `${value} nats`

/** An expectation in words. */
export const expectationText = (expectation: Expectation, unit: Check["unit"]): string =>
  expectation._tag === "Greater"
    ? `> 0, by ≥ ${number(expectation.margin, unit)}`
    : `within ±${number(expectation.tolerance, unit)}`

/** On what and under which condition a check is measured. */
export const placeText = ({ terms }: Check): string => {
  const [first] = terms
  if (first === undefined) return ""
  const condition =
    first.condition === probe ? "probe of the loss" : conditionTitle(first.condition)
  return `${first.on}, ${condition}`
}

const findingLines = ({ claim, number: index, parts }: Finding): ReadonlyArray<string> =>
  [
    "",
    `## ${index}. ${claim}`,
    "",
    "| trained on | measured on | number | expected |",
    "| --- | --- | --- | --- |"
  ].concat(
    parts.flatMap(({ checks, trained }) =>
      checks.map(
        (check) =>
          `| ${trained} | ${placeText(check)} | ${check.name} | ${expectationText(check.expectation, check.unit)} |`
      )
    )
  )

/** The page of the tests, without any result. */
export const renderTests = (): string =>
  [
    "# The tests of the reproduction",
    "",
    "Generated from `apps/trainer/src/reproduce/findings.ts` and `decide.ts`, and committed before any cell of `sml reproduce` was run. Its writer knew the prototype's results and those of `pnpm bench:learning` (GRPO on math, other evaluation tasks), which are in the [lab notebook](lab-notebook.md).",
    "",
    "Every check is one number, a difference between students that met the same held-out tasks, with a 95 % interval: the percentile bootstrap that draws seeds and, within each, tasks (2,000 resamples, paired).",
    "",
    "- “> 0, by ≥ m” **holds** where the interval lies above 0, the value is at least m and every seed by itself is above 0. It **fails** where the whole interval lies below m.",
    "- “within ±t” **holds** where the whole interval does, and **fails** where the whole interval is outside.",
    "- Anything else is **open**.",
    `- A finding is **reproduced** where all of its checks hold, in both domains; **not reproduced** where one of them fails; else **inconclusive**. Its parts (a method, a domain trained on) are answered by the same rule. With fewer than ${leastSeeds} seeds it is inconclusive.`,
    "",
    "There is no correction for the number of checks: a finding needs all of its checks, which makes it harder to reproduce, not easier; one failing check among many can be chance (each has a chance of at most 2.5 %).",
    "",
    "Words: `late-success` is P(right by turn 10 | not right by turn 4). `premature@1`: the first turn is an attempt although a piece is missing. `asked`: at least one question in the dialogue. The probe: dialogues of the base with the informative teacher that were not solved in 4 turns, the same ones for every student; after each of the teacher turns 1 (the statement) to 5, −log P of the whole correct answer; its slope by least squares, per dialogue.",
    ...findings.flatMap(findingLines),
    ""
  ].join("\n")
