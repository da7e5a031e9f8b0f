/** Something inside the worker went wrong. */
import * as Data from "effect/Data"

/** `reason` is a whole sentence; the main thread makes a sampler's or a learner's error of it. */
export class EngineFault extends Data.TaggedError("EngineFault")<{ readonly reason: string }> {}
