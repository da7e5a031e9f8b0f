/** A list of a folder's files with their checksums, by which a damaged folder is recognised. */
import { createHash } from "node:crypto"

import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import * as Schema from "effect/Schema"

/** The name of the list. */
const checksumsFile = "checksums.json"

/** SHA-256 in hexadecimal by path below the folder. */
const Checksums = Schema.Record(Schema.String, Schema.String)

/** Bytes that are in memory at a time: a file of weights may be larger than a buffer can be. */
const partBytes = 2 ** 22

const hashOf = Effect.fnUntraced(function* (file: string) {
  const fs = yield* FileSystem.FileSystem
  const hash = createHash("sha256")
  const open = yield* fs.open(file, { flag: "r" })
  const part = new Uint8Array(partBytes)
  for (;;) {
    const size = yield* open.read(part)
    if (size === 0) return hash.digest("hex")
    hash.update(part.subarray(0, size))
  }
}, Effect.scoped)

const hashesOf = Effect.fnUntraced(function* (directory: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const hashes: Record<string, string> = {}
  for (const name of (yield* fs.readDirectory(directory, { recursive: true })).toSorted()) {
    const file = path.join(directory, name)
    if (name === checksumsFile || (yield* fs.stat(file)).type !== "File") continue
    hashes[name.replaceAll("\\", "/")] = yield* hashOf(file)
  }
  return hashes
})

/** Writes the list of what is in the folder now. */
export const writeChecksums = Effect.fnUntraced(function* (directory: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const hashes = yield* hashesOf(directory)
  yield* fs.writeFileString(
    path.join(directory, checksumsFile),
    `${JSON.stringify(hashes, null, 2)}\n`
  )
})

/** What is wrong with a folder that has a list, as the end of a sentence; nothing where all is well. */
export const checksumFault = Effect.fnUntraced(function* (directory: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const list = path.join(directory, checksumsFile)
  if (!(yield* fs.exists(list))) return `it has no ${checksumsFile}`
  const text = yield* fs.readFileString(list)
  const expected = Schema.decodeUnknownOption(Schema.fromJsonString(Checksums))(text)
  if (Option.isNone(expected)) return `its ${checksumsFile} cannot be read`
  const found = yield* hashesOf(directory)
  for (const [name, hash] of Object.entries(expected.value)) {
    if (found[name] === undefined) return `${name} is missing`
    if (found[name] !== hash) return `${name} has other bytes than were written`
  }
  return undefined
})
