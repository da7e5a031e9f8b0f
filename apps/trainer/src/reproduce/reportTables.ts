/** What the report shows, as tables without any markup. */
import { conditionTitle, informative, metricKey, metricText } from "@sml/eval-harness"

import { clockTime } from "../formatting.ts"
import type { Arm, Domain } from "./Cell.ts"
import { cellName, domains } from "./Cell.ts"
import type { Contrast } from "./Contrast.ts"
import type { Check } from "./findings.ts"
import { probe } from "./findings.ts"
import { ownProbe, probeTurns } from "./measureCell.ts"
import { methods } from "./methods.ts"
import { isVariant } from "./planCells.ts"
import { expectationText, placeText } from "./renderTests.ts"
import type { Reproduction } from "./Reproduction.ts"
import { armsOn, trainedDomains } from "./Reproduction.ts"

/** A table; the first column of a row names it. */
export interface Table {
  readonly title: string
  readonly head: ReadonlyArray<string>
  readonly rows: ReadonlyArray<ReadonlyArray<string>>
}

/** Tables under one heading. */
export interface Section {
  readonly title: string
  readonly text: string
  readonly tables: ReadonlyArray<Table>
}

type Unit = "rate" | "number"

const plain = (value: number, unit: Unit): string =>
  unit === "rate" ? (100 * value).toFixed(1) : value.toFixed(2)

/** `48.3 [44.1, 52.0]`; rates in per cent. */
export const withInterval = (of: Contrast | undefined, unit: Unit): string =>
  of === undefined
    ? "–"
    : `${plain(of.value, unit)} [${plain(of.low, unit)}, ${plain(of.high, unit)}]`

/** A difference with its sign. */
const signed = (value: number, unit: Check["unit"]): string => {
  const text = unit === "points" ? (100 * value).toFixed(1) : value.toFixed(3)
  return value > 0 && Number(text) !== 0 ? `+${text}` : text
}

/** What an arm is called where its domain is known. */
export const armTitle = ({ method }: Arm): string =>
  `${methods[method].title}${isVariant(method) ? " (variant)" : ""}`

const titleOf = (condition: string, name: string): string => {
  if (name === "late-success") return "by turn 10, if not by 4 %"
  if (name === "leak-pieces") return "told in pieces %"
  const { title, unit } = metricText(metricKey(condition, name))
  return unit === "rate" ? `${title} %` : title
}

const unitOf = (name: string): Unit =>
  name === "late-success" || name === "leak-pieces" ? "rate" : metricText(name).unit

interface Columns {
  readonly on: Domain
  readonly condition: string
  readonly metrics: ReadonlyArray<string>
}

/** One row for each arm, one column for each metric. */
const armTable = (
  reproduction: Reproduction,
  arms: ReadonlyArray<Arm>,
  { condition, metrics, on }: Columns,
  title: string
): Table => ({
  title,
  head: ["", ...metrics.map((name) => titleOf(condition, name))],
  rows: arms.map((arm) => [
    armTitle(arm),
    ...metrics.map((metric) =>
      withInterval(reproduction.estimate({ arm, on, condition, metric }), unitOf(metric))
    )
  ])
})

const success = ["success@1", "success@4", "success@10"]
const control = ["success@4", "success@10", "fix"]
const askingMetrics = ["success@4", "success@10", "premature@1", "premature", "asked", "questions"]

const feedbackTables = (
  reproduction: Reproduction,
  trained: Domain,
  on: Domain
): ReadonlyArray<Table> => {
  const arms = armsOn(reproduction, trained)
  const table = (condition: string, metrics: ReadonlyArray<string>) =>
    armTable(reproduction, arms, { on, condition, metrics }, conditionTitle(condition))
  return [
    table(informative, [...success, "fix", "fix-in-2", "late-success"]),
    table("content-free", control),
    table("strict-content-free", control)
  ]
}

