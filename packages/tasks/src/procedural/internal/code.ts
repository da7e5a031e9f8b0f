/** Code: stack programs, list functions, loops, functions from examples. */
import * as Schema from "effect/Schema"

import type { Random } from "../../Random.ts"
import { randomElement, randomInteger } from "../../Random.ts"
import { parseIntegers } from "./answerText.ts"
import type { DefinedGenerator } from "./defineGenerator.ts"
import { defineGenerator } from "./defineGenerator.ts"
import { drawUntil, nonZero, repeated } from "./draws.ts"
import { elementAt } from "./elementAt.ts"
import {
  describe,
  javaScriptOf,
  parsePipeline,
  runPipeline,
  showStep,
  stepNames,
  stepTable
} from "./ListPipeline.ts"
import { instructions, runStack } from "./StackProgram.ts"

const Integers = Schema.Array(Schema.Int)
const Lists = Schema.Array(Integers)

const sameList = (left: ReadonlyArray<number>, right: ReadonlyArray<number>): boolean =>
  left.join(" ") === right.join(" ")

const drawToken = (random: Random): string =>
  random() < 0.45
    ? String(randomInteger(random, 1, 9))
    : randomElement(random, [
        "add",
        "sub",
        "mul",
        "add",
        "sub",
        "mul",
        "dup",
        "swap",
        "over",
        "drop"
      ])

const stackEvaluation = defineGenerator({
  name: "stack-evaluation",
  topic: "code",
  description: "What a stack program leaves on top of its stack",
  hints: ["Write the whole stack down after every instruction."],
  instance: Schema.Struct({ tokens: Schema.Array(Schema.String), top: Schema.Int }),
  draw: (random, difficulty) => {
    const tokens = drawUntil(
      () => [
        ...repeated(2, () => String(randomInteger(random, 1, 20))),
        ...repeated(2 * difficulty, () => drawToken(random)),
        randomElement(random, ["add", "sub", "mul"])
      ],
      (drawn) => Math.abs(runStack(drawn)?.at(-1) ?? Infinity) < 1e6
    )
    return { tokens, top: elementAt(runStack(tokens)?.slice(-1) ?? [], 0) }
  },
  statement: ({ tokens }) =>
    `A stack machine works through its program from left to right: ${instructions}. Which number is on top of the stack after this program?\n${tokens.join(" ")}`,
  form: "the number",
  solve: ({ top }) => String(top),
  size: ({ tokens }) => tokens.length
})

const topOf = (tokens: ReadonlyArray<string>, start: ReadonlyArray<number>) =>
  runStack(tokens, start)?.at(-1)

const stackProgram = defineGenerator({
  name: "stack-program",
  topic: "code",
  description: "Any stack program that agrees with examples, the unseen ones included",
  hints: ["Find the formula that the examples have in common, then write it operands first."],
  instance: Schema.Struct({ tokens: Schema.Array(Schema.String), shown: Lists, hidden: Lists }),
  draw: (random, difficulty) => {
    const draw = () => [randomInteger(random, -9, 9), randomInteger(random, -9, 9)]
    const [shown, hidden] = [repeated(3 + Math.ceil(difficulty / 2), draw), repeated(8, draw)]
    const tokens = drawUntil(
      () => repeated(difficulty + 1, () => drawToken(random)),
      (drawn) => {
        const values = shown.map((start) => topOf(drawn, start))
        // no shorter program made by leaving a stretch of it out does the same
        const isShort = () =>
          drawn.every((_, first) =>
            drawn.slice(first).every((_token, more) => {
              const without = drawn.toSpliced(first, more + 1)
              return shown.some((start, index) => topOf(without, start) !== values[index])
            })
          )
        return !values.includes(undefined) && new Set(values).size > 2 && isShort()
      }
    )
    return { tokens, shown, hidden }
  },
  statement: ({ shown, tokens }) =>
    `A stack machine works through its program from left to right: ${instructions}. At the beginning the stack holds two numbers. Write a program for any two numbers; in these examples the number on top at the end has to be:\n${shown
      .map((start) => `${start.join(" ")} (the last one on top) gives ${topOf(tokens, start)}`)
      .join("\n")}`,
  form: "the instructions with blanks between them",
  canonical: ({ tokens }) => `stack-program ${tokens.join(" ")}`,
  solve: ({ tokens }) => tokens.join(" "),
  size: ({ tokens }) => tokens.length,
  verify: ({ hidden, shown, tokens }, answer) => {
    const given = answer
      .toLowerCase()
      .trim()
      .split(/[\s,;]+/)
    return (
      given.length <= 200 &&
      [...shown, ...hidden].every((start) => {
        const top = topOf(given, start)
        return top !== undefined && top === topOf(tokens, start)
      })
    )
  }
})

const drawList = (random: Random, length: number) => () =>
  repeated(length, () => randomInteger(random, 0, 12))

