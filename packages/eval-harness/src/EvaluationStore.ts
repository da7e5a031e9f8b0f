/** Where the dialogues of an evaluation are kept, so that it can go on after an interruption. */
import { Episode } from "@sml/env-pomdp"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Path from "effect/Path"
import * as Schema from "effect/Schema"

import { EvaluationSettings, settingsDifferences } from "./EvaluationSettings.ts"
import { EvaluationStoreError } from "./EvaluationStoreError.ts"
import { openLineFile } from "./internal/lineFile.ts"
import { ResponseStrategy } from "./ResponseStrategy.ts"

/**
 * One dialogue: one line of the transcripts.
 *
 * - `task`: the id of the task as it was given, whatever the staging made of it; `repeat` from 0.
 * - `episode`: without token traces; what the turns used is in `usage`.
 * - `labels`: the strategy of each student turn.
 */
export const DialogueRecord = Schema.Struct({
  condition: Schema.NonEmptyString,
  domain: Schema.NonEmptyString,
  task: Schema.NonEmptyString,
  repeat: Schema.Int,
  episode: Episode,
  labels: Schema.Array(ResponseStrategy)
})
export type DialogueRecord = typeof DialogueRecord.Type

/** What a store held of an evaluation; `damaged` counts lines that could not be read. */
export interface KeptDialogues {
  readonly records: ReadonlyArray<DialogueRecord>
  readonly damaged: number
}

/** Where {@link EvaluationStore.layerFolder} keeps an evaluation. */
export interface EvaluationFolder {
  readonly folder: string
  /** Whether to go on with an evaluation that is there; else it is an error. Default: yes. */
  readonly resume?: boolean
}

const settingsText = (settings: EvaluationSettings): string =>
  `${JSON.stringify(Schema.encodeSync(EvaluationSettings)(settings), undefined, 2)}\n`

/**
 * - `begin`: what is kept of the evaluation with these settings; fails when another one is kept.
 * - `append`: keeps a dialogue. Two records of the same condition, task and repeat: the later counts.
 */
export class EvaluationStore extends Context.Service<
  EvaluationStore,
  {
    readonly begin: (
      settings: EvaluationSettings
    ) => Effect.Effect<KeptDialogues, EvaluationStoreError>
    readonly append: (record: DialogueRecord) => Effect.Effect<void, EvaluationStoreError>
  }
>()("@sml/eval-harness/EvaluationStore") {
  /** Keeps nothing beyond the run. */
  static readonly layerMemory: Layer.Layer<EvaluationStore> = Layer.succeed(EvaluationStore, {
    begin: () => Effect.succeed({ records: [], damaged: 0 }),
    append: () => Effect.void
  })

  /**
   * A folder with the settings in `evaluation.json` and one line per dialogue in `transcripts.jsonl`,
   * written when the dialogue ends. Lines are only added; a cut one costs its dialogue alone. One
   * process at a time.
   */
  static readonly layerFolder = (
    options: EvaluationFolder
  ): Layer.Layer<EvaluationStore, never, FileSystem.FileSystem | Path.Path> =>
    Layer.effect(
      EvaluationStore,
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const path = yield* Path.Path
        const { folder, resume = true } = options
        const settingsFile = path.join(folder, "evaluation.json")
        const transcripts = path.join(folder, "transcripts.jsonl")

        const readSettings = Effect.gen(function* () {
          const text = yield* fs
            .readFileString(settingsFile)
            .pipe(Effect.mapError(EvaluationStoreError.at("read", settingsFile)))
          return yield* Schema.decodeUnknownEffect(Schema.fromJsonString(EvaluationSettings))(
            text
          ).pipe(
            Effect.mapError(
              (error) =>
                new EvaluationStoreError({
                  reason: `${settingsFile} does not hold the settings of an evaluation (${error.message}); choose another folder.`
                })
            )
          )
        })

        const checkSettings = Effect.fnUntraced(function* (settings: EvaluationSettings) {
          const kept = yield* readSettings
          if (!resume) {
            yield* new EvaluationStoreError({
              reason: `${folder} already holds an evaluation; resume it, or choose another folder.`
            })
          }
          const different = settingsDifferences(kept, settings)
          if (different.length > 0) {
            yield* new EvaluationStoreError({
              differences: different,
              reason: `${folder} holds an evaluation with other settings: ${different.join("; ")}. Give the same settings, or choose another folder.`
            })
          }
        })

        const writeSettings = Effect.fnUntraced(
          function* (settings: EvaluationSettings) {
            yield* fs.makeDirectory(folder, { recursive: true })
            // under another name first, so that the file is whole or not there
            const partial = `${settingsFile}.partial`
            yield* fs.writeFileString(partial, settingsText(settings))
            yield* fs.rename(partial, settingsFile)
          },
          Effect.mapError(EvaluationStoreError.at("write", settingsFile))
        )

        const open = openLineFile(transcripts, DialogueRecord).pipe(
          Effect.provideService(FileSystem.FileSystem, fs),
          Effect.mapError(EvaluationStoreError.at("open", transcripts))
        )
        let append:
          | ((record: DialogueRecord) => Effect.Effect<void, EvaluationStoreError>)
          | undefined

        return EvaluationStore.of({
          begin: Effect.fn("EvaluationStore.begin")(function* (settings: EvaluationSettings) {
            const exists = yield* fs
              .exists(settingsFile)
              .pipe(Effect.mapError(EvaluationStoreError.at("read", settingsFile)))
            yield* exists ? checkSettings(settings) : writeSettings(settings)
            const lines = yield* open
            append = (record) =>
              lines
                .append(record)
                .pipe(Effect.mapError(EvaluationStoreError.at("add to", transcripts)))
            return { records: lines.values, damaged: lines.damaged }
          }),
          append: (record) =>
            Effect.suspend(
              () =>
                append?.(record) ??
                Effect.fail(
                  new EvaluationStoreError({
                    reason: `A dialogue was to be kept in ${folder} before its evaluation began; call begin first.`
                  })
                )
            )
        })
      })
    )
}
