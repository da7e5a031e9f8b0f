/** Dialogues of an evaluation, every turn labelled. */
import {
  disclosedSoFar,
  isCorrect,
  isFailed,
  prematureAttempts,
  studentTurns,
  successTurn
} from "@sml/env-pomdp"

import type { DialogueRecord } from "../EvaluationStore.ts"
import type { Html } from "./html.ts"
import { html } from "./html.ts"

const asks = new Set(["clarification", "interrogation"])

const labelHtml = ({ episode, labels }: DialogueRecord, index: number): Html => {
  const verdict = episode.state.verdicts[index]
  const strategy = labels[index] ?? "missing"
  const isAttempt = verdict?._tag === "Attempt"
  const kind = isAttempt
    ? isCorrect(verdict)
      ? "right"
      : "wrong"
    : asks.has(strategy)
      ? "question"
      : "other"
  const mark =
    verdict === undefined ? " · not judged" : isAttempt ? (isCorrect(verdict) ? " ✓" : " ✗") : ""
  return html`<span class="labels"
    >${
      prematureAttempts(episode)[index] === true
        ? html`<span class="label premature">premature</span>`
        : undefined
    }<span class="label ${kind}">${strategy.replaceAll("_", " ")}${mark}</span></span
  >`
}

const endings: Readonly<Record<DialogueRecord["episode"]["stop"], string>> = {
  correct: "Solved.",
  horizon: "No turn left.",
  "context-overflow": "The dialogue outgrew what the student can read.",
  "student-failed": "The student failed.",
  "teacher-failed": "The teacher failed.",
  "verifier-failed": "The verifier failed."
}

const recordHtml = (record: DialogueRecord): Html => {
  const { episode, repeat, task } = record
  const { history, task: told } = episode.state
  const missing = told.missing.length === 0 ? "" : ` · leaves out: ${told.missing.join(", ")}`
  const disclosed = [...disclosedSoFar(episode.state)]
  const ending = [
    endings[episode.stop],
    episode.failure ?? "",
    disclosed.length === 0 ? "" : `The teacher told: ${disclosed.join(", ")}.`
  ].filter((text) => text !== "")
  return html`<div class="pair">
    <div class="statement">
      <span class="who">task ${task}, repeat ${repeat + 1}${missing}</span
      ><span class="said" dir="auto">${told.prompt}</span>
    </div>
    <ol class="turns">
      ${studentTurns(episode).map((turn, index) => {
        // the history is statement, student, teacher, student, …
        const reply = history[2 * index + 2]
        return html`<li>
          <div class="student">
            <span class="turn">${index + 1}</span
            ><span class="said" dir="auto">${turn.text}</span>${labelHtml(record, index)}
          </div>
          ${
            reply === undefined
              ? undefined
              : html`<div class="teacher said" dir="auto">${reply.text}</div>`
          }
        </li>`
      })}
    </ol>
    <div class="ending">${ending.join(" ")}</div>
  </div>`
}

const outcomes: ReadonlyArray<readonly [title: string, is: (record: DialogueRecord) => boolean]> = [
  ["Solved at the first turn", ({ episode }) => successTurn(episode) === 1],
  ["Solved later", ({ episode }) => (successTurn(episode) ?? 0) > 1],
  ["Not solved", ({ episode }) => !isFailed(episode) && successTurn(episode) === undefined],
  ["Broken off", ({ episode }) => isFailed(episode)]
]

/** The first dialogues of each outcome, with how many there were. */
export const recordsHtml = (records: ReadonlyArray<DialogueRecord>, shown: number): Html =>
  html`${outcomes.map(([title, is]) => {
    const some = records.filter(is)
    return some.length === 0
      ? undefined
      : html`<h3>
            ${title}
            <span class="note"
              >${some.length} of ${records.length}
              dialogues${some.length > shown ? `, the first ${shown}` : ""}</span
            >
          </h3>
          ${some.slice(0, shown).map(recordHtml)}`
  })}`
