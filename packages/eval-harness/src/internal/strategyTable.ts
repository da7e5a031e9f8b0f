/** What the student does at each turn, as a table. */
import type { DialogueRecord } from "../EvaluationStore.ts"
import { formatValue } from "../MetricText.ts"
import { ResponseStrategy } from "../ResponseStrategy.ts"
import type { Html } from "./html.ts"
import { html } from "./html.ts"

/** Shares of the strategies by turn; each column says how many turns it is a share of. */
export const strategyTableHtml = (records: ReadonlyArray<DialogueRecord>): Html | undefined => {
  const turns = Math.max(0, ...records.map(({ labels }) => labels.length))
  if (turns === 0) return undefined
  const columns = Array.from({ length: turns }, (_, turn) =>
    records.flatMap(({ labels }) => labels[turn] ?? [])
  )
  const strategies = ResponseStrategy.literals.filter((strategy) =>
    columns.some((column) => column.includes(strategy))
  )
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th scope="col">turn</th>
          ${columns.map(
            (column, turn) =>
              html`<th scope="col" class="number">
                ${turn + 1}<br /><small>n ${column.length}</small>
              </th>`
          )}
        </tr>
      </thead>
      <tbody>
        ${strategies.map(
          (strategy) =>
            html`<tr>
              <th scope="row">${strategy.replaceAll("_", " ")}</th>
              ${columns.map(
                (column) =>
                  html`<td class="number">
                    ${formatValue(
                      column.filter((each) => each === strategy).length / column.length,
                      "rate"
                    )}
                  </td>`
              )}
            </tr>`
        )}
      </tbody>
    </table>
  </div>`
}
