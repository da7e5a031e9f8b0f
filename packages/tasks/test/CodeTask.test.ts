import { uniformStream } from "@sml/env-pomdp"
import { CodeKnowledge, generateCodeTask, hiddenInputs, TaskSourceError } from "@sml/tasks"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import { assert, describe, it } from "vitest"

const seeds = fc.integer({ min: 0, max: 0xffffffff })

/** Reads a statement with nothing of the generator's own code. */
const read = (statement: string) => {
  const op = /^write f \( x \) = x \* k ([+-]) m \./.exec(statement)?.[1]
  assert(op !== undefined, statement)
  const examples = Array.from(
    statement.matchAll(/ f \( (\d) \) = ((?:- )?\d(?: \d)*) \./g),
    (match) => [Number(match[1]), Number((match[2] ?? "").replaceAll(" ", ""))] as const
  )
  return { op, examples }
}

/** Every (k, m) in range that agrees with the statement. */
const solutions = (statement: string) => {
  const { examples, op } = read(statement)
  const found: Array<readonly [number, number]> = []
  for (let k = 1; k <= 9; k++) {
    for (let m = 0; m <= 9; m++) {
      const f = (x: number) => (op === "+" ? x * k + m : x * k - m)
      if (examples.every(([x, y]) => f(x) === y)) found.push([k, m])
    }
  }
  return found
}

describe("generateCodeTask", () => {
  it("is a function of the random stream", () => {
    fc.assert(
      fc.property(seeds, fc.boolean(), (seed, underspecified) => {
        const draw = () => generateCodeTask(uniformStream(seed), { underspecified })
        assert.deepStrictEqual(draw(), draw())
      })
    )
  })

  it("states two values that leave one solution, the reference", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const task = generateCodeTask(uniformStream(seed))
        const { examples, op } = read(task.prompt)
        const inputs = examples.map(([x]) => x)
        assert.strictEqual(inputs.length, 2)
        assert(
          (inputs[0] ?? 9) < (inputs[1] ?? 0) && (inputs[0] ?? -1) >= 0 && (inputs[1] ?? 9) <= 6
        )
        const [solution, ...others] = solutions(task.prompt)
        assert(solution !== undefined)
        assert.deepStrictEqual(others, [])
        const [k, m] = solution
        assert.deepStrictEqual(Schema.decodeUnknownSync(CodeKnowledge)(task.knowledge), {
          kind: "code",
          reference: `x => x * ${k} ${op} ${m}`,
          k,
          m,
          op,
          hiddenInputs,
          entry: "f"
        })
        assert.deepStrictEqual(task.missing, [])
      }),
      { numRuns: 1000 }
    )
  })

  it("leaves several solutions when underspecified, and never shows f ( 0 )", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const task = generateCodeTask(uniformStream(seed), { underspecified: true })
        const { examples } = read(task.prompt)
        assert.strictEqual(examples.length, 1)
        assert.notStrictEqual(examples[0]?.[0], 0)
        const found = solutions(task.prompt)
        assert(found.length >= 2)
        const { k, m } = Schema.decodeUnknownSync(CodeKnowledge)(task.knowledge)
        assert(found.some((each) => each[0] === k && each[1] === m))
        // being told k leaves one solution: k is all that is missing
        assert.strictEqual(found.filter((each) => each[0] === k).length, 1)
        assert.deepStrictEqual(task.missing, ["k"])
      }),
      { numRuns: 1000 }
    )
  })

  it("draws every pair of inputs and both operations", () => {
    const random = uniformStream(4)
    const tasks = Array.from({ length: 3000 }, () => read(generateCodeTask(random).prompt))
    const pairs = new Set(tasks.map(({ examples }) => examples.map(([x]) => x).join()))
    assert.strictEqual(pairs.size, 21)
    assert.closeTo(tasks.filter(({ op }) => op === "-").length / tasks.length, 0.5, 0.04)
  })

  it("obeys the difficulty", () => {
    const random = uniformStream(6)
    for (let index = 0; index < 300; index++) {
      const task = generateCodeTask(random, {
        maximumK: 3,
        maximumM: 4,
        subtractShare: 0,
        minimumInput: 2,
        maximumInput: 4
      })
      const { k, m, op } = Schema.decodeUnknownSync(CodeKnowledge)(task.knowledge)
      assert(k <= 3 && m <= 4 && op === "+")
      assert(read(task.prompt).examples.every(([x]) => x >= 2 && x <= 4))
    }
  })

  it("says what to change when no task fits", () => {
    assert.throws(
      () => generateCodeTask(uniformStream(1), { minimumInput: 4, maximumInput: 4 }),
      TaskSourceError,
      /raise maximumInput/
    )
    assert.throws(
      () =>
        generateCodeTask(uniformStream(1), {
          underspecified: true,
          minimumInput: 6,
          minimumCompletions: 9
        }),
      TaskSourceError,
      /widen the ranges/
    )
  })
})
