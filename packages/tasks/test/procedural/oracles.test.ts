/** The generators' own solvers against slow, obvious ones, and right answers of other forms. */
import { spawnSync } from "node:child_process"
import { createContext, runInContext } from "node:vm"

import type { Task } from "@sml/env-pomdp"
import { createTasks, verifyAnswer } from "@sml/tasks"
import * as Schema from "effect/Schema"
import { assert, describe, it } from "vitest"

const Answer = Schema.Struct({ answer: Schema.String })
const answerOf = (task: Task) => Schema.decodeUnknownSync(Answer)(task.knowledge).answer

const instanceOf = <A>(schema: Schema.Codec<A, Schema.Json>, task: Task): A =>
  Schema.decodeUnknownSync(Schema.Struct({ instance: schema }))(task.knowledge).instance

/** Some tasks of each of the given difficulties. */
const tasksOf = (name: string, difficulties: ReadonlyArray<number>, size = 8) =>
  difficulties.flatMap((difficulty) => createTasks(name, { seed: 11, difficulty, size }))

const isRight = (task: Task, answer: string) => verifyAnswer(task, `Answer: ${answer}`)

const namesOf = (list: ReadonlyArray<{ readonly name: string }>) =>
  list.map(({ name }) => name).join(", ")

const subsets = <A>(list: ReadonlyArray<A>): Array<Array<A>> =>
  Array.from({ length: 2 ** list.length }, (_, bits) =>
    list.filter((_element, index) => (bits >> index) & 1)
  )

const Numbers = Schema.Struct({ numbers: Schema.Array(Schema.Int) })
const Texts = Schema.Struct({ left: Schema.String, right: Schema.String })
const Pair = Schema.Struct({ a: Schema.Int, b: Schema.Int })

