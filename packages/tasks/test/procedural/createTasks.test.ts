import { createTasks, generators, TaskSourceError, verifyAnswer } from "@sml/tasks"
import { GeneratedProblem } from "@sml/tasks/procedural"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import { assert, describe, it } from "vitest"

const problemOf = Schema.decodeUnknownSync(GeneratedProblem)

const difficulties = Array.from({ length: 10 }, (_, index) => index + 1)

const create = (name: string, difficulty: number, split: "train" | "test", seed = 5, size = 6) =>
  createTasks(name, { seed, difficulty, split, size })

// what every kind of knowledge has to look like for those who read it
const Knowledge = Schema.Union([
  Schema.Struct({ kind: Schema.Literal("math-answer"), answer: Schema.NonEmptyString }),
  Schema.Struct({ kind: Schema.Literal("generated"), answer: Schema.NonEmptyString }),
  Schema.Struct({
    kind: Schema.Literal("program"),
    language: Schema.Literals(["python", "javascript"]),
    preamble: Schema.String,
    solution: Schema.NonEmptyString,
    tests: Schema.Struct({
      kind: Schema.Literal("calls"),
      calls: Schema.NonEmptyArray(
        Schema.Struct({
          fn: Schema.NonEmptyString,
          args: Schema.Array(Schema.Json),
          expected: Schema.Json
        })
      )
    })
  })
])
const knowledgeOf = Schema.decodeUnknownSync(Knowledge)

const domains = { "math-answer": "math", generated: "puzzle", program: "code" } as const

/** Answers that cannot be right, whatever the problem. */
const changed = (name: string, answer: string): ReadonlyArray<string> =>
  // of these another number may be right by chance
  ["prime-factor", "polynomial-root", "modular-inverse"].includes(name)
    ? [`${answer}.5`, `${answer}/7`]
    : [`${answer}9`, name === "decimal-sum" ? `${answer}5` : answer.slice(0, -1)]

describe("the catalogue", () => {
  it("holds generators of every topic, each name once", () => {
    assert.isAtLeast(generators.length, 25)
    assert.lengthOf(new Set(generators.map(({ name }) => name)), generators.length)
    assert.lengthOf(new Set(generators.map(({ topic }) => topic)), 7)
  })
})

describe.each(generators)("$name", ({ name }) => {
  const statements = (split: "train" | "test") =>
    new Set(
      [1, 2, 7].flatMap((seed) =>
        difficulties.flatMap((difficulty) =>
          create(name, difficulty, split, seed, 4).map(({ prompt }) => prompt)
        )
      )
    )

  it("gives equal tasks to equal requests, and a longer list begins with the shorter one", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 0xffffffff }),
        fc.integer({ min: 1, max: 10 }),
        fc.constantFrom("train" as const, "test" as const),
        (seed, difficulty, split) => {
          const tasks = create(name, difficulty, split, seed, 2)
          assert.deepStrictEqual(create(name, difficulty, split, seed, 2), tasks)
          assert.deepStrictEqual(create(name, difficulty, split, seed, 1), tasks.slice(0, 1))
        }
      ),
      { numRuns: 6, seed: 1 }
    )
  })

  it("has knowledge of the form that its reader expects, and hints that tell no number", () => {
    for (const task of difficulties.flatMap((difficulty) =>
      create(name, difficulty, "train", 2, 3)
    )) {
      const { kind } = knowledgeOf(task.knowledge)
      assert.strictEqual(task.domain, domains[kind])
      assert.deepStrictEqual(task.missing, [])
      const problem = problemOf(task.knowledge)
      assert.strictEqual(problem.generator, name)
      assert.isNotEmpty(problem.hints)
      // 2^53 bounds the arithmetic of all verifiers
      assert.notMatch(problem.hints.join(), /(?<!2)\d/)
    }
  })

  it("grows with the difficulty", () => {
    const sizes = difficulties.map((difficulty) => {
      const tasks = create(name, difficulty, "train", 9, 20)
      const total = tasks.reduce((sum, { knowledge }) => sum + problemOf(knowledge).size, 0)
      return total / tasks.length
    })
    for (const [index, size] of sizes.slice(1).entries()) assert.isAtLeast(size, sizes[index] ?? 0)
    assert.isAbove(sizes[9] ?? 0, sizes[0] ?? 0)
  })

  it("shares no statement between train and test, whatever the seed and the difficulty", () => {
    const [train, test] = [statements("train"), statements("test")]
    assert.isAbove(test.size, 40)
    assert.deepStrictEqual(
      Array.from(test).filter((statement) => train.has(statement)),
      []
    )
  })
})

