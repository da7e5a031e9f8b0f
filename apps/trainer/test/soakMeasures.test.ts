import { assert, describe, it } from "@effect/vitest"
import {
  firstAndLast,
  renderSoak,
  rowFaults,
  soakReport,
  type Segment
} from "@sml/trainer/soakMeasures"

const segment = (memory: (second: number) => number, more: Partial<Segment> = {}): Segment => ({
  end: "SIGKILL",
  expected: true,
  seconds: 100,
  longestGap: 4,
  samples: Array.from({ length: 100 }, (_, second) => ({
    seconds: second,
    memory: memory(second),
    handles: 20,
    threads: 12
  })),
  ...more
})

const flat = segment(() => 500)
const rows = { steps: [1, 2, 3], damaged: 0 }

describe("a soak's measures", () => {
  it("compare after the warm-up with the end", () => {
    const growing = segment((second) => (second < 25 ? 10 * second : 250 + second))
    assert.deepStrictEqual(firstAndLast(growing, "memory"), { first: 282, last: 342 })
    assert.isUndefined(firstAndLast({ ...flat, samples: flat.samples.slice(0, 30) }, "memory"))
  })

  it("count rows that are lost and that are there twice", () => {
    assert.deepStrictEqual(rowFaults([]), { lost: 0, twice: 0 })
    assert.deepStrictEqual(rowFaults([1, 2, 3]), { lost: 0, twice: 0 })
    assert.deepStrictEqual(rowFaults([1, 2, 2, 5]), { lost: 2, twice: 1 })
  })

  it("find nothing wrong where nothing is, and everything that is", () => {
    const good = soakReport([flat, flat], rows)
    assert.deepStrictEqual(good.failures, [])
    assert.include(renderSoak(good), "Everything is within its bounds.")
    const bad = soakReport(
      [
        segment((second) => 500 + second),
        segment(() => 1, { expected: false, end: "by itself, exit code 1", longestGap: 91 })
      ],
      { steps: [1, 3, 3], damaged: 1 }
    )
    assert.deepStrictEqual(bad.failures, [
      "process 1: memory grew by more than 5 %",
      "process 2 ended by itself, exit code 1",
      "1 rows are lost",
      "1 rows are there twice",
      "1 rows are damaged",
      "1 processes hung"
    ])
    assert.include(renderSoak(bad), "Not within its bounds: process 1: memory grew")
    assert.deepStrictEqual(soakReport([flat], { steps: [], damaged: 0 }).failures, [
      "no step was finished"
    ])
  })
})
