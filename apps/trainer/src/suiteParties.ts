/** The student, the teachers and the verifier of a suite. */
import type { Student, Task } from "@sml/env-pomdp"
import { Teacher, type Verifier } from "@sml/env-pomdp"
import {
  type ChatFailure,
  ChatStudent,
  ResponseCache,
  systemPrompts,
  TeacherLevels
} from "@sml/eval-harness"
import { ChatTokenizer, policyCompletion } from "@sml/language-model"
import { ChatCompletions } from "@sml/openai-compatible"
import { OnnxPolicy } from "@sml/policy-onnx"
import { DomainVerifier } from "@sml/teacher-verifiers"
import { LanguageModelTeacher, scriptedReply, TeacherModel } from "@sml/teacher-verifiers/teacher"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"

import { engineFor } from "./engineFor.ts"
import { SuiteError } from "./suites.ts"
import { taskChecks } from "./taskChecks.ts"

/** A message as both a local model and a server read it. */
interface Message {
  readonly role: "system" | "user" | "assistant"
  readonly content: string
}

/** What is kept of a server's answer. */
const Answer = Schema.Struct({
  text: Schema.String,
  usage: Schema.optionalKey(
    Schema.Struct({
      inputTokens: Schema.optionalKey(Schema.Int),
      outputTokens: Schema.optionalKey(Schema.Int)
    })
  )
})

/** A model by name, and how it completes a conversation. */
export interface CompletingModel {
  readonly name: string
  /** Computed in this process, where requests wait for each other and none is lost. */
  readonly isLocal: boolean
  /** `dialogue` is the same in all calls of one dialogue. */
  readonly complete: (
    messages: ReadonlyArray<Message>,
    seed: number,
    dialogue?: string
  ) => Effect.Effect<typeof Answer.Type, ChatFailure>
}

/** Settings of a model's answers. */
export interface AnswerSettings {
  readonly maxTokens: number
  readonly temperature: number
  readonly concurrency: number
  readonly requestsPerMinute: number | undefined
  readonly threads: number | undefined
}

/** Whether a model is a server's address. */
export const isAddress = (model: string): boolean => /^https?:\/\//.test(model)

/**
 * A model behind an address; `name` chooses among those that the server offers. It is asked once for each
 * conversation and seed.
 */
const serverModel = Effect.fn("sml.serverModel")(function* (
  baseUrl: string,
  name: string | undefined,
  { concurrency, maxTokens, requestsPerMinute, temperature }: AnswerSettings
) {
  const endpoint = {
    baseUrl,
    concurrency,
    ...(requestsPerMinute === undefined ? {} : { requestsPerMinute }),
    defaults: { maxTokens, temperature }
  }
  const open = (model: string) =>
    Effect.map(Layer.build(ChatCompletions.layerConfig({ ...endpoint, model })), (services) =>
      ChatCompletions.pipe(Effect.provideContext(services))
    ).pipe(Effect.flatten)
  let chosen = name
  if (chosen === undefined) {
    const offered = yield* Effect.flatMap(open("any"), ({ listModels }) => listModels)
    const [only, ...others] = offered.map(({ id }) => id)
    if (only === undefined || others.length > 0) {
      return yield* new SuiteError({
        reason: `The server at ${baseUrl} offers ${offered.length} models${only === undefined ? "" : ` (${[only, ...others].slice(0, 8).join(", ")})`}; choose one with --model-name.`
      })
    }
    chosen = only
  }
  const server = yield* open(chosen)
  const cache = yield* ResponseCache
  const about = { model: chosen, baseUrl, maxTokens, temperature }
  return {
    name: `${chosen} at ${baseUrl}`,
    isLocal: false,
    complete: (messages, seed) =>
      cache.through(
        { ...about, seed, prompt: messages.map(({ content, role }) => [role, content]) },
        Answer,
        Effect.map(server.chat(messages, { seed }), ({ text, usage }) => ({ text, usage }))
      )
  } satisfies CompletingModel
})

/** A checkpoint in this process. */
const localModel = Effect.fn("sml.localModel")(function* (
  checkpoint: string,
  { maxTokens, temperature, threads }: AnswerSettings
) {
  const engine = yield* engineFor({ checkpoint, ...(threads === undefined ? {} : { threads }) })
  const services = yield* Layer.build(
    Layer.merge(OnnxPolicy.layer(engine.options), ChatTokenizer.layer(checkpoint))
  )
  const complete = yield* policyCompletion({ maxTokens, temperature }).pipe(
    Effect.provideContext(services)
  )
  return {
    name: checkpoint,
    isLocal: true,
    complete: (messages, seed, dialogue) =>
      Effect.map(complete(messages, seed, dialogue), (text) => ({ text }))
  } satisfies CompletingModel
})

/** A model by its path or its server's address; lives as long as the scope. */
export const openModel = Effect.fn("sml.openModel")(function* (
  model: string,
  name: string | undefined,
  settings: AnswerSettings
) {
  const opened: CompletingModel = isAddress(model)
    ? yield* serverModel(model, name, settings)
    : yield* localModel(model, settings)
  return opened
})

/** The student that a model is; `systemPrompt` is its first message. */
export const studentOf = (
  { complete }: CompletingModel,
  systemPrompt: string
): Layer.Layer<Student> =>
  ChatStudent.layer({
    complete: (messages, { episode, seed }) => complete(messages, seed, episode),
    systemPrompt
  })

/** What a student of these tasks is told first: small models read a short prompt better than a general one. */
export const systemPromptFor = (tasks: ReadonlyArray<Task>): string => {
  const domains = new Set(tasks.map(({ domain }) => domain))
  if (domains.size !== 1) return systemPrompts.general
  if (domains.has("math")) return systemPrompts.math
  return domains.has("code") ? systemPrompts.code : systemPrompts.general
}

const scriptedAt = (level: "none" | "binary" | "hint" | "diagnostic") =>
  Teacher.of({ reply: (state) => Effect.fromResult(scriptedReply(state, { level })) })

/** The scripted teacher at every level. */
export const scriptedTeachers: Layer.Layer<TeacherLevels> = TeacherLevels.layer({
  none: scriptedAt("none"),
  binary: scriptedAt("binary"),
  hint: scriptedAt("hint"),
  diagnostic: scriptedAt("diagnostic")
})

/** A model with privileged information as the teacher, behind the leak guard. */
export const modelTeacher = ({ complete, isLocal }: CompletingModel): Layer.Layer<TeacherLevels> =>
  TeacherLevels.layerSame.pipe(
    // a slow machine is no silent server
    Layer.provide(
      LanguageModelTeacher.layer(isLocal ? { timeout: "30 minutes", deadline: "2 hours" } : {})
    ),
    Layer.provide(
      Layer.succeed(
        TeacherModel,
        TeacherModel.of(
          TeacherModel.fromCompletion((messages, seed) =>
            Effect.map(complete(messages, seed), ({ text }) => text)
          )
        )
      )
    )
  )

/** The verifier of every kind of task that a suite has. */
export const suiteVerifier: Layer.Layer<Verifier, unknown> = DomainVerifier.layer({
  checks: taskChecks
})
