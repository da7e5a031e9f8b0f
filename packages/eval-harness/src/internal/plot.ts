/** Static SVG from Observable Plot, without a browser. */
/// <reference lib="dom" />
import * as Plot from "@observablehq/plot"
import { parseHTML } from "linkedom"

import { escapeHtml, Html } from "./html.ts"

export { Plot }

/**
 * Draws a plot and gives its SVG. Colours are CSS variables (`--ink`, `--before`, … of `palette.ts`),
 * so that one drawing serves light and dark.
 */
export const drawSvg = (title: string, options: Plot.PlotOptions): Html => {
  const { document } = parseHTML("<!doctype html><html><body></body></html>")
  const figure = Plot.plot({
    ...options,
    document,
    className: "plot",
    style: { fontFamily: "inherit", fontSize: "12px", background: "none", overflow: "visible" }
  })
  // one style sheet for all plots is in the page
  for (const sheet of figure.querySelectorAll("style")) sheet.remove()
  // the title is put in here because linkedom does not escape attributes as XML asks for
  return new Html(
    figure.outerHTML.replace("<svg ", () => `<svg role="img" aria-label="${escapeHtml(title)}" `)
  )
}
