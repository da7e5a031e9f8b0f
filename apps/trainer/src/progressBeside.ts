/** Progress of a command whose standard output is its result. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

import { Progress } from "./Progress.ts"
import { Screen } from "./Screen.ts"

const beside = Layer.effect(
  Screen,
  Effect.map(Screen, (screen) => {
    // on a terminal the results go above the view, as notes
    if (screen.animates) return screen
    const { columns, isTTY, rows } = process.stderr
    return Screen.of({
      animates: isTTY && process.env["TERM"] !== "dumb",
      style: screen.style,
      size: Effect.succeed({ columns: columns > 0 ? columns : 80, rows: rows > 0 ? rows : 24 }),
      print: (text) =>
        Effect.sync(() => {
          process.stderr.write(text)
        })
    })
  })
)

/** On standard error where standard output is no terminal. */
export const progressBeside: Layer.Layer<Progress, never, Screen> = Progress.layer.pipe(
  Layer.provide(beside)
)
