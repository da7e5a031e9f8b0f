/// <reference lib="dom" />
import { summariseConditions } from "@sml/eval-harness"
import { renderReport } from "@sml/eval-harness/renderReport"
import type { Report } from "@sml/eval-harness/Report"
import * as fc from "fast-check"
import { parseHTML } from "linkedom"
import { describe, expect, it } from "vitest"

import { episodeOf } from "./episodeOf.ts"

const before = ["xxx", "o", "xo", "?xx"].map((turns, id) =>
  episodeOf(turns, { id: `task-${id}`, horizon: 3 })
)
const after = ["xo", "o", "xxx", "x?x"].map((turns, id) =>
  episodeOf(turns, { id: `task-${id}`, horizon: 3 })
)
const control = after.slice(0, 3)

const report: Report = {
  title: "A run",
  results: {
    before: { math: summariseConditions({ informative: before, "content-free": before }) },
    after: { math: summariseConditions({ informative: after, "content-free": control }) },
    seconds: { total: 3 }
  },
  steps: [
    { step: 1, reward: 0.25, "success@1": 0.25, entropy: 0.6, "tokens/s": 15_000 },
    { step: 2, reward: 0.5, "success@1": 0.5, entropy: 0.5, "tokens/s": 16_000 }
  ],
  profile: { rollout: 3, verification: 1, gradient: 4, nothing: 0 },
  config: { steps: 2, student: "nano" },
  dialogues: [{ domain: "math", before, after }],
  facts: { seed: "1" },
  trainedTurns: 2
}

const parse = (data: Report) => parseHTML(renderReport(data)).document
const forbidden = ["\u0007", "\u001b", "\u009b", "\u202e", "\u2066", "\ufeff"]

describe("what others have written", () => {
  it("holds nothing that a terminal obeys", () => {
    const page = renderReport({ ...report, title: `a${forbidden.join("")}<b>` })
    for (const mark of forbidden) expect(page.includes(mark)).toBe(false)
    expect(page).toContain("a␇␛����&lt;b&gt;")
  })
})

const textOf = (node: Element | null | undefined) =>
  (node?.textContent ?? "").replaceAll(/\s+/g, " ").trim()

/** The page with a text in every place where a caller's text can come. */
const shapeOf = (text: string) => {
  const settings = { id: `t${text}`, domain: `d${text}`, horizon: 3, prompt: `p${text}` }
  const said = [text, text, text]
  const one = episodeOf("x?x", { ...settings, texts: said, replies: said })
  const two = episodeOf("xo", { ...settings, texts: said, replies: said })
  const page = renderReport({
    ...report,
    title: text,
    results: {
      before: { [text]: summariseConditions({ [text]: [one] }) },
      after: { [text]: summariseConditions({ [text]: [two] }) },
      seconds: {}
    },
    profile: { [`a${text}`]: 1 },
    config: { [text]: text },
    facts: { [text]: text },
    dialogues: [{ domain: text, condition: text, before: [one], after: [two] }]
  })
  const { document } = parseHTML(page)
  return {
    document,
    tags: [...document.querySelectorAll("*")].map((element) => element.tagName),
    attributes: [...document.querySelectorAll("*")].flatMap((element) =>
      element.getAttributeNames()
    )
  }
}

