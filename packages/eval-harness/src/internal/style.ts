/** The report's style sheet: one column of text, no font but the reader's own. */
import { Html } from "./html.ts"
import { paletteCss } from "./palette.ts"

export const styleSheet = new Html(`
${paletteCss(":root")}
:root { color-scheme: light dark; }
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Arial, sans-serif;
  font-variant-numeric: tabular-nums; -webkit-text-size-adjust: 100%;
}
main { max-width: 66rem; margin: 0 auto; padding: 3rem 1.5rem 5rem; }
h1 { font-size: 2rem; line-height: 1.2; letter-spacing: -0.015em; margin: 0 0 0.75rem; }
h2 { font-size: 1.35rem; line-height: 1.3; letter-spacing: -0.01em; margin: 3.5rem 0 0.4rem; }
h3 { font-size: 1rem; margin: 2rem 0 0.5rem; }
h3 .note { font-weight: 400; padding-left: 0.4rem; }
p { max-width: 42rem; margin: 0.4rem 0 1rem; }
.lead { font-size: 1.15rem; max-width: 46rem; }
.note, figcaption, caption { color: var(--muted); font-size: 0.875rem; text-align: left; }
.facts { display: flex; flex-wrap: wrap; gap: 0.25rem 1.75rem; margin: 1rem 0 0; font-size: 0.875rem; }
.facts div { display: flex; gap: 0.45rem; }
.facts dt { color: var(--muted); }
.facts dd { margin: 0; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(14rem, 1fr)); gap: 0.75rem; }
.card { background: var(--card); border-radius: 0.5rem; padding: 0.9rem 1rem 0.8rem; }
.card .name { color: var(--muted); font-size: 0.8125rem; }
.card .numbers { font-size: 1.6rem; font-weight: 650; letter-spacing: -0.02em; line-height: 1.35; white-space: nowrap; }
.card .from { color: var(--before); font-weight: 500; }
.card .to { color: var(--after); }
.card .arrow { color: var(--muted); font-weight: 400; padding: 0 0.2rem; }
.card .change { font-size: 0.875rem; }
.card .note { font-size: 0.8125rem; line-height: 1.45; margin-top: 0.2rem; }
.cards-of { margin: 2rem 0 0.5rem; }
.scroll { overflow-x: auto; margin: 0 0 2.25rem; }
table { border-collapse: collapse; width: 100%; font-size: 0.9rem; line-height: 1.35; }
th, td { text-align: left; font-weight: inherit; padding: 0.34rem 0.9rem 0.34rem 0; vertical-align: baseline; border-bottom: 1px solid var(--rule); white-space: nowrap; }
th:last-child, td:last-child { padding-right: 0; }
thead th { color: var(--muted); font-size: 0.8125rem; }
thead th:first-child { color: var(--ink); font-size: 1.05rem; font-weight: 650; }
tbody th[scope="rowgroup"] { color: var(--muted); font-size: 0.8125rem; padding-top: 1.1rem; }
td.value { text-align: right; width: 15.5rem; }
td.value b { font-weight: 650; }
td small { color: var(--muted); font-size: 0.8125rem; padding-left: 0.35rem; }
td.change { text-align: right; width: 5.5rem; }
th.number, td.number { text-align: right; }
td.range { padding-right: 0; width: 9.5rem; }
.disjoint { font-weight: 650; }
.plots { display: grid; grid-template-columns: repeat(3, 1fr); gap: 1.5rem 1.5rem; margin: 0.75rem 0 0; }
.plots.two { grid-template-columns: 1fr 1fr; }
figure { margin: 0; break-inside: avoid; }
figure > .name { font-size: 0.9rem; font-weight: 600; }
figure svg { display: block; width: 100%; height: auto; }
.plot text { white-space: pre; }
.shares { display: flex; height: 1.6rem; gap: 2px; margin: 1rem 0 0.6rem; }
.shares span { border-radius: 3px; min-width: 2px; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.legend { display: flex; flex-wrap: wrap; gap: 0.25rem 1.75rem; list-style: none; margin: 0; padding: 0; font-size: 0.9rem; }
.legend i { display: inline-block; width: 0.7rem; height: 0.7rem; border-radius: 2px; margin-right: 0.45rem; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.legend small { color: var(--muted); }
.pair { margin: 0.75rem 0 1.5rem; }
.statement { background: var(--card); border-radius: 0.5rem; padding: 0.6rem 0.9rem; margin: 0 0 0.75rem; }
.statement .who { color: var(--muted); font-size: 0.8125rem; display: block; }
.sides { display: grid; grid-template-columns: 1fr 1fr; gap: 1.5rem; }
.side > .name { font-size: 0.875rem; font-weight: 600; padding-bottom: 0.35rem; border-bottom: 2px solid var(--before); margin-bottom: 0.5rem; }
.side.after > .name { border-color: var(--after); }
.side > .name small { font-weight: 400; color: var(--muted); }
.turns { list-style: none; margin: 0; padding: 0; }
.turns > li { break-inside: avoid; margin: 0 0 0.55rem; line-height: 1.4; }
.student { display: grid; grid-template-columns: 1.4rem minmax(0, 1fr) auto; gap: 0.6rem; align-items: baseline; }
.student .turn { color: var(--muted); font-size: 0.8125rem; text-align: right; }
.said { white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: isolate; font-family: ui-monospace, "SF Mono", "Cascadia Code", Menlo, Consolas, monospace; font-size: 0.85rem; }
.teacher { margin-left: 2rem; color: var(--muted); font-size: 0.78rem; }
.side details { margin: 0 0 0.5rem 2rem; }
.side details .turns { margin: 0.5rem 0 0 -2rem; }
.side summary { font-size: 0.8125rem; font-weight: 400; color: var(--muted); }
.labels { display: flex; gap: 0.25rem; }
.label { border: 1px solid; border-radius: 1rem; padding: 0 0.5rem; font-size: 0.72rem; line-height: 1.2rem; white-space: nowrap; }
.right { color: var(--right); } .wrong { color: var(--wrong); } .question { color: var(--question); }
.other { color: var(--muted); } .premature { color: var(--premature); }
.ending { font-size: 0.8125rem; padding-left: 2rem; color: var(--muted); }
details { margin: 1rem 0 0; }
summary { cursor: pointer; font-weight: 600; }
summary:focus-visible { outline: 2px solid var(--after); outline-offset: 3px; }
pre { background: var(--card); border-radius: 0.5rem; padding: 0.9rem 1rem; overflow-x: auto; font-size: 0.85rem; line-height: 1.5; }
.meanings { font-size: 0.9rem; }
.meanings dt { font-weight: 600; margin-top: 0.6rem; }
.meanings dd { margin: 0; color: var(--muted); max-width: 46rem; }
footer { margin-top: 4rem; padding-top: 1rem; border-top: 1px solid var(--rule); }
@media (max-width: 44rem) {
  main { padding: 2rem 1rem 4rem; }
  .sides, .plots, .plots.two { grid-template-columns: 1fr; }
}
@media print {
  @page { margin: 16mm 14mm; }
  body { font-size: 10.5pt; }
  main { max-width: none; padding: 0; }
  h2, h3, thead tr, tbody tr:first-child { break-after: avoid; }
  tr, .card, .statement { break-inside: avoid; }
  .scroll { overflow: visible; }
  .plots { gap: 1rem; }
  .cards { grid-template-columns: repeat(4, 1fr); }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; }
  details::details-content { content-visibility: visible; }
}
`)
