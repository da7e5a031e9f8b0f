import { uniformStream } from "@sml/env-pomdp"
import { generateTask, vocabulary } from "@sml/tasks"
import { assert, describe, it } from "vitest"

describe("vocabulary", () => {
  it("holds exactly the tokens of the statements, each once", () => {
    const used = new Set<string>()
    const random = uniformStream(2)
    for (const domain of ["math", "code"] as const) {
      for (let index = 0; index < 2000; index++) {
        const underspecified = index % 2 === 0
        const task = generateTask(random, { domain, split: "train", underspecified })
        for (const token of task.prompt.split(" ")) used.add(token)
      }
    }
    assert.deepStrictEqual(Array.from(used).toSorted(), vocabulary.toSorted())
    assert.strictEqual(new Set(vocabulary).size, vocabulary.length)
  })
})