describe("solvers agree with slow ones", () => {
  it("integer-expression with JavaScript's own arithmetic", () => {
    const shape = Schema.Struct({ expression: Schema.String })
    for (const task of tasksOf("integer-expression", [1, 4, 10])) {
      const { expression } = instanceOf(shape, task)
      assert.match(expression, /^[\d\s()*+-]+$/)
      assert.strictEqual(answerOf(task), String(runInContext(expression, createContext({}))))
    }
  })

  it("loop-trace with the same loop in JavaScript", () => {
    for (const task of tasksOf("loop-trace", [1, 5, 10])) {
      const [, start, rounds, factor, modulus, bonus] =
        /x = (\d+)\n.*range\((\d+)\):\n\s+x = \(x \* (\d+) \+ i\) % (\d+)\n.*\n\s+x = x \+ (-?\d+)\n/
          .exec(task.prompt)
          ?.map(Number) ?? []
      assert(start !== undefined && rounds !== undefined && factor !== undefined)
      assert(modulus !== undefined && bonus !== undefined)
      let x = start
      for (let i = 0; i < rounds; i++) {
        x = (((x * factor + i) % modulus) + modulus) % modulus
        if (x % 2 === 0) x += bonus
      }
      assert.strictEqual(answerOf(task), String(x))
    }
  })

  it("knapsack with all choices", () => {
    const Thing = Schema.Struct({ weight: Schema.Int, value: Schema.Int })
    const shape = Schema.Struct({ things: Schema.Array(Thing), limit: Schema.Int })
    for (const task of tasksOf("knapsack", [1, 5, 8])) {
      const { limit, things } = instanceOf(shape, task)
      const worths = subsets(things)
        .filter((chosen) => chosen.reduce((sum, { weight }) => sum + weight, 0) <= limit)
        .map((chosen) => chosen.reduce((sum, { value }) => sum + value, 0))
      assert.strictEqual(answerOf(task), String(Math.max(...worths)))
    }
  })

  it("model-count with a search through the text of the statement", () => {
    for (const task of tasksOf("model-count", [1, 5, 10])) {
      const formula = (task.prompt.split("\n")[1] ?? "")
        .replaceAll(/\bnot\b/g, "!")
        .replaceAll(/\bor\b/g, "||")
        .replaceAll(/\band\b/g, "&&")
      const names = Array.from(new Set(task.prompt.split(" is true")[0]?.match(/\b[A-Z]\b/g)))
      const count = subsets(names).filter((chosen) =>
        runInContext(
          formula,
          createContext(Object.fromEntries(names.map((name) => [name, chosen.includes(name)])))
        )
      ).length
      assert.strictEqual(answerOf(task), String(count))
    }
  })

  it("increasing-subsequence with all choices", () => {
    for (const task of tasksOf("increasing-subsequence", [1, 3])) {
      const { numbers } = instanceOf(Numbers, task)
      const rising = subsets(numbers).filter((kept) =>
        kept.every((value, index) => index === 0 || (kept[index - 1] ?? 0) < value)
      )
      const longest = Math.max(...rising.map((kept) => kept.length))
      for (const kept of rising) {
        assert.strictEqual(isRight(task, kept.join(", ") || "none"), kept.length === longest)
      }
    }
  })

  it("common-subsequence with all choices", () => {
    for (const task of tasksOf("common-subsequence", [1, 3], 4)) {
      const { left, right } = instanceOf(Texts, task)
      const words = (text: string) =>
        new Set(subsets(Array.from(text)).map((kept) => kept.join("")))
      const ofRight = words(right)
      const common = Array.from(words(left)).filter((word) => ofRight.has(word))
      const longest = Math.max(...common.map((word) => word.length))
      for (const word of words(left)) {
        const expected = ofRight.has(word) && word.length === longest
        assert.strictEqual(isRight(task, word || "-"), expected)
      }
    }
  })

  it("edit-distance with a plain recursion", () => {
    const distance = (left: string, right: string): number =>
      left === "" || right === ""
        ? left.length + right.length
        : Math.min(
            distance(left.slice(1), right) + 1,
            distance(left, right.slice(1)) + 1,
            distance(left.slice(1), right.slice(1)) + (left[0] === right[0] ? 0 : 1)
          )
    for (const task of tasksOf("edit-distance", [1, 3])) {
      const { left, right } = instanceOf(Texts, task)
      assert.strictEqual(answerOf(task), String(distance(left, right)))
    }
  })

  it("coin-change with all payments of a few coins", () => {
    const shape = Schema.Struct({ coins: Schema.Array(Schema.Int), amount: Schema.Int })
    for (const task of tasksOf("coin-change", [1, 2])) {
      const { amount, coins } = instanceOf(shape, task)
      let sums = new Set([0])
      let count = 0
      for (; !sums.has(amount); count++) {
        sums = new Set(Array.from(sums).flatMap((sum) => coins.map((coin) => sum + coin)))
      }
      assert.lengthOf(answerOf(task).split(", "), count)
    }
  })

  it("schedule with all choices", () => {
    const Talk = Schema.Struct({ start: Schema.Int, end: Schema.Int })
    const shape = Schema.Struct({ talks: Schema.Array(Talk) })
    for (const task of tasksOf("schedule", [1, 4], 4)) {
      const talks = instanceOf(shape, task).talks.map(({ end, start }, index) => ({
        start,
        end,
        name: String.fromCharCode(65 + index)
      }))
      const possible = subsets(talks).filter((chosen) =>
        chosen.every((one) =>
          chosen.every((other) => one === other || one.end <= other.start || other.end <= one.start)
        )
      )
      const most = Math.max(...possible.map((chosen) => chosen.length))
      for (const chosen of subsets(talks).filter((some) => some.length > 0)) {
        const expected =
          chosen.length === most && possible.some((some) => namesOf(some) === namesOf(chosen))
        assert.strictEqual(isRight(task, namesOf(chosen)), expected)
      }
    }
  })

  it("shortest-path and spanning-tree with all choices", () => {
    const Edge = Schema.Struct({ from: Schema.Int, to: Schema.Int, length: Schema.Int })
    const shape = Schema.Struct({ count: Schema.Int, edges: Schema.Array(Edge) })
    for (const task of tasksOf("shortest-path", [1, 3], 5)) {
      const { count, edges } = instanceOf(shape, task)
      const paths: Array<{ path: Array<number>; length: number }> = []
      const extend = (path: Array<number>, length: number) => {
        const last = path.at(-1)
        if (last === count - 1) paths.push({ path, length })
        else {
          for (const edge of edges) {
            const next = edge.from === last ? edge.to : edge.to === last ? edge.from : -1
            if (next >= 0 && !path.includes(next)) extend([...path, next], length + edge.length)
          }
        }
      }
      extend([0], 0)
      const least = Math.min(...paths.map(({ length }) => length))
      for (const { length, path } of paths) {
        const names = path.map((node) => String.fromCharCode(65 + node)).join(" -> ")
        assert.strictEqual(isRight(task, names), length === least)
      }
    }
    for (const task of tasksOf("spanning-tree", [1, 2], 5)) {
      const { count, edges } = instanceOf(shape, task)
      const totals = subsets(edges)
        .filter((chosen) => {
          const reached = new Set([0])
          for (let round = 0; round < count; round++) {
            for (const { from, to } of chosen) {
              if (reached.has(from) || reached.has(to)) reached.add(from).add(to)
            }
          }
          return reached.size === count
        })
        .map((chosen) => chosen.reduce((sum, { length }) => sum + length, 0))
      assert.strictEqual(answerOf(task), String(Math.min(...totals)))
    }
  })
})

