/** Logic: formulas, liars, orders, small sudokus. */
import * as Schema from "effect/Schema"

import type { Random } from "../../Random.ts"
import { randomElement, randomInteger } from "../../Random.ts"
import { parseNames, parsePairs } from "./answerText.ts"
import type { DefinedGenerator } from "./defineGenerator.ts"
import { defineGenerator } from "./defineGenerator.ts"
import { capitals, drawUntil, repeated, sampled, shuffled } from "./draws.ts"
import { elementAt } from "./elementAt.ts"

const Integers = Schema.Array(Schema.Int)

/** A clause holds literals: `+3` is the variable C, `-3` its negation. */
const Clauses = Schema.Array(Integers)
type Clauses = typeof Clauses.Type

const literal = (value: number): string =>
  `${value < 0 ? "not " : ""}${String.fromCharCode(64 + Math.abs(value))}`

const showClauses = (clauses: Clauses): string =>
  clauses.map((clause) => `(${clause.map(literal).join(" or ")})`).join(" and ")

const canonicalClauses = (clauses: Clauses): string =>
  clauses
    .map((clause) => clause.toSorted((left, right) => left - right).join(" "))
    .toSorted()
    .join(" | ")

const holds = (clauses: Clauses, isTrue: (variable: number) => boolean): boolean =>
  clauses.every((clause) => clause.some((value) => isTrue(Math.abs(value)) === value > 0))

const drawClause = (random: Random, variables: number, length: number): Array<number> =>
  sampled(
    random,
    repeated(variables, (index) => index + 1),
    length
  ).map((variable) => (random() < 0.5 ? variable : -variable))

const countModels = ({ clauses, variables }: { clauses: Clauses; variables: number }): number =>
  repeated(2 ** variables, (bits) =>
    holds(clauses, (variable) => ((bits >> (variable - 1)) & 1) === 1)
  ).filter(Boolean).length

const modelCount = defineGenerator({
  name: "model-count",
  topic: "logic",
  description: "In how many cases a formula in conjunctive form is true",
  hints: ["Count the cases in which some clause is false, and take care of cases counted twice."],
  instance: Schema.Struct({ variables: Schema.Int, clauses: Clauses }),
  draw: (random, difficulty) => {
    const variables = 3 + Math.floor(difficulty / 3)
    return {
      variables,
      clauses: repeated(difficulty + 1, () =>
        drawClause(random, variables, randomInteger(random, 2, 3))
      )
    }
  },
  statement: ({ clauses, variables }) =>
    `Each of ${capitals(variables).join(", ")} is true or false. In how many of the ${2 ** variables} cases is this true?\n${showClauses(clauses)}`,
  form: "the number of cases",
  canonical: ({ clauses, variables }) => `model-count ${variables} ${canonicalClauses(clauses)}`,
  solve: (instance) => String(countModels(instance)),
  size: ({ clauses }) => clauses.length
})

const satisfyingAssignment = defineGenerator({
  name: "satisfying-assignment",
  topic: "logic",
  description: "Any assignment that makes a formula in conjunctive form true",
  hints: [
    "Guess one variable, cross out the clauses that are true now, and follow what is forced."
  ],
  instance: Schema.Struct({ clauses: Clauses, model: Schema.Array(Schema.Boolean) }),
  draw: (random, difficulty) => {
    const variables = difficulty + 3
    const model = repeated(variables, () => random() < 0.5)
    const clauses = repeated(3 * variables, () =>
      drawUntil(
        () => drawClause(random, variables, 3),
        (clause) => holds([clause], (variable) => elementAt(model, variable - 1))
      )
    )
    return { clauses, model }
  },
  statement: ({ clauses, model }) =>
    `Choose true or false for each of ${capitals(model.length).join(", ")} so that this is true:\n${showClauses(clauses)}`,
  form: "all variables, as in: A = true, B = false",
  canonical: ({ clauses }) => `satisfying-assignment ${canonicalClauses(clauses)}`,
  solve: ({ model }) =>
    model
      .map((value, index) => `${elementAt(capitals(model.length), index)} = ${value}`)
      .join(", "),
  size: ({ model }) => model.length,
  verify: ({ clauses, model }, answer) => {
    const pairs = parsePairs(answer)
    if (pairs === undefined || pairs.size !== model.length) return false
    const values = capitals(model.length).map((name) => pairs.get(name)?.toLowerCase())
    if (!values.every((value) => value === "true" || value === "false")) return false
    return holds(clauses, (variable) => values[variable - 1] === "true")
  }
})

