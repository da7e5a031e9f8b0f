/** The style sheet of the report: light and dark, no font but the reader's own. */

// hues after Okabe and Ito, which most people tell apart
const light = [
  "#5b6672",
  "#b54708",
  "#8a6100",
  "#8a4b86",
  "#0068a8",
  "#00785a",
  "#4a7a00",
  "#a03060",
  "#3a4fa0"
]
const dark = [
  "#9ba7b3",
  "#f0935a",
  "#dfb24a",
  "#d597cf",
  "#5cb8f0",
  "#3fc09b",
  "#a5cc5a",
  "#f08ab0",
  "#98a8f0"
]

const hues = (colours: ReadonlyArray<string>): string =>
  colours.map((colour, index) => `--c${index}: ${colour};`).join(" ")

/** What stands in the page's style element. */
export const pageStyle = `
:root { color-scheme: light dark; --paper: #fff; --ink: #1c2127; --muted: #5b6672; --rule: #dce1e6; --bar: #dfe5ea; --good: #00785a; --bad: #b54708; ${hues(light)} }
@media (prefers-color-scheme: dark) { :root { --paper: #101418; --ink: #e7ebef; --muted: #9ba7b3; --rule: #313a43; --bar: #2c363f; --good: #3fc09b; --bad: #f0935a; ${hues(dark)} } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; font-variant-numeric: tabular-nums; }
main { max-width: 70rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { font-size: 1.9rem; line-height: 1.2; } h2 { font-size: 1.3rem; margin: 3rem 0 0.4rem; }
p, li { max-width: 46rem; } dl div { display: flex; gap: 0.75rem; } dt { color: var(--muted); min-width: 8rem; } dd { margin: 0; }
figure { margin: 1.25rem 0; } figcaption { font-weight: 600; font-size: 0.92rem; margin-bottom: 0.3rem; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(26rem, 1fr)); gap: 0 1.5rem; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-size: 0.85rem; }
th, td { text-align: left; font-weight: inherit; padding: 0.3rem 0.9rem 0.3rem 0; border-bottom: 1px solid var(--rule); vertical-align: baseline; }
thead th { color: var(--muted); }
svg { display: block; width: 100%; height: auto; font-size: 11px; }
.grid { stroke: var(--rule); } .axis { fill: var(--muted); } .ink { fill: var(--ink); }
.line { fill: none; stroke-width: 2; } .band { fill-opacity: 0.07; stroke: none; } .label { font-weight: 600; }
${light.map((_, index) => `.line.c${index} { stroke: var(--c${index}); } .band.c${index}, .label.c${index} { fill: var(--c${index}); }`).join("\n")}
.expected { stroke: var(--bar); stroke-width: 14; } .interval { stroke: var(--muted); stroke-width: 2; }
.interval.holds { stroke: var(--good); } .interval.fails { stroke: var(--bad); }
circle, text.open { fill: var(--muted); } circle.holds, text.holds { fill: var(--good); } circle.fails, text.fails { fill: var(--bad); }
td.holds, td.reproduced { color: var(--good); font-weight: 600; } td.fails, td.not-reproduced { color: var(--bad); font-weight: 600; } td.open, td.inconclusive { color: var(--muted); }
@media (max-width: 40rem) { .plots { grid-template-columns: 1fr; } }
`
