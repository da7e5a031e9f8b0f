/** Progress of a command whose standard output is its result. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

import { Progress } from "./Progress.ts"
import { Screen, screenOn } from "./Screen.ts"

// on a terminal the results go above the view, as notes
const beside = Layer.effect(
  Screen,
  Effect.map(Screen, (screen) =>
    screen.animates ? screen : screenOn(process.stderr, screen.style)
  )
)

/** On standard error where standard output is no terminal. */
export const progressBeside: Layer.Layer<Progress, never, Screen> = Progress.layer.pipe(
  Layer.provide(beside)
)
