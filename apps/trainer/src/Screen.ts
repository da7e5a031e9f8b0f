/** Where the command writes, as a service, so that a test can read it. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

import type { Style } from "./Style.ts"
import { colourful, colourless } from "./Style.ts"

/**
 * - `animates`: whether lines can be drawn over (a terminal);
 * - `size`: its width and height now, in characters;
 * - `print`: writes text and does not add a newline.
 */
export class Screen extends Context.Service<
  Screen,
  {
    readonly animates: boolean
    readonly style: Style
    readonly size: Effect.Effect<{ readonly columns: number; readonly rows: number }>
    readonly print: (text: string) => Effect.Effect<void>
  }
>()("@sml/trainer/Screen") {
  /**
   * Standard output. Colours follow NO_COLOR and FORCE_COLOR; a dumb terminal and a pipe get plain
   * lines.
   */
  static readonly layer: Layer.Layer<Screen> = Layer.sync(Screen, () => {
    const { FORCE_COLOR, NO_COLOR } = process.env
    const animates = canAnimate(process.stdout)
    const forced = FORCE_COLOR !== undefined && FORCE_COLOR !== "" && FORCE_COLOR !== "0"
    const refused = NO_COLOR !== undefined && NO_COLOR !== ""
    return screenOn(process.stdout, !refused && (forced || animates) ? colourful : colourless)
  })

  /** Collects what is printed in `sink`; for tests and for callers that show it elsewhere. */
  static readonly layerCollect = (
    sink: Array<string>,
    options: { readonly animates?: boolean } = {}
  ): Layer.Layer<Screen> =>
    Layer.succeed(Screen, {
      animates: options.animates ?? false,
      style: colourless,
      size: Effect.succeed({ columns: 100, rows: 30 }),
      print: (text) =>
        Effect.sync(() => {
          sink.push(text)
        })
    })
}

const canAnimate = ({ isTTY }: NodeJS.WriteStream): boolean =>
  isTTY && process.env["TERM"] !== "dumb"

/** The screen that a stream of this process is. */
export const screenOn = (stream: NodeJS.WriteStream, style: Style): Screen["Service"] => ({
  animates: canAnimate(stream),
  style,
  size: Effect.sync(() => {
    const { columns, rows } = stream
    // some pseudo-terminals say 0
    return { columns: columns > 0 ? columns : 80, rows: rows > 0 ? rows : 24 }
  }),
  print: (text) =>
    Effect.sync(() => {
      stream.write(text)
    })
})
