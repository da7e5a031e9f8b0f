/** The service through which the commands say what they are doing. */
import * as Clock from "effect/Clock"
import * as Console from "effect/Console"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

import { jsonText } from "./jsonText.ts"
import { logsJson } from "./LogFormat.ts"
import { eventLine, type LogLine, messageLine, progressLine } from "./LogLine.ts"
import { renderLive } from "./renderLive.ts"
import { PATIENCE, renderPlainEvent, renderPlainWait } from "./renderPlain.ts"
import { Screen } from "./Screen.ts"
import { recordStep } from "./stepGauges.ts"
import type { ViewEvent, ViewState } from "./ViewState.ts"
import { advanceView, initialView } from "./ViewState.ts"

/** Milliseconds between two drawings of the live view. */
const FRAME = 100

/** Milliseconds between two looks at whether a plain line is due. */
const LOOK = 250

const hideCursor = "\u001b[?25l"
const showCursor = "\u001b[?25h"
const up = (lines: number) => (lines === 0 ? "\r" : `\u001b[${lines}A\r`)
const clearBelow = "\u001b[0J"

/**
 * Shows events: drawn in place on a terminal, as plain lines elsewhere. `farewell` ends the view with a
 * sentence on standard error, for a run that does not reach its end.
 */
export class Progress extends Context.Service<
  Progress,
  {
    readonly emit: (event: ViewEvent) => Effect.Effect<void>
    readonly farewell: (sentence: string) => Effect.Effect<void>
  }
>()("@sml/trainer/Progress") {
  /**
   * On the screen; what was drawn in place is cleared when the scope closes. With `--log-format json` as
   * lines on standard error.
   */
  static readonly layer: Layer.Layer<Progress, never, Screen> = Layer.effect(
    Progress,
    Effect.gen(function* () {
      const screen = yield* Screen
      const chosen = (yield* logsJson)
        ? structured()
        : screen.animates
          ? live(screen)
          : plain(screen)
      const { emit, farewell } = yield* chosen
      return Progress.of({
        emit: (event) =>
          event._tag === "Step"
            ? Effect.andThen(recordStep(event.record), emit(event))
            : emit(event),
        farewell
      })
    })
  )

  /** Shows nothing. */
  static readonly layerSilent: Layer.Layer<Progress> = Layer.succeed(Progress, {
    emit: () => Effect.void,
    farewell: (sentence) => Console.error(sentence)
  })
}

const live = Effect.fnUntraced(function* (screen: Screen["Service"]) {
  let state: ViewState = initialView(yield* Clock.currentTimeMillis)
  let drawn = 0
  let ended = false
  const erase = () => {
    const sequence = drawn === 0 ? "" : `${up(drawn)}${clearBelow}`
    drawn = 0
    return sequence
  }
  const draw = Effect.gen(function* () {
    const { columns, rows } = yield* screen.size
    const at = yield* Clock.currentTimeMillis
    const erased = erase()
    const lines = renderLive(state, {
      columns: columns - 1,
      rows: rows - 1,
      style: screen.style,
      at
    })
    drawn = lines.length
    yield* screen.print(erased + lines.map((line) => `${line}\n`).join(""))
  })
  yield* Effect.acquireRelease(screen.print(hideCursor), () =>
    Effect.suspend(() => screen.print(erase() + showCursor))
  )
  yield* draw.pipe(
    Effect.when(Effect.sync(() => state.title !== "" && !ended)),
    Effect.andThen(Effect.sleep(FRAME)),
    Effect.forever,
    Effect.forkScoped
  )
  return Progress.of({
    emit: Effect.fnUntraced(function* (event: ViewEvent) {
      state = advanceView(state, event, yield* Clock.currentTimeMillis)
      // notes stay: they go above the view, which is drawn again below them
      if (event._tag === "Note") yield* screen.print(`${erase()}${event.text}\n`)
    }),
    farewell: Effect.fnUntraced(function* (sentence: string) {
      ended = true
      yield* screen.print(erase())
      yield* Console.error(sentence)
    })
  })
})

/** A look at whether a line is due, from time to time until the scope closes. */
const againAndAgain = <R>(look: Effect.Effect<void, never, R>) =>
  look.pipe(Effect.andThen(Effect.sleep(LOOK)), Effect.forever, Effect.forkScoped)

const structured = Effect.fnUntraced(function* () {
  let printedAt = yield* Clock.currentTimeMillis
  let state: ViewState = initialView(printedAt)
  const print = (line: LogLine | undefined, at: number) => {
    if (line === undefined) return Effect.void
    printedAt = at
    return Console.error(jsonText(line))
  }
  yield* Clock.currentTimeMillis.pipe(
    Effect.flatMap((at) =>
      state.current !== undefined && at - printedAt >= PATIENCE
        ? print(progressLine(state, at), at)
        : Effect.void
    ),
    againAndAgain
  )
  return Progress.of({
    emit: Effect.fnUntraced(function* (event: ViewEvent) {
      const at = yield* Clock.currentTimeMillis
      state = advanceView(state, event, at)
      yield* print(eventLine(state, event, at), at)
    }),
    farewell: Effect.fnUntraced(function* (sentence: string) {
      const at = yield* Clock.currentTimeMillis
      yield* print(messageLine("farewell", sentence, at), at)
    })
  })
})

const plain = Effect.fnUntraced(function* (screen: Screen["Service"]) {
  let printedAt = yield* Clock.currentTimeMillis
  let state: ViewState = initialView(printedAt)
  const show = (output: { readonly lines: ReadonlyArray<string>; readonly printedAt: number }) => {
    printedAt = output.printedAt
    return output.lines.length === 0
      ? Effect.void
      : screen.print(output.lines.map((line) => `${line}\n`).join(""))
  }
  yield* Clock.currentTimeMillis.pipe(
    Effect.flatMap((at) => show(renderPlainWait(state, at, printedAt))),
    againAndAgain
  )
  return Progress.of({
    emit: Effect.fnUntraced(function* (event: ViewEvent) {
      const at = yield* Clock.currentTimeMillis
      state = advanceView(state, event, at)
      yield* show(renderPlainEvent(state, event, at, printedAt))
    }),
    farewell: (sentence) => Console.error(sentence)
  })
})
