/** Paths that must not leave a folder. */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"

import { fromPlatformError, RunStoreError } from "./RunStoreError.ts"

/**
 * The absolute path of `relative` below `folder`. Fails as `outside` where `..`, an absolute path or a
 * link leads out of it; `relative` need not exist, and what is there of it is followed.
 */
export const insideFolder = Effect.fnUntraced(function* (folder: string, relative: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const root = path.resolve(folder)
  const target = path.resolve(root, relative)
  const refuse = new RunStoreError({
    problem: "outside",
    path: target,
    reason: `${relative} leads out of ${root}, so it is refused; give a path inside that folder, without links that leave it`
  })
  const isBelow = (base: string, other: string) =>
    other === base || other.startsWith(base.endsWith(path.sep) ? base : base + path.sep)
  if (!isBelow(root, target)) return yield* refuse
  const explain = Effect.mapError(fromPlatformError("follow a path", target))
  const realRoot = yield* fs.realPath(root).pipe(explain)
  let existing = target
  // a dangling link is there for readLink and not for realPath
  for (;;) {
    const real = yield* fs.realPath(existing).pipe(
      Effect.map((found): string | undefined => found),
      Effect.catchIf(
        (error) => error.reason._tag === "NotFound",
        () => Effect.void.pipe(Effect.as(undefined))
      ),
      explain
    )
    if (real !== undefined) {
      if (!isBelow(realRoot, real)) return yield* refuse
      return target
    }
    const isLink = yield* fs.readLink(existing).pipe(
      Effect.as(true),
      Effect.orElseSucceed(() => false)
    )
    if (isLink) return yield* refuse
    existing = path.dirname(existing)
  }
})