/** `speaker` says of `about` that it is a knight, or not; or that it is of the same kind as `other`. */
const Claim = Schema.Struct({
  speaker: Schema.Int,
  about: Schema.Int,
  form: Schema.Literals(["knight", "knave", "same", "different"]),
  other: Schema.Int
})
type Claim = typeof Claim.Type

const people = ["Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gus", "Hana"]

const claimHolds = ({ about, form, other }: Claim, knights: number): boolean => {
  const isKnight = (person: number) => ((knights >> person) & 1) === 1
  if (form === "knight") return isKnight(about)
  if (form === "knave") return !isKnight(about)
  return (isKnight(about) === isKnight(other)) === (form === "same")
}

const consistent = (count: number, claims: ReadonlyArray<Claim>): Array<number> =>
  repeated(2 ** count, (knights) => knights).filter((knights) =>
    claims.every((claim) => claimHolds(claim, knights) === (((knights >> claim.speaker) & 1) === 1))
  )

const nameOf = (person: number): string => elementAt(people, person)

const showClaim = ({ about, form, other, speaker }: Claim): string => {
  const said =
    form === "knight" || form === "knave"
      ? `${nameOf(about)} is a ${form}`
      : `${nameOf(about)} and ${nameOf(other)} are of ${form === "same" ? "the same kind" : "different kinds"}`
  return `${nameOf(speaker)} says: "${said}."`
}

const knightsAndKnaves = defineGenerator({
  name: "knights-and-knaves",
  topic: "logic",
  description: "Who tells the truth and who lies, where only one answer fits",
  hints: ["Suppose that one of them is a knight and follow what the others must then be."],
  instance: Schema.Struct({ count: Schema.Int, claims: Schema.Array(Claim) }),
  draw: (random, difficulty) => {
    const count = 3 + Math.floor(difficulty / 2)
    const others = (person: number) =>
      repeated(count, (index) => index).filter((index) => index !== person)
    return drawUntil(
      () => {
        const claims = repeated(count + 1, (index) => {
          const speaker = index % count
          const [about = 0, other = 0] = sampled(random, others(speaker), 2)
          const form = randomElement(random, ["knight", "knave", "same", "different"] as const)
          return { speaker, about, form, other }
        })
        return { count, claims }
      },
      ({ claims }) => consistent(count, claims).length === 1
    )
  },
  statement: ({ claims, count }) =>
    `On an island live knights, who always tell the truth, and knaves, who always lie. You meet ${people.slice(0, count).join(", ")}.\n${claims.map(showClaim).join("\n")}\nWho is what?`,
  form: "everybody, as in: Ada = knight, Ben = knave",
  canonical: ({ claims, count }) =>
    `knights-and-knaves ${count} ${claims.map(showClaim).toSorted().join(" ")}`,
  solve: ({ claims, count }) => {
    const knights = elementAt(consistent(count, claims), 0)
    return repeated(
      count,
      (person) => `${elementAt(people, person)} = ${(knights >> person) & 1 ? "knight" : "knave"}`
    ).join(", ")
  },
  size: ({ count }) => count,
  verify: ({ claims, count }, answer) => {
    const pairs = parsePairs(answer)
    if (pairs === undefined || pairs.size !== count) return false
    const kinds = people.slice(0, count).map((name) => pairs.get(name)?.toLowerCase())
    if (!kinds.every((kind) => kind === "knight" || kind === "knave")) return false
    const knights = kinds.reduce(
      (bits, kind, index) => bits | (kind === "knight" ? 1 << index : 0),
      0
    )
    return consistent(count, claims).includes(knights)
  }
})

const taskNames = capitals(14)

