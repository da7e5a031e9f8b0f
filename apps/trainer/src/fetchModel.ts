/** A model that a flag names: a path as it is, or a name of the Hugging Face hub, downloaded. */
import { type DownloadProgress, resolveModel } from "@sml/language-model"
import * as Effect from "effect/Effect"

import { logsJson } from "./LogFormat.ts"
import { renderDownload } from "./renderDownload.ts"
import { Screen } from "./Screen.ts"
import { colourless } from "./Style.ts"
import { tell } from "./tell.ts"
import type { TrainOptions } from "./TrainOptions.ts"

/** Milliseconds between two drawings of the bar, and between two lines where nothing can be drawn. */
const FRAME = 200
const LINE = 10_000

const eraseLine = "\r\u001b[K"

/**
 * The path of the model. While it is downloaded a bar is drawn, or a line printed every ten seconds
 * where there is no terminal; nothing is shown when `silent`.
 */
export const fetchModel = Effect.fn("trainer.fetchModel")(function* (
  source: string,
  silent = false
) {
  const screen = yield* Screen
  const isJson = yield* logsJson
  const animates = screen.animates && !isJson
  let latest: DownloadProgress | undefined
  const show = Effect.suspend(() => {
    if (latest === undefined || silent) return Effect.void
    const line = renderDownload(latest, screen.style)
    if (isJson) return tell("note", renderDownload(latest, colourless))
    return screen.print(animates ? `${eraseLine}${line}` : `${line}\n`)
  })
  yield* show.pipe(Effect.delay(animates ? FRAME : LINE), Effect.forever, Effect.forkScoped)
  const path = yield* resolveModel(source, {
    onProgress: (progress) => {
      latest = progress
    }
  }).pipe(
    Effect.onInterrupt(() =>
      tell(
        "farewell",
        "interrupted; what has been downloaded is kept, and the same command goes on from there"
      )
    ),
    Effect.ensuring(
      Effect.suspend(() =>
        latest === undefined || silent || !animates ? Effect.void : screen.print(eraseLine)
      )
    )
  )
  if (latest !== undefined && !silent) {
    const told = `downloaded: ${source} to ${path}`
    yield* isJson ? tell("note", told) : screen.print(`${told}\n`)
  }
  return path
}, Effect.scoped)

/** The settings with the path of their student, which may have been a name. */
export const fetchStudent = Effect.fn("trainer.fetchStudent")(function* (options: TrainOptions) {
  return options.checkpoint === undefined
    ? options
    : { ...options, checkpoint: yield* fetchModel(options.checkpoint) }
})
