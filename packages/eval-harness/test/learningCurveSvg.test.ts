import {
  learningCurveSvg,
  smoothingWindow,
  standardCurves
} from "@sml/eval-harness/learningCurveSvg"
import * as fc from "fast-check"
import { DOMParser } from "linkedom"
import { describe, expect, it } from "vitest"

const steps = Array.from({ length: 24 }, (_, index) => ({
  step: index + 1,
  reward: 0.4 + index / 100,
  "success@1": 0.3,
  "success@10": 0.5 + index / 100,
  "success@4": 0.4 + index / 100,
  entropy: 0.5
}))

const tags = /<(\/?)([a-zA-Z]+)((?:\s+[a-zA-Z][\w:-]*="[^"<]*")*)\s*(\/?)>/g

/** Refuses what is not well-formed XML, as a browser does with an SVG file. */
const assertXml = (text: string) => {
  const open: Array<string> = []
  for (const [, close, name = "", , self] of text.matchAll(tags)) {
    if (self === "/") continue
    if (close !== "/") open.push(name)
    else if (open.pop() !== name) throw new Error(`</${name}> does not belong here`)
  }
  expect(open).toEqual([])
  expect(text.replaceAll(tags, "")).not.toMatch(/[<>]/)
  expect(text).not.toMatch(/&(?!amp;|lt;|gt;|quot;|#39;|#\d+;)/)
}

describe("learningCurveSvg", () => {
  it("is one well-formed SVG file that loads nothing", () => {
    const svg = learningCurveSvg(steps)
    assertXml(svg)
    expect(svg).toMatch(/^<svg\s+xmlns="http:\/\/www\.w3\.org\/2000\/svg"/)
    expect(svg.replace("http://www.w3.org/2000/svg", "")).not.toMatch(
      /https?:|<script|@import|url\(/
    )
    expect(svg).toContain("prefers-color-scheme: dark")
  })

  it("draws a line per metric with its last smoothed value beside it", () => {
    const svg = learningCurveSvg(steps)
    const document = new DOMParser().parseFromString(svg, "image/svg+xml")
    const lines = [...document.querySelectorAll("g[aria-label=line] path")]
    // a thin and a bold line for each of three metrics
    expect(lines).toHaveLength(6)
    for (const line of lines) expect(line.getAttribute("d")).toMatch(/^M[\d.]+,[\d.]+(L|C)/)
    // the mean of 0.62 and 0.63
    expect(svg).toContain("success@4 63%")
    expect(svg).toContain("success@1 30%")
  })

  it("keeps the labels of lines that end together apart", () => {
    const together = [1, 2, 3].map((step) => ({
      step,
      "success@1": 0.5,
      "success@2": 0.5,
      "success@3": 0.51,
      "success@4": 0.5
    }))
    const svg = learningCurveSvg(together)
    const labels = [...svg.matchAll(/translate\([\d.]+,([\d.]+)\)" y="0.32em">success@/g)]
    const heights = labels.map(([, y]) => Number(y)).toSorted((a, b) => a - b)
    expect(heights).toHaveLength(4)
    heights.slice(1).forEach((y, index) => {
      expect(y - (heights[index] ?? 0)).toBeGreaterThan(12)
    })
  })

  it("escapes hostile names", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("<", ">", "&", '"', "'", "a", "/") }),
        (text) => {
          const curve = { title: text, isRate: false, series: [{ key: "reward", label: text }] }
          assertXml(learningCurveSvg(steps, { curve }))
          assertXml(
            learningCurveSvg(steps, {
              curve: { ...curve, series: [...curve.series, ...curve.series] }
            })
          )
        }
      ),
      { numRuns: 25 }
    )
  })

  it("draws empty axes without steps, and skips numbers that are not finite", () => {
    assertXml(learningCurveSvg([]))
    const svg = learningCurveSvg([
      { step: 1, reward: Number.NaN },
      { step: 2, reward: 0.5 },
      { step: 3, reward: Infinity }
    ])
    assertXml(svg)
    expect(svg).not.toMatch(/NaN|Infinity/)
    expect(svg).toContain(">0.5<")
  })
})

describe("standardCurves", () => {
  it("has a curve for what was measured, turns in order of number", () => {
    const curves = standardCurves(steps)
    expect(curves.map(({ series }) => series.map(({ key }) => key))).toEqual([
      ["reward"],
      ["success@1", "success@4", "success@10"],
      ["entropy"]
    ])
    expect(standardCurves([])).toEqual([])
  })
})

it("smooths over a twelfth of the steps, and at least one", () => {
  expect([1, 24, 120].map(smoothingWindow)).toEqual([1, 2, 10])
})
