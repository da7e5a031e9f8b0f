/** All cells together: numbers with intervals, checks and answers. */
import type { Arm, Cell, CellResult, CellSettings, Domain, TaskRatios } from "./Cell.ts"
import { cellName, domains, Method } from "./Cell.ts"
import type { Contrast } from "./Contrast.ts"
import { contrast } from "./Contrast.ts"
import type { Outcome, Verdict } from "./decide.ts"
import { decideCheck, decideFinding } from "./decide.ts"
import type { Check, Finding, FindingPart } from "./findings.ts"
import { findings } from "./findings.ts"

/** A check with what was measured and what that says. */
export interface CheckedNumber {
  readonly check: Check
  readonly measured: Contrast | undefined
  readonly outcome: Outcome
}

/** A part of a finding, answered. */
export interface AnsweredPart extends Pick<FindingPart, "about" | "trained"> {
  readonly checks: ReadonlyArray<CheckedNumber>
  readonly verdict: Verdict
}

/** A finding, answered. */
export interface AnsweredFinding extends Pick<Finding, "number" | "claim"> {
  readonly parts: ReadonlyArray<AnsweredPart>
  readonly verdict: Verdict
}

/** Where and of whom a number is. */
export interface Measurement {
  readonly arm: Arm
  readonly on: Domain
  readonly condition: string
  readonly metric: string
}

/** The results of a plan, looked up by arm, domain, condition and metric. */
export interface Reproduction {
  readonly settings: CellSettings
  readonly cells: ReadonlyArray<Cell>
  readonly results: ReadonlyArray<CellResult>
  /** Seeds of which every planned cell is finished. */
  readonly seeds: ReadonlyArray<number>
  readonly arms: ReadonlyArray<Arm>
  readonly estimate: (of: Measurement) => Contrast | undefined
  readonly answers: ReadonlyArray<AnsweredFinding>
}

const rank = ({ method, trained }: Arm): number =>
  Method.literals.indexOf(method) * 2 + (trained === "code" ? 1 : 0)

/**
 * Puts results together. Only whole seeds are compared, so that every method is judged by the same
 * ones.
 */
export const makeReproduction = (
  settings: CellSettings,
  cells: ReadonlyArray<Cell>,
  results: ReadonlyArray<CellResult>
): Reproduction => {
  const byName = new Map(results.map((result) => [cellName(result.cell), result]))
  const seeds = [...new Set(cells.map(({ seed }) => seed))].filter((seed) =>
    cells.every((cell) => cell.seed !== seed || byName.has(cellName(cell)))
  )
  const places = new Map(
    cells.map(({ method, trained }) => [`${method}/${trained}`, { method, trained }])
  )
  const arms = [...places.values()].toSorted((a, b) => rank(a) - rank(b))

  /** Of all seeds, or of none where one has nothing to measure. */
  const ratios = ({ arm, condition, metric, on }: Measurement): ReadonlyArray<TaskRatios> => {
    const found = seeds.flatMap(
      (seed) => byName.get(cellName({ ...arm, seed }))?.measured[on]?.[condition]?.[metric] ?? []
    )
    return found.length === seeds.length ? found : []
  }
  const known = new Map<string, Contrast | undefined>()
  const estimate = (of: Measurement) => {
    const key = JSON.stringify([of.arm.method, of.arm.trained, of.on, of.condition, of.metric])
    if (!known.has(key)) known.set(key, contrast([{ coefficient: 1, seeds: ratios(of) }]))
    return known.get(key)
  }
  const measure = (check: Check): CheckedNumber => {
    const measured = contrast(
      check.terms.map(({ coefficient, ...of }) => ({ coefficient, seeds: ratios(of) }))
    )
    return { check, measured, outcome: decideCheck(check.expectation, measured) }
  }
  const answers = findings.map(({ claim, number, parts }): AnsweredFinding => {
    const answered = parts.map((part): AnsweredPart => {
      const checks = part.checks.map(measure)
      return {
        ...part,
        checks,
        verdict: decideFinding(
          checks.map(({ outcome }) => outcome),
          seeds.length
        )
      }
    })
    return {
      number,
      claim,
      parts: answered,
      verdict: decideFinding(
        answered.flatMap(({ checks }) => checks.map(({ outcome }) => outcome)),
        seeds.length
      )
    }
  })
  return { settings, cells, results, seeds, arms, estimate, answers }
}

/** The arms that were trained on a domain, the base first. */
export const armsOn = ({ arms }: Reproduction, trained: Domain): ReadonlyArray<Arm> =>
  arms.filter((arm) => arm.trained === trained || arm.trained === "nothing")

/** Domains on which anything was trained. */
export const trainedDomains = ({ arms }: Reproduction): ReadonlyArray<Domain> =>
  domains.filter((domain) => arms.some(({ trained }) => trained === domain))
