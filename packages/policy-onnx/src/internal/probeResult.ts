/** What the process of a device's probe prints. */
import * as Schema from "effect/Schema"

/** The providers that onnxruntime was built with, and why the one that was tried cannot be used. */
export const ProbeResult = Schema.Struct({
  providers: Schema.Array(Schema.String),
  failure: Schema.NullOr(Schema.String)
})
export type ProbeResult = typeof ProbeResult.Type
