/** How the command line answers: help on request, one sentence for a mistake. */
import * as CliOutput from "effect/cli/CliOutput"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"

import { usageSentence } from "./failureSentence.ts"

/** Presents a mistake as one sentence on standard error; the rest as usual. */
export const usagePresenter: CliOutput.Presenter = {
  present: Effect.fnUntraced(function* (event) {
    if (event._tag !== "InvalidInvocation") return yield* CliOutput.defaultPresenter.present(event)
    return yield* Console.error(usageSentence(event.commandPath, event.errors))
  })
}
