/** The bytes that each token adds to a text, by the decoder of `tokenizer.json`. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

/** `decoder` as in `tokenizer.json`; `vocabulary[id]` is a token's text, with a hole where there is none. */
export interface TokenTexts {
  readonly decoder: unknown
  readonly vocabulary: ReadonlyArray<string | undefined>
  /** Tokens that are never split stand for their own text, whatever the decoder. */
  readonly added: ReadonlySet<number>
  readonly special: ReadonlySet<number>
}

const utf8 = new TextEncoder()

// GPT-2's alphabet: printable bytes are themselves, the others follow from U+0100 in order
const bytesOfCharacters: ReadonlyMap<string, number> = new Map(
  (() => {
    let next = 0x100
    return Array.from({ length: 256 }, (_, byte): [string, number] => {
      const printable =
        (byte >= 0x21 && byte <= 0x7e) ||
        (byte >= 0xa1 && byte <= 0xac) ||
        (byte >= 0xae && byte <= 0xff)
      return [String.fromCharCode(printable ? byte : next++), byte]
    })
  })()
)

const byteLevel = (token: string): Uint8Array => {
  const bytes = new Uint8Array(token.length)
  for (let i = 0; i < token.length; i++) {
    const byte = bytesOfCharacters.get(token.charAt(i))
    // a token outside the alphabet is plain text
    if (byte === undefined) return utf8.encode(token)
    bytes[i] = byte
  }
  return bytes
}

type Step = (token: string) => string | Uint8Array

const Text = (otherwise: string) =>
  Schema.String.pipe(Schema.withDecodingDefaultKey(Effect.succeed(otherwise)))

// the decoders that work on one token; Fuse and what follows it see the whole text only
const Decoder = Schema.Union([
  Schema.Struct({ type: Schema.Literal("ByteLevel") }),
  Schema.Struct({ type: Schema.Literal("ByteFallback") }),
  Schema.Struct({ type: Schema.Literal("Fuse") }),
  Schema.Struct({
    type: Schema.Literal("Replace"),
    pattern: Schema.Struct({ String: Schema.String }),
    content: Text("")
  }),
  Schema.Struct({ type: Schema.Literal("Metaspace"), replacement: Text("\u2581") }),
  Schema.Struct({ type: Schema.Literal("WordPiece"), prefix: Text("##") }),
  Schema.Struct({ type: Schema.Literal("BPEDecoder"), suffix: Text("</w>") })
])

const fallback: Step = (token) => {
  const [, hex] = /^<0x([0-9a-fA-F]{2})>$/.exec(token) ?? []
  return hex === undefined ? token : Uint8Array.of(Number.parseInt(hex, 16))
}

const stepOf = (decoder: Exclude<typeof Decoder.Type, { readonly type: "Fuse" }>): Step => {
  if (decoder.type === "ByteLevel") return byteLevel
  if (decoder.type === "ByteFallback") return fallback
  if (decoder.type === "Replace") {
    return (token) => token.replaceAll(decoder.pattern.String, () => decoder.content)
  }
  if (decoder.type === "Metaspace") return (token) => token.replaceAll(decoder.replacement, " ")
  if (decoder.type === "BPEDecoder") return (token) => token.replaceAll(decoder.suffix, " ")
  return (token) =>
    token.startsWith(decoder.prefix) ? token.slice(decoder.prefix.length) : ` ${token}`
}

const stepsOf = (decoder: unknown): ReadonlyArray<unknown> =>
  typeof decoder === "object" && decoder !== null && "decoders" in decoder
    ? Array.isArray(decoder.decoders)
      ? decoder.decoders.flatMap(stepsOf)
      : []
    : [decoder]

const perToken = (decoder: unknown): ReadonlyArray<Step> => {
  const steps: Array<Step> = []
  for (const one of stepsOf(decoder)) {
    const known = Schema.decodeUnknownResult(Decoder)(one)
    // what is not in the list (CTC, Strip) does not change a token by itself
    if (Result.isFailure(known)) continue
    if (known.success.type === "Fuse") break
    steps.push(stepOf(known.success))
  }
  return steps
}

/**
 * The bytes that each id adds to a text that goes on, as views of one buffer: empty for special
 * tokens, `undefined` where there is no token.
 */
export const tokenBytes = ({
  added,
  decoder,
  special,
  vocabulary
}: TokenTexts): ReadonlyArray<Uint8Array | undefined> => {
  const steps = perToken(decoder)
  // without a decoder the library puts a space between tokens
  const spaced = decoder === null || decoder === undefined
  const bytesOf = (token: string, id: number): Uint8Array => {
    if (special.has(id)) return new Uint8Array(0)
    if (spaced) return utf8.encode(` ${token}`)
    if (added.has(id)) return utf8.encode(token)
    let text = token
    for (const step of steps) {
      const next = step(text)
      if (typeof next !== "string") return next
      text = next
    }
    return utf8.encode(text)
  }
  // Array.from visits holes, map does not
  const parts = Array.from(vocabulary, (token, id) =>
    token === undefined ? undefined : bytesOf(token, id)
  )
  const packed = new Uint8Array(parts.reduce((sum, part) => sum + (part?.length ?? 0), 0))
  let at = 0
  return parts.map((part) => {
    if (part === undefined) return undefined
    packed.set(part, at)
    at += part.length
    return packed.subarray(at - part.length, at)
  })
}
