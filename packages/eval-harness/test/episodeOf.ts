/** Episodes written as strings, for tests. */
import type { Episode, TeacherReply, Verdict } from "@sml/env-pomdp"

/** Settings of {@link episodeOf}; the rest of an episode follows from its turns. */
export interface EpisodeSettings {
  readonly id?: string
  readonly domain?: string
  readonly horizon?: number
  readonly missing?: ReadonlyArray<string>
  /** The 0-based turn whose reply tells everything that is missing. */
  readonly toldAt?: number
  readonly failure?: string
  /** What the student says at each turn; default: the turn's letter and its number. */
  readonly texts?: ReadonlyArray<string>
  readonly prompt?: string
  readonly replies?: ReadonlyArray<string>
}

const verdictOf = (turn: string): Verdict =>
  turn === "o" || turn === "x"
    ? { _tag: "Attempt", correct: turn === "o", diagnostics: null }
    : { _tag: "NoAttempt" }

/** One letter per student turn: `o` right, `x` wrong, `?` question, `-` anything else. */
export const episodeOf = (turns: string, settings: EpisodeSettings = {}): Episode => {
  const { domain = "math", failure, horizon = 10, id = "task", missing = [] } = settings
  const letters = turns.split("")
  const verdicts = letters.map(verdictOf)
  const texts = letters.map(
    (letter, index) => settings.texts?.[index] ?? (letter === "?" ? "what is b ?" : letter + index)
  )
  const isRight = letters.at(-1) === "o"
  const answered = isRight || letters.length >= horizon ? letters.slice(0, -1) : letters
  const replies = answered.map((_, index): TeacherReply => ({
    text: settings.replies?.[index] ?? `reply ${index}`,
    disclosed: index === settings.toldAt ? missing : []
  }))
  const prompt = settings.prompt ?? "a = 1 . find a ."
  const state = {
    episode: id,
    task: { id, domain, prompt, knowledge: null, missing },
    seed: 0,
    horizon,
    history: [
      { role: "teacher" as const, text: prompt },
      ...texts.flatMap((text, index) => {
        const reply = replies[index]
        const said = { role: "student" as const, text }
        return reply === undefined ? [said] : [said, { role: "teacher" as const, text: reply.text }]
      })
    ],
    verdicts,
    replies
  }
  if (failure !== undefined) return { state, stop: "student-failed", reward: 0, failure }
  return isRight ? { state, stop: "correct", reward: 1 } : { state, stop: "horizon", reward: 0 }
}
