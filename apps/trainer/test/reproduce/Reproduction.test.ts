import { assert, describe, expect, it } from "@effect/vitest"
import { decideFinding } from "@sml/trainer/reproduce/decide"
import type { PastRun } from "@sml/trainer/reproduce/PastRun"
import { planCells } from "@sml/trainer/reproduce/planCells"
import { renderHtml } from "@sml/trainer/reproduce/renderHtml"
import { renderMarkdown } from "@sml/trainer/reproduce/renderMarkdown"
import { renderTests } from "@sml/trainer/reproduce/renderTests"
import type { ReportFacts } from "@sml/trainer/reproduce/ReportFacts"
import { makeReproduction } from "@sml/trainer/reproduce/Reproduction"

import type { MeanOf } from "../support/reproductionCells.ts"
import { paperLike, resultOf, tinySettings } from "../support/reproductionCells.ts"

const cells = planCells({ seeds: 3, variants: false }, tinySettings)

const reproduce = (mean: MeanOf, some = cells) =>
  makeReproduction(
    tinySettings,
    cells,
    some.map((cell) => resultOf(cell, mean))
  )

const verdicts = (mean: MeanOf) => reproduce(mean).answers.map(({ verdict }) => verdict)

const run: PastRun = {
  command: "sml reproduce",
  date: "2026-01-02",
  machine: "linux x64, 2 cores, Node v24.0.0",
  seconds: 3600,
  finished: 33,
  jobs: 2,
  threads: 1
}

const facts: ReportFacts = { date: "2026-01-02", quick: false, runs: [run] }

describe("makeReproduction", () => {
  it("finds what is there", () => {
    assert.deepStrictEqual(verdicts(paperLike), Array<string>(5).fill("reproduced"))
  })

  it("finds nothing where all students are alike", () => {
    const answers = verdicts(({ metric }) => (metric === "loss-slope" ? 0 : 0.5))
    assert.deepStrictEqual(answers, Array<string>(5).fill("not reproduced"))
  })

  it("tells the one finding that is missing from the others", () => {
    // online RL alone goes on answering at once
    const answers = reproduce((of) =>
      of.metric === "premature@1" && of.arm.method === "grpo" ? 0.9 : paperLike(of)
    ).answers
    assert.deepStrictEqual(
      answers.map(({ verdict }) => verdict),
      ["reproduced", "reproduced", "not reproduced", "reproduced", "reproduced"]
    )
    const parts = answers[2]?.parts.map(({ about, trained, verdict }) => [about, trained, verdict])
    assert.deepStrictEqual(parts, [
      ["online RL alone", "math", "not reproduced"],
      ["online RL alone", "code", "not reproduced"],
      ["Q-priming, then online RL", "math", "reproduced"],
      ["Q-priming, then online RL", "code", "reproduced"]
    ])
  })

  it("does not let one lucky seed decide", () => {
    // trained on math only the first seed learns anything
    const results = cells.map((cell) =>
      resultOf(cell, (of) =>
        cell.seed > 1 ? paperLike({ ...of, arm: { ...of.arm, method: "base" } }) : paperLike(of)
      )
    )
    const { answers } = makeReproduction(tinySettings, cells, results)
    for (const { verdict } of answers) assert.notStrictEqual(verdict, "reproduced")
  })

  it("compares whole seeds only, and answers nothing with two of three", () => {
    const { answers, seeds } = reproduce(paperLike, cells.slice(0, -1))
    assert.deepStrictEqual(seeds, [1, 2])
    for (const { verdict } of answers) assert.strictEqual(verdict, "inconclusive")
  })

  it("is the rule applied to the outcomes of the checks", () => {
    for (const { parts, verdict } of reproduce(paperLike).answers) {
      const outcomes = parts.flatMap(({ checks }) => checks.map(({ outcome }) => outcome))
      assert.strictEqual(verdict, decideFinding(outcomes, 3))
    }
  })
})

describe("the tests that were stated before", () => {
  it("are those of the page in docs", async () => {
    await expect(renderTests()).toMatchFileSnapshot("../../../../docs/reproduction-tests.md")
  })
})

describe("the report", () => {
  const reproduction = reproduce(paperLike)
  const markdown = renderMarkdown(reproduction, facts)
  const page = renderHtml(reproduction, facts)

  it("has the answers, every check and every arm with its interval", () => {
    for (const { claim, parts } of reproduction.answers) {
      assert.include(markdown, claim)
      for (const { checks } of parts) {
        for (const { check } of checks) assert.include(markdown, check.name)
      }
    }
    assert.match(markdown, /\| online GRPO \| 30\.\d \[\d+\.\d, \d+\.\d\]/)
    assert.include(markdown, "## Deviations from the paper")
    assert.include(
      markdown,
      "- command: sml reproduce (2026-01-02, linux x64, 2 cores, Node v24.0.0)"
    )
    assert.include(markdown, "33 cells in 1:00:00, 2 at a time on 1 thread(s) each")
  })

  it("has the means over the seeds of what was seen in training", () => {
    const means = reproduction.results.map(({ curve }) => curve[1]?.["questions"])
    assert.deepStrictEqual(new Set(means), new Set([0.125]))
    assert.match(markdown, /\| online GRPO \| math \|( – \|)* 0\.13 \|/)
    assert.match(markdown, /\| online GRPO \| code \|( – \|)* 0\.25 \|/)
  })

  it("has tables whose rows have as many cells as their heads", () => {
    const lines = markdown.split("\n")
    for (const [index, line] of lines.entries()) {
      if (!line.startsWith("| ---")) continue
      const width = line.split("|").length
      for (let row = index - 1; lines[row]?.startsWith("|") === true; row++) {
        assert.strictEqual(lines[row]?.replaceAll(String.raw`\|`, "").split("|").length, width)
      }
    }
  })

  it("is one page that loads nothing, with a plot for each comparison", () => {
    assert.notMatch(page, /<script|src=|href=|url\(|@import/)
    assert.strictEqual(page.match(/<svg /g)?.length, 5 + 4 + 2)
    assert.notMatch(page, /NaN|undefined|Infinity/)
  })

  it("escapes what it is given", () => {
    const odd = renderHtml(reproduction, {
      ...facts,
      runs: [{ ...run, command: 'sml --out "<b>&"' }]
    })
    assert.include(odd, "sml --out &quot;&lt;b&gt;&amp;&quot;")
  })

  it("can be written before anything is finished", () => {
    const empty = makeReproduction(tinySettings, cells, [])
    assert.include(renderMarkdown(empty, facts), "none is whole yet")
    assert.include(renderHtml(empty, facts), "none is whole yet")
  })
})
