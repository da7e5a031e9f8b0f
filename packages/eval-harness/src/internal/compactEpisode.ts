/** Episodes as transcripts keep them. */
import type { Episode, Turn } from "@sml/env-pomdp"

/**
 * Without token traces, which make up most of an episode; a turn that has a trace and no usage gets the
 * usage that the trace shows: it read the whole stream before it.
 */
export const compactEpisode = (episode: Episode): Episode => {
  let stream = 0
  const history = episode.state.history.map((turn): Turn => {
    if (turn.role === "teacher" || turn.trace === undefined) return turn
    const { trace, ...rest } = turn
    stream += trace.context.length
    const usage = { inputTokens: stream, outputTokens: trace.ids.length }
    stream += trace.ids.length
    return rest.usage === undefined ? { ...rest, usage } : rest
  })
  return { ...episode, state: { ...episode.state, history } }
}