const consistentOrder = defineGenerator({
  name: "consistent-order",
  topic: "logic",
  description: "Any order of steps in which every step follows those it needs",
  hints: ["Look for a step that needs none of the steps that are left; it may come next."],
  instance: Schema.Struct({ count: Schema.Int, edges: Schema.Array(Schema.Array(Schema.Int)) }),
  draw: (random, difficulty) => {
    const count = difficulty + 3
    const order = shuffled(
      random,
      repeated(count, (index) => index)
    )
    const pairs = order.flatMap((before, place) =>
      order.slice(place + 1).map((after) => [before, after])
    )
    return { count, edges: sampled(random, pairs, Math.floor(1.5 * count)) }
  },
  statement: ({ count, edges }) =>
    `The steps ${taskNames.slice(0, count).join(", ")} are to be done one after the other. ${edges
      .map(([before = 0, after = 0]) => `${taskNames[before]} comes before ${taskNames[after]}.`)
      .join(" ")} Give an order that is possible.`,
  form: "all steps in order, with commas between them",
  canonical: ({ count, edges }) =>
    `consistent-order ${count} ${edges
      .map((edge) => edge.join("-"))
      .toSorted()
      .join(" ")}`,
  solve: ({ count, edges }) => {
    const left = new Set(repeated(count, (index) => index))
    const order: Array<number> = []
    while (left.size > 0) {
      const next = Array.from(left).find((step) =>
        edges.every(([before = 0, after]) => after !== step || !left.has(before))
      )
      if (next === undefined) throw new RangeError("The steps need each other in a circle")
      left.delete(next)
      order.push(next)
    }
    return order.map((step) => taskNames[step]).join(", ")
  },
  size: ({ count }) => count,
  verify: ({ count, edges }, answer) => {
    const names = parseNames(answer)
    if (names.length !== count || new Set(names).size !== count) return false
    const place = (step: number) => names.indexOf(elementAt(taskNames, step))
    return (
      repeated(count, place).every((found) => found >= 0) &&
      edges.every(([before = 0, after = 0]) => place(before) < place(after))
    )
  }
})

const units = repeated(4, (index) => index).flatMap((index) => [
  repeated(4, (column) => index * 4 + column),
  repeated(4, (row) => row * 4 + index),
  repeated(4, (cell) => (2 * (index >> 1) + (cell >> 1)) * 4 + 2 * (index & 1) + (cell & 1))
])

const isSolved = (cells: ReadonlyArray<number>): boolean =>
  units.every((unit) => new Set(unit.map((cell) => cells[cell])).size === 4)

const showGrid = (cells: ReadonlyArray<number>, separator: string): string =>
  repeated(4, (row) =>
    cells
      .slice(row * 4, row * 4 + 4)
      .map((cell) => (cell === 0 ? "_" : cell))
      .join(" ")
  ).join(separator)

const grid = [1, 2, 3, 4, 3, 4, 1, 2, 2, 1, 4, 3, 4, 3, 2, 1]

const smallSudoku = defineGenerator({
  name: "small-sudoku",
  topic: "logic",
  description: "Any completion of a sudoku of four by four cells",
  hints: ["Look for a cell for which row, column and square leave one number only."],
  instance: Schema.Struct({ cells: Integers, solution: Integers }),
  draw: (random, difficulty) => {
    const digits = shuffled(random, [1, 2, 3, 4])
    // rows change places inside their band, columns inside their stack, so that all units stay whole
    const lines = () => {
      const [first, second] = [shuffled(random, [0, 1]), shuffled(random, [2, 3])]
      return random() < 0.5 ? [...first, ...second] : [...second, ...first]
    }
    const [rows, columns] = [lines(), lines()]
    const solution = rows.flatMap((row) =>
      columns.map((column) => elementAt(digits, elementAt(grid, row * 4 + column) - 1))
    )
    const blank = new Set(
      sampled(
        random,
        repeated(16, (index) => index),
        difficulty + 3
      )
    )
    return { cells: solution.map((cell, index) => (blank.has(index) ? 0 : cell)), solution }
  },
  statement: ({ cells }) =>
    `Fill in the blanks so that every row, every column and each of the four 2 by 2 corner squares holds 1, 2, 3 and 4:\n${showGrid(cells, "\n")}`,
  form: "the four rows, with / between them, as in: 1 2 3 4 / 3 4 1 2 / 2 1 4 3 / 4 3 2 1",
  solve: ({ solution }) => showGrid(solution, " / "),
  size: ({ cells }) => cells.filter((cell) => cell === 0).length,
  verify: ({ cells }, answer) => {
    const filled = answer.replaceAll(/[\s/,|]/g, "")
    if (!/^[1-4]{16}$/.test(filled)) return false
    const numbers = Array.from(filled, Number)
    return isSolved(numbers) && cells.every((cell, index) => cell === 0 || cell === numbers[index])
  }
})

export const logic: ReadonlyArray<DefinedGenerator> = [
  modelCount,
  satisfyingAssignment,
  knightsAndKnaves,
  consistentOrder,
  smallSudoku
]
