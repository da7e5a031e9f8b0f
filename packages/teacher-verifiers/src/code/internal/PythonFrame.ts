/** How values cross the border of the Python sandbox: one byte of type, then a length and what it counts. */
import type { PlainValue } from "../PlainValue.ts"

/** Deeper values are refused, going in or out. */
export const maximumDepth = 100

const tags = {
  N: "null",
  I: "integer",
  D: "float",
  C: "complex",
  S: "string",
  B: "bytes",
  L: "list",
  U: "tuple",
  E: "set",
  Z: "frozenset",
  M: "dict"
} as const

const tagOf = { list: "L", tuple: "U", set: "E", frozenset: "Z" } as const

/** Bytes that {@link encodeValue} and {@link decodeValue} do not understand. */
class FrameError extends Error {}

/** The value as bytes. */
export const encodeValue = (value: PlainValue): Buffer => {
  const parts: Array<Buffer> = []
  write(value, parts)
  return Buffer.concat(parts)
}

const sized = (tag: string, data: Buffer, parts: Array<Buffer>): void => {
  parts.push(header(tag, data.length), data)
}

const header = (tag: string, size: number): Buffer => {
  const bytes = Buffer.allocUnsafe(5)
  bytes.write(tag, "latin1")
  bytes.writeUInt32BE(size, 1)
  return bytes
}

const hexadecimal = (digits: string): string => {
  const integer = BigInt(digits)
  return integer < 0n ? `-${(-integer).toString(16)}` : integer.toString(16)
}

const write = (value: PlainValue, parts: Array<Buffer>): void => {
  switch (value.type) {
    case "null":
    case "undefined":
      parts.push(Buffer.from("N"))
      return
    case "boolean":
      parts.push(Buffer.from(value.value ? "T" : "F"))
      return
    case "integer":
      return sized("I", Buffer.from(hexadecimal(value.text)), parts)
    case "float":
      return sized("D", Buffer.from(value.text), parts)
    case "complex":
      return sized("C", Buffer.from(value.text), parts)
    case "string":
      return sized("S", Buffer.from(value.text, "utf16le"), parts)
    case "bytes":
      return sized("B", Buffer.from(value.text, "base64"), parts)
    case "dict":
      parts.push(header("M", value.entries.length))
      for (const [key, item] of value.entries) {
        write(key, parts)
        write(item, parts)
      }
      return
    default:
      parts.push(header(tagOf[value.type], value.items.length))
      for (const item of value.items) write(item, parts)
  }
}

/** The value that fills the bytes; throws a {@link FrameError} where there is none. */
export const decodeValue = (bytes: Buffer): PlainValue => {
  const reader = new Reader(bytes)
  const value = reader.value(maximumDepth + 2)
  if (reader.at !== bytes.length) throw new FrameError("bytes are left over")
  return value
}

const floatText = (text: string): string => {
  if (/^-?\d+(\.\d+)?(e[+-]\d+)?$/.test(text)) return text
  switch (text) {
    case "nan":
      return "NaN"
    case "inf":
      return "Infinity"
    case "-inf":
      return "-Infinity"
    default:
      throw new FrameError("a float that is none")
  }
}

const integerText = (text: string): string => {
  const match = /^(-?)([\da-f]{1,200000})$/.exec(text)
  if (match === null) throw new FrameError("an integer that is none")
  const magnitude = BigInt(`0x${match[2]}`)
  return String(match[1] === "-" ? -magnitude : magnitude)
}

const isTag = (tag: string): tag is keyof typeof tags => tag in tags

class Reader {
  readonly bytes: Buffer
  at = 0
  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  value(depth: number): PlainValue {
    if (depth === 0) throw new FrameError("too deep")
    const tag = this.take(1).toString("latin1")
    if (tag === "T" || tag === "F") return { type: "boolean", value: tag === "T" }
    if (!isTag(tag)) throw new FrameError("an unknown type")
    const type = tags[tag]
    switch (type) {
      case "null":
        return { type }
      case "integer":
        return { type, text: integerText(this.text()) }
      case "float":
        return { type, text: floatText(this.text()) }
      case "complex": {
        const text = this.text()
        if (!/^[()\d.einfaj+-]{1,60}$/.test(text)) throw new FrameError("a complex that is none")
        return { type, text }
      }
      case "string": {
        const data = this.sized()
        if (data.length % 2 !== 0) throw new FrameError("half a character")
        return { type, text: data.toString("utf16le") }
      }
      case "bytes":
        return { type, text: this.sized().toString("base64") }
      case "dict": {
        const entries: Array<readonly [PlainValue, PlainValue]> = []
        for (let left = this.count(); left > 0; left--) {
          entries.push([this.value(depth - 1), this.value(depth - 1)])
        }
        return { type, entries }
      }
      default: {
        const items: Array<PlainValue> = []
        for (let left = this.count(); left > 0; left--) items.push(this.value(depth - 1))
        return { type, items }
      }
    }
  }

  private take(size: number): Buffer {
    if (this.at + size > this.bytes.length) throw new FrameError("too short")
    this.at += size
    return this.bytes.subarray(this.at - size, this.at)
  }

  private count(): number {
    return this.take(4).readUInt32BE()
  }

  private sized(): Buffer {
    return this.take(this.count())
  }

  private text(): string {
    return this.sized().toString("latin1")
  }
}
