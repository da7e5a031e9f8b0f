/**
 * A small assembler for WebAssembly 2.0 with 128-bit SIMD (https://webassembly.github.io/spec/core/binary).
 * Instructions have their names of the specification and take their operands as arguments, as in the
 * folded text format; each is the bytes that it is encoded as. Nothing is checked here: the engine
 * validates the module when it is compiled.
 */

/** Encoded instructions. */
type Code = ReadonlyArray<number>

/** Types of values, as they are encoded. */
const valueType = { i32: 0x7f, f32: 0x7d, f64: 0x7c, v128: 0x7b } as const
type ValueType = keyof typeof valueType

/** A function that the module exports; parameters and locals are known by their names. */
export interface WasmFunction {
  readonly name: string
  readonly parameters: { readonly [name: string]: ValueType }
  readonly result?: ValueType
  readonly locals: { readonly [name: string]: ValueType }
  /** The body, of which `local` says where a name is. */
  readonly body: (local: (name: string) => Local) => ReadonlyArray<Code>
}

// "\0asm", version 1
const header: Code = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]

/** What can be done with a parameter or a local. */
interface Local {
  readonly get: Code
  readonly set: (value: Code) => Code
  readonly tee: (value: Code) => Code
}

/** The bytes of a module with these functions, on a memory of at least so many pages of 64 KiB that
 * it imports as `memory` of `host`. */
export const wasmModule = (
  pages: number,
  functions: ReadonlyArray<WasmFunction>
): Uint8Array<ArrayBuffer> => {
  const types = functions.map(({ parameters, result }) => [
    0x60,
    ...vector(Object.values(parameters).map((type) => [valueType[type]])),
    ...vector(result === undefined ? [] : [[valueType[result]]])
  ])
  const exported = functions.map(({ name }, index) => [...text(name), 0x00, ...unsigned(index)])
  const bodies = functions.map((f) => {
    const locals = Object.values(f.locals).map((type) => [1, valueType[type]])
    const body = [...vector(locals), ...f.body(localsOf(f)).flat(), 0x0b]
    return [...unsigned(body.length), ...body]
  })
  return Uint8Array.of(
    ...header,
    ...section(1, types),
    ...section(2, [[...text("host"), ...text("memory"), 0x02, 0x00, ...unsigned(pages)]]),
    ...section(
      3,
      functions.map((_, index) => unsigned(index))
    ),
    ...section(7, exported),
    ...section(10, bodies)
  )
}

// parameters and locals share one row of indices
const localsOf = ({ parameters, locals }: WasmFunction) => {
  const names = [...Object.keys(parameters), ...Object.keys(locals)]
  return (name: string): Local => {
    const index = unsigned(names.indexOf(name))
    return {
      get: [0x20, ...index],
      set: (value) => [...value, 0x21, ...index],
      tee: (value) => [...value, 0x22, ...index]
    }
  }
}

/** LEB128 of an unsigned integer below 2³¹. */
const unsigned = (value: number): Code =>
  value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)]

/** LEB128 of a signed 32-bit integer. */
const signed = (value: number): Code =>
  value >= -0x40 && value < 0x40 ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...signed(value >> 7)]

const vector = (items: ReadonlyArray<Code>): Code => [...unsigned(items.length), ...items.flat()]

const section = (id: number, items: ReadonlyArray<Code>): Code => {
  const content = vector(items)
  return [id, ...unsigned(content.length), ...content]
}

const text = (ascii: string): Code => vector(Array.from(ascii, (c) => [c.charCodeAt(0)]))

const unary =
  (...opcode: ReadonlyArray<number>) =>
  (a: Code): Code => [...a, ...opcode]

const binary =
  (...opcode: ReadonlyArray<number>) =>
  (a: Code, b: Code): Code => [...a, ...b, ...opcode]

const vectorOpcode = (code: number): Code => [0xfd, ...unsigned(code)]

export const i32 = {
  const: (value: number): Code => [0x41, ...signed(value)],
  add: binary(0x6a),
  lt_u: binary(0x49)
}

export const f32 = {
  const: (value: number): Code => [0x43, ...new Uint8Array(Float32Array.of(value).buffer)]
}

export const f64 = { add: binary(0xa0) }

/** Repeats the body, once at least, for as long as the condition, after it, is not 0. */
export const loopWhile = (body: ReadonlyArray<Code>, condition: Code): Code => [
  0x03, // loop
  0x40, // without a result
  ...body.flat(),
  ...condition,
  0x0d, // br_if
  0x00, // to the loop's beginning
  0x0b
]

// an access is said to be aligned to 2⁴ bytes
export const v128 = {
  load: (address: Code, offset: number): Code => [
    ...address,
    ...vectorOpcode(0),
    4,
    ...unsigned(offset)
  ],
  store: (address: Code, offset: number, value: Code): Code => [
    ...address,
    ...value,
    ...vectorOpcode(11),
    4,
    ...unsigned(offset)
  ]
}

export const i8x16 = {
  /** Bytes of `a` (0 … 15) and of `b` (16 … 31). */
  shuffle: (lanes: ReadonlyArray<number>, a: Code, b: Code): Code => [
    ...a,
    ...b,
    ...vectorOpcode(13),
    ...lanes
  ]
}

export const f32x4 = {
  splat: unary(...vectorOpcode(19)),
  sqrt: unary(...vectorOpcode(227)),
  add: binary(...vectorOpcode(228)),
  sub: binary(...vectorOpcode(229)),
  mul: binary(...vectorOpcode(230)),
  div: binary(...vectorOpcode(231)),
  pmin: binary(...vectorOpcode(234)),
  pmax: binary(...vectorOpcode(235))
}

export const f64x2 = {
  extract_lane: (lane: number, a: Code): Code => [...a, ...vectorOpcode(33), lane],
  promote_low_f32x4: unary(...vectorOpcode(95)),
  add: binary(...vectorOpcode(240)),
  mul: binary(...vectorOpcode(242))
}
