import { dialogueScripts } from "@sml/bench/dialogueScripts"
import { randomPrompts } from "@sml/bench/prompts"
import { describe, expect, it } from "vitest"

const statements = randomPrompts(50, 128, 32, 64)
const shape = { turns: 4, said: [8, 64], replied: [8, 24] } as const
const scripts = dialogueScripts(50, statements, shape)

const extremes = (values: ReadonlyArray<number>) => [Math.min(...values), Math.max(...values)]

describe("dialogueScripts", () => {
  it("begins each dialogue with its statement and goes on with replies", () => {
    expect(scripts.map(([first]) => first?.heard)).toEqual(statements)
    const replies = scripts.flatMap((script) => script.slice(1)).map(({ heard }) => heard)
    expect(replies).toHaveLength(3 * 128)
    expect(extremes(replies.map(({ length }) => length))).toEqual([8, 24])
    expect(replies.every((reply) => reply.every((id) => id >= 0 && id < 50))).toBe(true)
  })

  it("has turns of every length", () => {
    const says = scripts.flat().map((turn) => turn.says)
    expect(says).toHaveLength(4 * 128)
    expect(extremes(says)).toEqual([8, 64])
    const mean = says.reduce((a, b) => a + b, 0) / says.length
    expect(Math.abs(mean - 36)).toBeLessThan(2)
  })

  it("has batches of turns that keep 57 % when they wait for the longest, as the page says", () => {
    const waiting = Array.from({ length: shape.turns }, (_, turn) =>
      Math.max(...scripts.map((script) => script[turn]?.says ?? 0))
    )
    const sampled = 128 * waiting.reduce((a, b) => a + b, 0)
    const kept = scripts.flat().reduce((sum, { says }) => sum + says, 0)
    expect(kept / sampled).toBeCloseTo(0.57, 2)
  })

  it("is the same whenever it is drawn", () => {
    expect(dialogueScripts(50, statements, shape)).toEqual(scripts)
  })
})