/** Steps of which every one, and every number in them, matters for the given lists. */
const drawPipeline = (random: Random, length: number, lists: typeof Lists.Type) =>
  drawUntil(
    () =>
      repeated(length, () => {
        const name = randomElement(random, stepNames)
        const k = randomInteger(random, 1, 9)
        return { name, k: name.endsWith("k") ? k : 0 }
      }),
    (pipeline) => {
      const full = lists.map((list) => runPipeline(pipeline, list))
      const differs = (other: typeof pipeline) =>
        lists.some((list, index) => !sameList(runPipeline(other, list), elementAt(full, index)))
      const matters = pipeline.every(
        (step, left) =>
          differs(pipeline.toSpliced(left, 1)) &&
          (step.k === 0 ||
            [step.k - 1, step.k + 1].every((k) => differs(pipeline.with(left, { ...step, k }))))
      )
      return matters && full.filter((list) => list.length > 1).length * 2 > full.length
    }
  )

const show = (list: ReadonlyArray<number>): string => `[${list.join(", ")}]`

const Pipeline = Schema.Struct({ pipeline: Schema.String, shown: Lists, hidden: Lists })

/** The steps of an instance's own text. */
const stepsOf = (text: string) => parsePipeline(text) ?? []

const drawInduction = (random: Random, length: number, examples: number): typeof Pipeline.Type => {
  const draw = drawList(random, 7)
  const [shown, hidden] = [repeated(examples, draw), repeated(8, draw)]
  const pipeline = drawPipeline(random, length, shown).map(showStep).join(" | ")
  return { pipeline, shown, hidden: [...hidden, [], [5]] }
}

const listEvaluation = defineGenerator({
  name: "list-evaluation",
  topic: "code",
  description: "What a row of list steps makes of a list",
  hints: ["Write the whole list down after every step."],
  instance: Schema.Struct({ pipeline: Schema.String, list: Integers }),
  draw: (random, difficulty) => {
    const list = drawList(random, 7)()
    const length = Math.ceil(difficulty / 2)
    const pipeline = drawUntil(
      () => drawPipeline(random, length, [list]),
      (steps) => runPipeline(steps, list).length > 0
    )
    return { list, pipeline: pipeline.map(showStep).join(" | ") }
  },
  statement: ({ list, pipeline }) =>
    `These steps change a list of integers: ${stepTable}. What does ${pipeline} make of ${show(list)}?`,
  form: "the list",
  solve: ({ list, pipeline }) => show(runPipeline(stepsOf(pipeline), list)),
  size: ({ pipeline }) => stepsOf(pipeline).length,
  verify: ({ list, pipeline }, answer) => {
    const given = parseIntegers(answer)
    return given !== undefined && sameList(given, runPipeline(stepsOf(pipeline), list))
  }
})

const listInduction = defineGenerator({
  name: "list-induction",
  topic: "code",
  description: "Any row of list steps that agrees with examples, the unseen ones included",
  hints: ["Look at the lengths first: they tell whether numbers were left out; then at the order."],
  instance: Pipeline,
  draw: (random, difficulty) =>
    drawInduction(random, Math.ceil(difficulty / 2), 3 + Math.ceil(difficulty / 3)),
  statement: ({ pipeline, shown }) =>
    `These steps change a list of integers: ${stepTable}; k stands for a number. Find steps that do this to the following lists, and the same to others:\n${shown
      .map((list) => `${show(list)} becomes ${show(runPipeline(stepsOf(pipeline), list))}`)
      .join("\n")}`,
  form: "the steps with | between them, as in: reverse | map +3",
  canonical: ({ pipeline }) => `list-induction ${pipeline}`,
  solve: ({ pipeline }) => pipeline,
  size: ({ pipeline }) => stepsOf(pipeline).length,
  verify: ({ hidden, pipeline, shown }, answer) => {
    const given = parsePipeline(answer)
    if (given === undefined || given.length > 50) return false
    return [...shown, ...hidden].every((list) =>
      sameList(runPipeline(given, list), runPipeline(stepsOf(pipeline), list))
    )
  }
})

const listFunction = defineGenerator({
  name: "list-function",
  topic: "code",
  description: "A JavaScript function of a list, told in words",
  hints: ["Take one step at a time; every step makes a new list of the list before."],
  instance: Pipeline,
  draw: (random, difficulty) => drawInduction(random, Math.ceil(difficulty / 2), 3),
  statement: ({ pipeline, shown }) => {
    const [list = []] = shown
    const result = show(runPipeline(stepsOf(pipeline), list))
    return `Write a JavaScript function f that takes a list of integers and returns a new list: ${describe(stepsOf(pipeline))}. For example, f(${show(list)}) is ${result}. Answer with one code block.`
  },
  form: "",
  canonical: ({ pipeline }) => `list-function ${pipeline}`,
  solve: ({ pipeline }) => `function f(list) {\n  return ${javaScriptOf(stepsOf(pipeline))}\n}`,
  size: ({ pipeline }) => stepsOf(pipeline).length,
  program: ({ hidden, pipeline, shown }) => ({
    language: "javascript",
    calls: [...shown, ...hidden].map((list) => ({
      fn: "f",
      args: [list],
      expected: runPipeline(stepsOf(pipeline), list)
    }))
  })
})

