/** Dialogues before and after, side by side, every turn labelled. */
import type { Episode } from "@sml/env-pomdp"
import {
  isCorrect,
  isFailed,
  labelTurns,
  prematureAttempts,
  studentTurns,
  successTurn
} from "@sml/env-pomdp"

import { conditionTitle, informative } from "../MetricText.ts"
import type { DialogueSet } from "../Report.ts"
import { groupByTask } from "../Summary.ts"
import type { Html } from "./html.ts"
import { html } from "./html.ts"

/** How often each outcome is shown. */
const SHOWN = 2

interface DialoguePair {
  readonly before: Episode
  readonly after: Episode
}

const pairsOf = (set: DialogueSet): ReadonlyArray<DialoguePair> => {
  const after = groupByTask(set.after)
  return [...groupByTask(set.before)].flatMap(([task, [first]]) => {
    const second = after.get(task)?.[0]
    return first === undefined || second === undefined ? [] : [{ before: first, after: second }]
  })
}

const outcomes: ReadonlyArray<readonly [title: string, before: boolean, after: boolean]> = [
  ["Not solved before, solved after", false, true],
  ["Solved both times", true, true],
  ["Solved before, not solved after", true, false],
  ["Not solved either time", false, false]
]

const labelsHtml = (episode: Episode, index: number): Html => {
  const verdict = episode.state.verdicts[index]
  const label = labelTurns(episode)[index]
  const premature = prematureAttempts(episode)[index] === true
  const kind =
    label === "attempt" && verdict !== undefined
      ? isCorrect(verdict)
        ? html`<span class="label right">attempt ✓</span>`
        : html`<span class="label wrong">attempt ✗</span>`
      : label === undefined
        ? html`<span class="label other">not judged</span>`
        : html`<span class="label ${label}">${label}</span>`
  return html`<span class="labels"
    >${premature ? html`<span class="label premature">premature</span>` : undefined}${kind}</span
  >`
}

const endings: Readonly<Record<Episode["stop"], string>> = {
  correct: "",
  horizon: "No turn left.",
  "context-overflow": "The dialogue outgrew what the student can read.",
  "student-failed": "The student failed.",
  "teacher-failed": "The teacher failed.",
  "verifier-failed": "The verifier failed."
}

/** Turns that are open to the eye; later ones unfold. */
const OPEN = 5

/** One list item per student turn, with the teacher's answer to it. */
const turnsHtml = (episode: Episode): ReadonlyArray<Html> => {
  const { history } = episode.state
  return studentTurns(episode).map((turn, index) => {
    // the history is statement, student, teacher, student, …
    const reply = history[2 * index + 2]
    return html`<li>
      <div class="student">
        <span class="turn">${index + 1}</span
        ><span class="said" dir="auto">${turn.text}</span>${labelsHtml(episode, index)}
      </div>
      ${
        reply === undefined
          ? undefined
          : html`<div class="teacher said" dir="auto">${reply.text}</div>`
      }
    </li>`
  })
}

const foldedHtml = (turns: ReadonlyArray<Html>): Html => {
  const later = turns.slice(OPEN)
  return html`<ol class="turns">
      ${turns.slice(0, OPEN)}
    </ol>
    ${
      later.length === 0
        ? undefined
        : html`<details>
            <summary>${later.length === 1 ? "1 more turn" : `${later.length} more turns`}</summary>
            <ol class="turns">
              ${later}
            </ol>
          </details>`
    }`
}

const sideHtml = (name: "before" | "after", episode: Episode): Html => {
  const turn = successTurn(episode)
  const taken = studentTurns(episode).length
  const result = isFailed(episode)
    ? "broken off"
    : turn === undefined
      ? `not solved in ${taken} ${taken === 1 ? "turn" : "turns"}`
      : `solved at turn ${turn}`
  const ending = [endings[episode.stop], episode.failure ?? ""].filter((text) => text !== "")
  return html`<div class="side ${name}">
    <div class="name">${name} <small>· ${result}</small></div>
    ${foldedHtml(turnsHtml(episode))}
    ${ending.length === 0 ? undefined : html`<div class="ending">${ending.join(" ")}</div>`}
  </div>`
}

const pairHtml = ({ after, before }: DialoguePair): Html => {
  const { task } = before.state
  const missing = task.missing.length === 0 ? "" : ` · leaves out: ${task.missing.join(", ")}`
  return html`<div class="pair">
    <div class="statement">
      <span class="who">task ${task.id}${missing}</span
      ><span class="said" dir="auto">${task.prompt}</span>
    </div>
    <div class="sides">${sideHtml("before", before)}${sideHtml("after", after)}</div>
  </div>`
}

/** The first dialogues of every outcome, with how many there were. */
export const dialoguesHtml = (set: DialogueSet): Html => {
  const pairs = pairsOf(set)
  const groups = outcomes.map(([title, before, after]) => {
    const group = pairs.filter(
      (pair) =>
        (successTurn(pair.before) !== undefined) === before &&
        (successTurn(pair.after) !== undefined) === after
    )
    return group.length === 0
      ? undefined
      : html`<h3>
            ${title}
            <span class="note"
              >${group.length} of ${pairs.length}
              tasks${group.length > SHOWN ? `, the first ${SHOWN}` : ""}</span
            >
          </h3>
          ${group.slice(0, SHOWN).map(pairHtml)}`
  })
  return html`<h2>Dialogues: ${set.domain}, ${conditionTitle(set.condition ?? informative)}</h2>
    <p class="note">
      The same held-out tasks before and after training. Student turns are numbered and labelled,
      the teacher's words stand under them. Shown are the first of each outcome in the order of
      evaluation.
    </p>
    ${groups}`
}
