import { inspect } from "node:util"

import { assert, it } from "@effect/vitest"
import { ChatCompletions, OpenAiCompatible } from "@sml/openai-compatible"
import { LanguageModel } from "effect/ai"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as Tracer from "effect/Tracer"

import { type Answer, completion, json, scriptedServer } from "./ScriptedServer.ts"

const canary = "sk-canary-5d41402abc4b2a76"
const headerCanary = "header-canary-7d793037a076"

/** A server that repeats the key in every way it can. */
const parrot: Answer = (response, { headers }) => {
  const key = String(headers.authorization)
  response.writeHead(400, { "content-type": "application/json", "x-echo": "no" })
  response.end(
    JSON.stringify({
      error: { message: `bad key ${key} and ${String(headers["x-team-secret"])}`, code: key }
    })
  )
}

const page: Answer = (response) => response.end("<html>")

it.live("neither errors nor logs nor spans ever have the key in them", () => {
  const seen: Array<unknown> = []
  let spans = 0
  let logs = 0
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      spans++
      seen.push(span)
      return span
    }
  })
  const logger = Logger.make((options) => {
    logs++
    seen.push(options.message, Cause.pretty(options.cause))
  })
  return Effect.gen(function* () {
    const closed = yield* Effect.scoped(Effect.map(scriptedServer([]), ({ baseUrl }) => baseUrl))
    for (const script of [
      [parrot],
      [json({}, 401)],
      [json({}, 500)],
      [page],
      [json(completion("ok"))],
      []
    ]) {
      const server = yield* scriptedServer(script)
      const endpoint = {
        baseUrl: script.length === 0 ? closed : server.baseUrl,
        model: "m",
        retries: 0,
        apiKey: Redacted.make(canary),
        headers: { "x-team-secret": Redacted.make(headerCanary) }
      }
      seen.push(endpoint)
      const both = Layer.provideMerge(OpenAiCompatible.layerChat, ChatCompletions.layer(endpoint))
      const context = yield* Layer.build(both)
      seen.push(context)
      const service = Context.get(context, ChatCompletions)
      const model = Context.get(context, LanguageModel.LanguageModel)
      const hi = [{ role: "user", content: "hi" }] as const
      const asked: ReadonlyArray<Effect.Effect<unknown, { readonly message: string }>> = [
        service.chat(hi),
        Stream.runCollect(service.stream(hi)),
        service.listModels,
        model.generateText({ prompt: "hi" })
      ]
      for (const effect of asked) {
        const exit = yield* Effect.exit(Effect.withSpan(effect, "outer"))
        seen.push(exit)
        if (Exit.isFailure(exit)) {
          yield* Effect.logError("asking failed", exit.cause)
          const error = Cause.findErrorOption(exit.cause)
          if (Option.isSome(error)) seen.push(error.value.message, JSON.stringify(error.value))
        }
      }
      // the server itself has seen them
      if (script.length > 0) {
        assert.strictEqual(server.requests[0]?.headers.authorization, `Bearer ${canary}`)
        assert.strictEqual(server.requests[0]?.headers["x-team-secret"], headerCanary)
      }
    }
    assert.isAbove(spans, 40)
    assert.isAbove(logs, 10)
    for (const value of seen) {
      const shown =
        typeof value === "string" ? value : inspect(value, { depth: 12, showHidden: true })
      assert.notInclude(shown, canary)
      assert.notInclude(shown, headerCanary)
    }
  }).pipe(Effect.withTracer(tracer), Effect.provide(Logger.layer([logger])))
})