const lossTable = (
  reproduction: Reproduction,
  trained: Domain,
  condition: string,
  title: string
): Table => {
  const turns = Array.from({ length: probeTurns }, (_, turn) => `loss@${turn + 1}`)
  const metrics = [...turns, "loss-slope"]
  return {
    title: `trained and measured on ${trained}: ${title}`,
    head: [
      "",
      ...turns.map((_, turn) => (turn === 0 ? "the statement" : `reply ${turn}`)),
      "per turn"
    ],
    rows: armsOn(reproduction, trained).map((arm) =>
      [armTitle(arm)].concat(
        metrics.map((metric) =>
          withInterval(reproduction.estimate({ arm, on: trained, condition, metric }), "number")
        )
      )
    )
  }
}

const answersTable = ({ answers }: Reproduction): Table => ({
  title: "Answers",
  head: ["finding", "answer", "trained on math", "trained on code"],
  rows: answers.map(({ claim, number, parts, verdict }) => [
    `${number}. ${claim}`,
    verdict,
    ...domains.map((domain) =>
      parts
        .filter(({ trained }) => trained === domain)
        .map(({ about, verdict: answer }) => (about === undefined ? answer : `${about}: ${answer}`))
        .join("; ")
    )
  ])
})

const checkTables = ({ answers }: Reproduction): ReadonlyArray<Table> =>
  answers.map(({ claim, number, parts, verdict }) => ({
    title: `${number}. ${claim} – ${verdict}`,
    head: ["trained on", "measured on", "number", "value [95 %]", "by seed", "expected", ""],
    rows: parts.flatMap(({ checks, trained }) =>
      checks.map(({ check, measured, outcome }) => [
        trained,
        placeText(check),
        check.name,
        measured === undefined
          ? "–"
          : `${signed(measured.value, check.unit)} [${signed(measured.low, check.unit)}, ${signed(measured.high, check.unit)}]`,
        (measured?.seeds ?? []).map((value) => signed(value, check.unit)).join(", "),
        expectationText(check.expectation, check.unit),
        outcome
      ])
    )
  }))

/** Parts of online training of which means are shown. */
const curveParts = 5

const average = (values: ReadonlyArray<number>): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

/** Means of what was seen in online training, over its parts and the seeds. */
const curveTable = (
  { arms, results, seeds, settings }: Reproduction,
  key: string,
  title: string
): Table => {
  const ends = Array.from({ length: curveParts }, (_, part) =>
    Math.round(((part + 1) * settings.steps) / curveParts)
  )
  return {
    title,
    head: [
      "",
      "trained on",
      ...ends.map((end, part) => `steps ${(ends[part - 1] ?? 0) + 1}–${end}`)
    ],
    rows: arms.flatMap((arm) => {
      const points = results
        .filter(
          ({ cell }) =>
            cell.method === arm.method && cell.trained === arm.trained && seeds.includes(cell.seed)
        )
        .flatMap(({ curve }) => curve)
        .filter(({ step }) => step !== undefined)
      if (points.length === 0) return []
      const means = ends.map((end, part) => {
        const values = points
          .filter(({ step = 0 }) => step > (ends[part - 1] ?? 0) && step <= end)
          .map((point) => point[key] ?? 0)
        return values.length === 0 ? "–" : average(values).toFixed(2)
      })
      return [[armTitle(arm), arm.trained].concat(means)]
    })
  }
}

const seedTable = ({ arms, estimate, seeds }: Reproduction): Table => ({
  title: "Success@4 by seed, in the domain of training (base: math / code)",
  head: ["", "trained on", ...seeds.map((seed) => `seed ${seed}`)],
  rows: arms.map((arm) => {
    const measuredOn = arm.trained === "nothing" ? domains : [arm.trained]
    return [
      armTitle(arm),
      arm.trained,
      ...seeds.map((_, index) =>
        measuredOn
          .map((on) => {
            const found = estimate({ arm, on, condition: informative, metric: "success@4" })
            return found === undefined ? "–" : plain(found.seeds[index] ?? 0, "rate")
          })
          .join(" / ")
      )
    ]
  })
})

