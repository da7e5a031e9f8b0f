/** Where an engine computes. */
import * as Schema from "effect/Schema"

/** The execution providers of onnxruntime that an engine can be told to use. */
export const Device = Schema.Literals(["cpu", "webgpu", "cuda"])
export type Device = typeof Device.Type