describe("other right answers are right too", () => {
  it("every prime factor, and no other divisor", () => {
    const shape = Schema.Struct({ n: Schema.Int })
    for (const task of tasksOf("prime-factor", [1, 2])) {
      const { n } = instanceOf(shape, task)
      for (let divisor = 1; divisor <= n; divisor++) {
        if (n % divisor !== 0) continue
        let divisors = 0
        for (let other = 1; other <= divisor; other++) if (divisor % other === 0) divisors++
        assert.strictEqual(isRight(task, String(divisor)), divisors === 2)
      }
    }
  })

  it("other pairs of Bézout, and other inverses", () => {
    for (const task of tasksOf("bezout-pair", [1, 5, 10])) {
      const { a, b } = instanceOf(Pair, task)
      const [x = 0, y = 0] = answerOf(task).split(", ").map(Number)
      assert.isTrue(isRight(task, `x = ${x + b}, y = ${y - a}`))
      assert.isFalse(isRight(task, `${x + b}, ${y}`))
    }
    const shape = Schema.Struct({ a: Schema.Int, modulus: Schema.Int })
    for (const task of tasksOf("modular-inverse", [1, 5, 10])) {
      const { modulus } = instanceOf(shape, task)
      assert.isTrue(isRight(task, String(Number(answerOf(task)) - modulus)))
      assert.isFalse(isRight(task, String(Number(answerOf(task)) + 1)))
    }
  })

  it("every root, in any notation of the number", () => {
    const shape = Schema.Struct({ coefficients: Schema.Array(Schema.Int) })
    for (const task of tasksOf("polynomial-root", [1, 6])) {
      const { coefficients } = instanceOf(shape, task)
      for (let x = -20; x <= 20; x++) {
        const isRoot = coefficients.reduce((value, factor) => value * x + factor, 0) === 0
        assert.strictEqual(isRight(task, String(x)), isRoot)
        assert.strictEqual(isRight(task, `x = ${x}.0`), isRoot)
      }
    }
  })

  it("pairs in another order, and lists in other brackets", () => {
    for (const name of ["linear-system", "knights-and-knaves", "graph-colouring"]) {
      for (const task of tasksOf(name, [3])) {
        assert.isTrue(isRight(task, answerOf(task).split(", ").toReversed().join(", ")))
      }
    }
    for (const task of tasksOf("number-sort", [2])) {
      assert.isTrue(isRight(task, `[${answerOf(task)}]`))
    }
  })

  it("a list function by another row of steps", () => {
    for (const task of tasksOf("list-induction", [1, 5, 9])) {
      assert.isTrue(isRight(task, `reverse | reverse | ${answerOf(task)}`))
      assert.isFalse(isRight(task, `${answerOf(task)} | drop 1`))
    }
    for (const task of tasksOf("stack-program", [1, 5, 10])) {
      assert.isTrue(isRight(task, `${answerOf(task)} dup drop`))
      assert.isFalse(isRight(task, `${answerOf(task)} 1 add`))
    }
  })

  it("any way through a maze, unless it goes through a wall", () => {
    for (const task of tasksOf("maze-path", [2, 6])) {
      const path = answerOf(task)
      const back = { U: "D", D: "U", L: "R", R: "L" }[path[0] ?? ""] ?? ""
      assert.isTrue(isRight(task, `${path[0]}${back}${path}`))
      assert.isFalse(isRight(task, `U${path}`))
    }
  })
})

const Program = Schema.Struct({
  solution: Schema.String,
  tests: Schema.Struct({
    calls: Schema.Array(Schema.Struct({ args: Schema.Array(Schema.Json), expected: Schema.Json }))
  })
})
const programOf = (task: Task) => Schema.decodeUnknownSync(Program)(task.knowledge)

describe("programs", () => {
  it("list-function: the solution does what the tests say", () => {
    for (const task of tasksOf("list-function", [1, 4, 7, 10])) {
      const { solution, tests } = programOf(task)
      const calls = tests.calls.map(({ args }) => `f(...${JSON.stringify(args)})`)
      const values = runInContext(
        `${solution}; JSON.stringify([${calls.join()}])`,
        createContext({})
      )
      assert.strictEqual(values, JSON.stringify(tests.calls.map(({ expected }) => expected)))
    }
  })

  const hasPython = spawnSync("python3", ["--version"]).status === 0

  it.runIf(hasPython)("function-induction: the solution does what the tests say", () => {
    const tasks = tasksOf("function-induction", [1, 4, 7, 10]).map(programOf)
    const script = tasks
      .map(
        ({ solution, tests }) =>
          `${solution}\nprint([${tests.calls.map(({ args }) => `f(*${JSON.stringify(args)})`).join()}], sep="")`
      )
      .join("\n")
    const { stdout } = spawnSync("python3", ["-c", script], { encoding: "utf8" })
    assert.strictEqual(
      stdout.trim(),
      tasks
        .map(
          ({ tests }) =>
            `[${tests.calls.map(({ expected }) => JSON.stringify(expected)).join(", ")}]`
        )
        .join("\n")
    )
  })
})