const costTable = ({ cells, results }: Reproduction): Table => ({
  title: "What each cell took",
  head: ["cell", "training", "measuring", "in all", "dialogues kept of", "memory"],
  rows: cells.flatMap((cell) => {
    const result = results.find((each) => cellName(each.cell) === cellName(cell))
    if (result === undefined) return []
    const { counts, memory, seconds } = result
    const time = (name: string) => clockTime(seconds[name] ?? 0)
    return [
      [
        cellName(cell),
        time("train"),
        time("measure"),
        time("total"),
        counts["dialogues"] === undefined
          ? "–"
          : `${counts["kept"] ?? 0} of ${counts["dialogues"]}`,
        `${Math.round(memory / 2 ** 20)} MiB`
      ]
    ]
  })
})

/** Everything that the report says in numbers. */
export const reportSections = (reproduction: Reproduction): ReadonlyArray<Section> => {
  const trained = trainedDomains(reproduction)
  return [
    {
      title: "The five findings",
      text: "Answered by the tests that were stated before (reproduction-tests.md), from the data alone.",
      tables: [answersTable(reproduction)]
    },
    {
      title: "The checks",
      text: "Differences in points (or nats) with 95 % intervals, pooled over seeds and for each seed by itself.",
      tables: checkTables(reproduction)
    },
    ...trained.map((domain) => ({
      title: `Trained on ${domain}, measured on ${domain}`,
      text: "Held-out tasks, temperature 1; value [95 % interval].",
      tables: feedbackTables(reproduction, domain, domain)
    })),
    ...trained.map((domain) => {
      const on = domain === "math" ? "code" : "math"
      return {
        title: `Transfer: trained on ${domain}, measured on ${on}`,
        text: "The domain measured was never trained on.",
        tables: feedbackTables(reproduction, domain, on)
      }
    }),
    {
      title: "Underspecified tasks",
      text: "A piece of the statement is missing; the teacher tells it when asked. Never trained on. “First turn is premature”: an attempt although the piece is missing.",
      tables: trained.flatMap((domain) =>
        domains.map((on) =>
          armTable(
            reproduction,
            armsOn(reproduction, domain),
            { on, condition: "underspecified", metrics: askingMetrics },
            `trained on ${domain}, measured on ${on}`
          )
        )
      )
    },
    {
      title: "Loss on the correct answer after each teacher turn",
      text: "−log P of the whole correct answer, in nats: after the statement, and after each of the replies to four turns that were not right. First in the same dialogues of the base for every student (the test), then in each student's own unsolved dialogues, which differ in tasks and turns.",
      tables: trained.flatMap((domain) => [
        lossTable(reproduction, domain, probe, "dialogues of the base"),
        lossTable(reproduction, domain, ownProbe, "own dialogues")
      ])
    },
    {
      title: "While training online",
      text: "Means over the seeds, on the tasks of training, before each update; no intervals. Rewards of single-turn RL are of one turn.",
      tables: [
        curveTable(reproduction, "reward", "Reward"),
        curveTable(reproduction, "questions", "Questions per dialogue")
      ]
    },
    {
      title: "Leaks",
      text: "Replies that state the answer, of all replies, and dialogues in which statement and replies together give every piece of it.",
      tables: trained.flatMap((domain) =>
        [informative, "underspecified"].map((condition) =>
          armTable(
            reproduction,
            armsOn(reproduction, domain),
            { on: domain, condition, metrics: ["leak-rate", "leak-pieces"] },
            `trained and measured on ${domain}, ${conditionTitle(condition)}`
          )
        )
      )
    },
    {
      title: "Seeds and costs",
      text: "Wall time of each cell in its own process.",
      tables: [seedTable(reproduction), costTable(reproduction)]
    }
  ]
}
