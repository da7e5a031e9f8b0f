/** The folder of an evaluation can not be used; `reason` says what, where and what to do. */
import type { PlatformError } from "effect/PlatformError"
import * as Schema from "effect/Schema"

export class EvaluationStoreError extends Schema.TaggedError<EvaluationStoreError>()(
  "EvaluationStoreError",
  {
    reason: Schema.String,
    /** In words, where the folder holds an evaluation with other settings. */
    differences: Schema.optionalKey(Schema.Array(Schema.String))
  }
) {
  override get message(): string {
    return this.reason
  }

  /** A failure of the file system, as one sentence. */
  static readonly at =
    (action: string, file: string) =>
    (error: PlatformError): EvaluationStoreError =>
      new EvaluationStoreError({
        reason: `Cannot ${action} ${file}: ${error.message}. Check the path, the permissions and the free space.`
      })
}