const Formula = Schema.Array(
  Schema.Struct({ op: Schema.Literals(["+", "-", "*", "//", "%"]), k: Schema.Int })
)

// as in Python: the quotient is rounded down, the remainder has the divisor's sign
const valueOf = (formula: typeof Formula.Type, x: number): number =>
  formula.reduce((value, { k, op }) => {
    if (op === "+") return value + k
    if (op === "-") return value - k
    if (op === "*") return value * k
    return op === "//" ? Math.floor(value / k) : value - k * Math.floor(value / k)
  }, x)

const pythonOf = (formula: typeof Formula.Type): string =>
  formula.reduce((text, { k, op }) => `(${text} ${op} ${k})`, "x").replace(/^\((.*)\)$/, "$1")

const functionInduction = defineGenerator({
  name: "function-induction",
  topic: "code",
  description:
    "A Python function of an integer that agrees with examples, the unseen ones included",
  hints: ["Look at the differences of neighbouring values, and at where they repeat."],
  instance: Schema.Struct({ formula: Formula, shown: Integers, hidden: Integers }),
  draw: (random, difficulty) => {
    const shown = repeated(6 + difficulty, (index) => index)
    const hidden = [-7, -2, ...repeated(6, (index) => shown.length + 3 * index)]
    const value = (drawn: typeof Formula.Type) => shown.map((x) => valueOf(drawn, x))
    const formula = drawUntil(
      () =>
        repeated(Math.ceil(difficulty / 2), () => {
          const op = randomElement(random, ["+", "-", "*", "*", "//", "%"] as const)
          return {
            op,
            k: randomInteger(random, 2, op === "+" || op === "-" ? 99 : op === "*" ? 40 : 9)
          }
        }),
      (drawn) =>
        new Set(value(drawn)).size > 2 &&
        drawn.every(
          (step, left) =>
            !sameList(value(drawn.toSpliced(left, 1)), value(drawn)) &&
            [step.k - 1, step.k + 1].every(
              (k) => !sameList(value(drawn.with(left, { ...step, k })), value(drawn))
            )
        )
    )
    return { formula, shown, hidden }
  },
  statement: ({ formula, shown }) =>
    `Write a Python function f of one integer with these values: ${shown
      .map((x) => `f(${x}) = ${valueOf(formula, x)}`)
      .join(
        ", "
      )}. It is made of +, -, *, // and % with whole numbers, and is tried on other integers too. Answer with one code block.`,
  form: "",
  canonical: ({ formula }) => `function-induction ${pythonOf(formula)}`,
  solve: ({ formula }) => `def f(x):\n    return ${pythonOf(formula)}`,
  size: ({ formula }) => formula.length,
  program: ({ formula, hidden, shown }) => ({
    language: "python",
    calls: [...shown, ...hidden].map((x) => ({
      fn: "f",
      args: [x],
      expected: valueOf(formula, x)
    }))
  })
})

const Loop = Schema.Struct({
  start: Schema.Int,
  rounds: Schema.Int,
  factor: Schema.Int,
  modulus: Schema.Int,
  bonus: Schema.Int
})

const loopTrace = defineGenerator({
  name: "loop-trace",
  topic: "code",
  description: "The value of a variable after a loop",
  hints: ["Write a line for every round: the counter and the variable after each statement."],
  instance: Loop,
  draw: (random, difficulty) => ({
    start: randomInteger(random, 1, 30),
    rounds: difficulty + 1,
    factor: randomInteger(random, 2, 9),
    modulus: randomInteger(random, 11, 99),
    bonus: nonZero(random, 9)
  }),
  statement: ({ bonus, factor, modulus, rounds, start }) =>
    `What does this Python program print?\n\nx = ${start}\nfor i in range(${rounds}):\n    x = (x * ${factor} + i) % ${modulus}\n    if x % 2 == 0:\n        x = x + ${bonus}\nprint(x)`,
  form: "the number",
  solve: ({ bonus, factor, modulus, rounds, start }) => {
    let x = start
    for (let i = 0; i < rounds; i++) {
      const value = x * factor + i
      x = value - modulus * Math.floor(value / modulus)
      if (x % 2 === 0) x += bonus
    }
    return String(x)
  },
  size: ({ rounds }) => rounds
})

export const code: ReadonlyArray<DefinedGenerator> = [
  stackEvaluation,
  stackProgram,
  listEvaluation,
  listInduction,
  listFunction,
  functionInduction,
  loopTrace
]
