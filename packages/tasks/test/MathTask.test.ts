import { uniformStream } from "@sml/env-pomdp"
import { generateMathTask, MathKnowledge, TaskSourceError } from "@sml/tasks"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import { assert, describe, it } from "vitest"

const seeds = fc.integer({ min: 0, max: 0xffffffff })

/** Reads a statement with nothing of the generator's own code. */
const read = (statement: string) => {
  const match =
    /^a = (\d) (\d) \.(?: b = (\d) ([+*-]) (\d)(?: - (\d))? \.)? c = a ([+-]) b \. find c \.$/.exec(
      statement
    )
  assert(match !== null, statement)
  const [, tens, ones, e, first, g, h, op] = match
  const a = Number(`${tens}${ones}`)
  const left = Number(e)
  const right = Number(g)
  const inner = first === "*" ? left * right : first === "+" ? left + right : left - right
  return {
    a,
    op,
    isHard: h !== undefined,
    b: e === undefined ? undefined : inner - Number(h ?? 0)
  }
}

const value = (a: number, op: string | undefined, b: number) => (op === "+" ? a + b : a - b)

describe("generateMathTask", () => {
  it("is a function of the random stream", () => {
    fc.assert(
      fc.property(seeds, fc.boolean(), (seed, underspecified) => {
        const draw = () => generateMathTask(uniformStream(seed), { underspecified })
        assert.deepStrictEqual(draw(), draw())
      })
    )
  })

  it("states a problem whose solution is the reference answer", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const task = generateMathTask(uniformStream(seed))
        const { a, b, op } = read(task.prompt)
        const knowledge = Schema.decodeUnknownSync(MathKnowledge)(task.knowledge)
        assert(b !== undefined)
        assert.deepStrictEqual(knowledge, { kind: "math", answer: value(a, op, b), a, b, op })
        assert(knowledge.answer >= 10 && knowledge.answer <= 99 && knowledge.answer !== a)
        assert(b >= 1 && b <= 9)
        assert.deepStrictEqual(task.missing, [])
      }),
      { numRuns: 1000 }
    )
  })

  it("leaves b open when underspecified: at least two values give a two-digit c", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const task = generateMathTask(uniformStream(seed), { underspecified: true })
        const { a, b, op } = read(task.prompt)
        assert.strictEqual(b, undefined)
        assert.deepStrictEqual(task.missing, ["b"])
        const answers = [1, 2, 3, 4, 5, 6, 7, 8, 9]
          .map((each) => value(a, op, each))
          .filter((each) => each >= 10 && each <= 99)
        assert(answers.length >= 2)
        assert(answers.includes(Schema.decodeUnknownSync(MathKnowledge)(task.knowledge).answer))
      }),
      { numRuns: 1000 }
    )
  })

  it("has ids that tell tasks apart, hidden quantities included", () => {
    const random = uniformStream(3)
    const tasks = Array.from({ length: 3000 }, (_, index) =>
      generateMathTask(random, { underspecified: index % 2 === 0 })
    )
    const contents = new Map<string, string>()
    for (const task of tasks) {
      const content = JSON.stringify({ ...task, id: "" })
      assert.strictEqual(contents.get(task.id) ?? content, content)
      contents.set(task.id, content)
    }
    assert.strictEqual(new Set(contents.values()).size, contents.size)
  })

  it("has the documented shares by default", () => {
    const random = uniformStream(5)
    const tasks = Array.from({ length: 5000 }, () => read(generateMathTask(random).prompt))
    const share = (of: (task: ReturnType<typeof read>) => boolean) =>
      tasks.filter(of).length / tasks.length
    // 70 % plus every tenth of the others, less what the two-digit rule refuses
    assert.closeTo(
      share((task) => task.a % 10 === 0),
      0.72,
      0.03
    )
    assert.closeTo(
      share((task) => task.isHard),
      0.6,
      0.03
    )
    for (let b = 1; b <= 9; b++)
      assert.closeTo(
        share((task) => task.b === b),
        1 / 9,
        0.02
      )
  })

  it("obeys the difficulty", () => {
    const random = uniformStream(6)
    for (let index = 0; index < 300; index++) {
      const { a, b, isHard } = read(
        generateMathTask(random, {
          multipleOfTenShare: 0,
          hardShare: 1,
          minimumA: 31,
          maximumA: 49,
          maximumB: 3
        }).prompt
      )
      assert(a >= 31 && a <= 49 && isHard && b !== undefined && b <= 3)
    }
  })

  it("says what to change when no task fits", () => {
    assert.throws(
      () =>
        generateMathTask(uniformStream(1), {
          underspecified: true,
          maximumB: 2,
          minimumCompletions: 3
        }),
      TaskSourceError,
      /widen the ranges/
    )
  })
})
