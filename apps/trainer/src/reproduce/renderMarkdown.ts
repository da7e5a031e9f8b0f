/** The report as Markdown. */
import type { ReportFacts } from "./ReportFacts.ts"
import { reportIntroduction } from "./reportIntroduction.ts"
import type { Section, Table } from "./reportTables.ts"
import { reportSections } from "./reportTables.ts"
import type { Reproduction } from "./Reproduction.ts"

// a bar inside a cell would end it
const row = (cells: ReadonlyArray<string>): string =>
  `| ${cells.map((cell) => cell.replaceAll("|", String.raw`\|`)).join(" | ")} |`

const tableLines = ({ head, rows, title }: Table): ReadonlyArray<string> => [
  "",
  `**${title}**`,
  "",
  row(head),
  row(head.map(() => "---")),
  ...rows.map(row)
]

const sectionLines = ({ tables, text, title }: Section): ReadonlyArray<string> =>
  ["", `## ${title}`, "", text].concat(tables.flatMap(tableLines))

/** The whole page. */
export const renderMarkdown = (reproduction: Reproduction, facts: ReportFacts): string => {
  const introduction = reportIntroduction(reproduction, facts)
  return [
    `# ${introduction.title}`,
    "",
    "Written by `sml reproduce`; do not edit. The tests: [reproduction-tests.md](reproduction-tests.md); what was tried and why: [lab-notebook.md](lab-notebook.md).",
    "",
    ...introduction.facts.map(([name, value]) => `- ${name}: ${value}`),
    ...introduction.paragraphs.flatMap((paragraph) => ["", paragraph]),
    ...reportSections(reproduction).flatMap(sectionLines),
    "",
    "## Deviations from the paper",
    "",
    ...introduction.deviations.map((line) => `- ${line}`),
    "",
    "Variants of this project:",
    "",
    ...introduction.variants.map((line) => `- ${line}`),
    ""
  ].join("\n")
}
