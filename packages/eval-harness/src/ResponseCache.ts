/** What models answered before, so that nothing is asked, or paid, twice. */
import { Student, StudentError, Utterance } from "@sml/env-pomdp"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import * as Schema from "effect/Schema"

import { EvaluationStoreError } from "./EvaluationStoreError.ts"
import { contentHash } from "./internal/canonicalJson.ts"
import { openLineFile } from "./internal/lineFile.ts"

const CachedLine = Schema.Struct({ key: Schema.String, value: Schema.Json })
type CachedLine = typeof CachedLine.Type

/** How often the cache was asked and had the answer. */
export interface CacheCounts {
  readonly hits: number
  readonly misses: number
}

/**
 * Answers by the content of the question. `through` gives the kept answer to an equal key (any JSON; the
 * order of its keys does not matter), else runs the effect and keeps what it gives; failures are not
 * kept. A kept answer that does not fit the schema counts as none.
 */
export class ResponseCache extends Context.Service<
  ResponseCache,
  {
    readonly through: <A, I extends Schema.Json, E, R>(
      key: Schema.Json,
      schema: Schema.Codec<A, I>,
      effect: Effect.Effect<A, E, R>
    ) => Effect.Effect<A, E | EvaluationStoreError, R>
    readonly counts: Effect.Effect<CacheCounts>
  }
>()("@sml/eval-harness/ResponseCache") {
  /** In memory, for one run. */
  static readonly layerMemory: Layer.Layer<ResponseCache> = Layer.sync(ResponseCache, () =>
    cacheOver(new Map(), () => Effect.void)
  )

  /**
   * In `responses.jsonl` of a folder, which is made when it is not there: one line for each answer,
   * `{ key, value }` with the SHA-256 of the question; lines are only ever added. A cut last line costs
   * that answer alone. One process at a time.
   */
  static readonly layerFolder = (
    folder: string
  ): Layer.Layer<ResponseCache, EvaluationStoreError, FileSystem.FileSystem | Path.Path> =>
    Layer.effect(
      ResponseCache,
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const path = yield* Path.Path
        const file = path.join(folder, "responses.jsonl")
        const explain = Effect.mapError(EvaluationStoreError.at("keep answers in", file))
        yield* fs.makeDirectory(folder, { recursive: true }).pipe(explain)
        const lines = yield* openLineFile(file, CachedLine).pipe(explain)
        const kept = new Map(lines.values.map(({ key, value }) => [key, value]))
        return cacheOver(kept, (line) => lines.append(line).pipe(explain))
      })
    )

  /**
   * The student that is at hand, asked once for each model, history and seed. `model` is whatever
   * decides what the student would say: the model's name or the hash of its weights, the system
   * prompt, the temperature.
   */
  static readonly layerStudent = (
    model: Schema.Json
  ): Layer.Layer<Student, never, Student | ResponseCache> =>
    Layer.effect(
      Student,
      Effect.gen(function* () {
        const student = yield* Student
        const cache = yield* ResponseCache
        return Student.of({
          speak: (observation, context) =>
            cache
              .through(
                {
                  model,
                  seed: context.seed,
                  prompt: observation.history.map(({ role, text }) => [role, text])
                },
                Utterance,
                student.speak(observation, context)
              )
              .pipe(
                Effect.catchTag("EvaluationStoreError", (error) =>
                  Effect.fail(new StudentError({ reason: error.message }))
                )
              )
        })
      })
    )
}

const cacheOver = (
  kept: Map<string, Schema.Json>,
  keep: (line: CachedLine) => Effect.Effect<void, EvaluationStoreError>
): ResponseCache["Service"] => {
  let hits = 0
  let misses = 0
  return ResponseCache.of({
    through: (key, schema, effect) =>
      Effect.suspend(() => {
        const hash = contentHash(key)
        const found = Option.fromUndefinedOr(kept.get(hash)).pipe(
          Option.flatMap(Schema.decodeUnknownOption(schema))
        )
        if (Option.isSome(found)) {
          hits++
          return Effect.succeed(found.value)
        }
        misses++
        return Effect.tap(effect, (answer) => {
          const value = Schema.encodeSync(schema)(answer)
          kept.set(hash, value)
          return keep({ key: hash, value })
        })
      }),
    counts: Effect.sync(() => ({ hits, misses }))
  })
}
