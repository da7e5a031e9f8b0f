/** What a command does before it starts an engine. */
import { flushDenormals } from "@sml/policy-onnx"
import * as Effect from "effect/Effect"

/** `flushDenormals`, where it can be had: onnxruntime that cannot start is the engine's to tell of. */
export const takeDenormalsAsZero = Effect.asVoid(Effect.exit(flushDenormals))