describe("renderReport", () => {
  it("is one file without scripts that loads nothing", () => {
    const page = renderReport(report)
    expect(page).toMatch(/^<!doctype html>/)
    expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`)
    expect(page).not.toMatch(/<script|<link|<img|<iframe|@import|src=|href=|url\(|https?:/i)
    expect(page).toContain("prefers-color-scheme: dark")
    expect(page).toContain("@media print")
  })

  it("shows every value with its interval and n", () => {
    const document = parse(report)
    const cells = [...document.querySelectorAll("td.value")].map(textOf)
    expect(cells.length).toBeGreaterThan(20)
    for (const cell of cells) {
      expect(cell).toMatch(/^(not measured|[\d.]+%? ?\[[\d.]+, [\d.]+\] ?n \d+)$/)
    }
    expect(textOf(document.querySelector(".lead"))).toMatch(
      /solved within 3 turns: 50\.0% before, 50\.0% after .*overlap; n = 4 and 4/
    )
  })

  it("shows dialogues side by side, every turn labelled", () => {
    const document = parse(report)
    const pairs = [...document.querySelectorAll(".pair")]
    expect(pairs).toHaveLength(4)
    const labels = (side: Element | null | undefined) =>
      [...(side?.querySelectorAll(".label") ?? [])].map(textOf)
    const first = pairs.find((pair) => textOf(pair.querySelector(".who")) === "task task-0")
    expect(labels(first?.querySelector(".before"))).toEqual(["attempt ✗", "attempt ✗", "attempt ✗"])
    expect(labels(first?.querySelector(".after"))).toEqual(["attempt ✗", "attempt ✓"])
    const last = pairs.find((pair) => textOf(pair.querySelector(".who")) === "task task-3")
    expect(labels(last?.querySelector(".after"))).toEqual(["attempt ✗", "question", "attempt ✗"])
    const headings = [...document.querySelectorAll("h3")].map(textOf)
    expect(headings).toEqual(
      expect.arrayContaining([
        "Not solved before, solved after 1 of 4 tasks",
        "Solved before, not solved after 1 of 4 tasks",
        "Solved both times 1 of 4 tasks",
        "Not solved either time 1 of 4 tasks"
      ])
    )
  })

  it("labels premature attempts and unlabelled talk, folds long dialogues, says why one broke off", () => {
    const settings = { id: "u", missing: ["b"], toldAt: 1, horizon: 10 }
    const long = episodeOf("x?-xxxxxxx", settings)
    const broken = episodeOf("x", { ...settings, failure: "The engine <stopped>." })
    const document = parse({
      ...report,
      dialogues: [{ domain: "math", condition: "underspecified", before: [long], after: [broken] }]
    })
    const labels = [...document.querySelectorAll(".before .labels")].map(textOf)
    expect(labels.slice(0, 4)).toEqual(["prematureattempt ✗", "question", "other", "attempt ✗"])
    expect(textOf(document.querySelector(".before summary"))).toBe("5 more turns")
    expect(document.querySelectorAll(".before details .label")).toHaveLength(5)
    expect(textOf(document.querySelector(".after .name"))).toContain("broken off")
    expect(textOf(document.querySelector(".after .ending"))).toContain("The engine <stopped>.")
    expect(textOf(document.querySelector(".who"))).toContain("leaves out: b")
  })

  it("draws success by turn for each condition and the learning curves", () => {
    const document = parse(report)
    const titles = [...document.querySelectorAll("svg[role=img]")].map((svg) =>
      svg.getAttribute("aria-label")
    )
    expect(titles).toEqual([
      "Success by turn: math, informative feedback",
      "Success by turn: math, content-free feedback",
      "Reward",
      "Success by turn, training tasks",
      "Entropy, nats per token",
      "Tokens per second"
    ])
    const areas = document
      .querySelectorAll("svg")[0]
      ?.ownerDocument.querySelectorAll("figure g[aria-label=area] path")
    expect(areas?.length).toBe(4)
    expect(renderReport(report)).not.toMatch(/NaN|undefined|\[object/)
  })

  it("shows the shares of the time", () => {
    const shares = [...parse(report).querySelectorAll(".legend li")].map(textOf)
    expect(shares).toEqual([
      "rollout 37.5 % 3.0 s",
      "verification 12.5 % 1.0 s",
      "gradient 50.0 % 4.0 s"
    ])
  })

  it("shows the configuration as it is", () => {
    const text = parse(report).querySelector("pre")?.textContent
    expect(JSON.parse(text ?? "")).toEqual(report.config)
  })

  it("needs nothing but a title", () => {
    const page = renderReport({
      title: "Nothing yet",
      results: { before: {}, after: {}, seconds: {} },
      steps: [],
      profile: {},
      config: null,
      dialogues: []
    })
    expect(page).not.toMatch(/NaN|undefined|\[object/)
  })

  it("shows what a student says letter by letter and lets none of it become markup", () => {
    const hostile = fc.oneof(
      fc.constantFrom(
        "<script>alert(1)</script>",
        `"><img src=x onerror=alert(1)>`,
        "</style><b>",
        "</pre></span>",
        "&lt;b&gt; &amp;amp;",
        "${1}$& $1 $`",
        "a  b\n\tc",
        "<!-- ",
        "]]>"
      ),
      fc.string({ unit: fc.constantFrom("<", ">", "&", "'", '"', "a", "/", "=", "`", "$", " ") }),
      fc.string({ unit: "grapheme" }).filter((text) => !/[\0\r]/.test(text))
    )
    const harmless = shapeOf("words")
    fc.assert(
      fc.property(hostile, (text) => {
        const shape = shapeOf(text)
        expect(shape.tags).toEqual(harmless.tags)
        expect(shape.attributes).toEqual(harmless.attributes)
        const said = [...shape.document.querySelectorAll(".pair .said")].map(
          (element) => element.textContent
        )
        expect(said).toHaveLength(9)
        expect(new Set(said)).toEqual(new Set([text, `p${text}`]))
      }),
      { numRuns: 40 }
    )
  })
})