const namesOf = (isProgram: boolean) =>
  generators.filter(({ judge }) => (judge === "program") === isProgram).map(({ name }) => name)

describe("verifyAnswer", () => {
  it.each(namesOf(false))("%s: takes the reference answer and refuses a changed one", (name) => {
    for (const difficulty of difficulties) {
      for (const task of create(name, difficulty, "train")) {
        const knowledge = knowledgeOf(task.knowledge)
        assert(knowledge.kind !== "program")
        const { answer } = knowledge
        for (const text of [answer, `Answer: ${answer}`, `I think so.\n\n**Answer:** ${answer}`]) {
          assert.isTrue(verifyAnswer(task, text), `${task.prompt}\n${text}`)
        }
        for (const wrong of [...changed(name, answer), "I do not know", "()"]) {
          assert.isNotTrue(verifyAnswer(task, wrong), `${task.prompt}\n${answer}\n${wrong}`)
        }
        assert.isUndefined(verifyAnswer(task, "Let me see.\nWhat is asked?"))
      }
    }
  })

  it.each(namesOf(true))("%s: leaves programs to a sandbox", (name) => {
    const [task] = create(name, 1, "train", 1, 1)
    assert(task !== undefined)
    assert.throws(() => verifyAnswer(task, "f"), /run it against the tests/)
  })
})

describe("createTasks", () => {
  it("keeps equal problems of another order on one side", () => {
    const problems = [1, 2, 3, 4].flatMap((seed) =>
      (["train", "test"] as const).flatMap((split) =>
        create("greatest-common-divisor", 1, split, seed, 200).map(({ prompt }) => {
          const [a = "", b = ""] = prompt.match(/\d+/g) ?? []
          return { split, key: [a, b].toSorted().join() }
        })
      )
    )
    const train = new Set(problems.filter(({ split }) => split === "train").map(({ key }) => key))
    assert.isFalse(problems.some(({ key, split }) => split === "test" && train.has(key)))
  })

  it("names the generators when there is none of that name", () => {
    assert.throws(
      () => createTasks("prime-facto", { seed: 1 }),
      TaskSourceError,
      /There is no generator prime-facto; choose one of .*prime-factor/
    )
  })

  it("refuses options that mean nothing", () => {
    for (const wrong of [{ difficulty: 11 }, { difficulty: 0 }, { size: -1 }, { seed: 1.5 }]) {
      assert.throws(
        () => createTasks("knapsack", { seed: 1, ...wrong }),
        /The options for knapsack cannot be used/
      )
    }
  })

  it("takes only the two splits", () => {
    assert.throws(
      // @ts-expect-error there is no such split
      () => createTasks("knapsack", { seed: 1, split: "validation" }),
      /The options for knapsack cannot be used/
    )
  })

  it("says that a task of another source is none of its own", () => {
    const task = { id: "t", domain: "math", prompt: "1 + 1?", knowledge: {}, missing: [] }
    assert.throws(() => verifyAnswer(task, "2"), /The task t was made by no generator/)
  })

  it("takes an unknown's value with its name, and no other words", () => {
    const [task] = create("linear-equation", 1, "train", 1, 1)
    assert(task !== undefined)
    const knowledge = knowledgeOf(task.knowledge)
    assert(knowledge.kind === "math-answer")
    assert.isTrue(verifyAnswer(task, `So the answer is x = ${knowledge.answer}.`))
    assert.isFalse(verifyAnswer(task, `Answer: not ${knowledge.answer}`))
  })
})
