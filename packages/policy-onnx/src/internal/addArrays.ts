/** Sums of arrays, four numbers at a time in WebAssembly. */
import { f32x4, i32, loopWhile, v128, wasmModule, type WasmFunction } from "./wasmModule.ts"

interface Memory {
  readonly buffer: ArrayBuffer
}

interface Kernel {
  readonly add: (bytes: number) => void
}

// Node has it, its type declarations do not
declare const WebAssembly: {
  readonly Memory: new (pages: { readonly initial: number; readonly maximum: number }) => Memory
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object
  readonly Instance: new (
    module: object,
    imports: { readonly host: { readonly memory: Memory } }
  ) => { readonly exports: Kernel }
}

/** Elements that are copied to the module's memory at a time: two such windows stay in the cache. */
const windowLength = 16_384
const windowBytes = windowLength * Float32Array.BYTES_PER_ELEMENT
const vectorBytes = 16

/** `add(bytes)` adds the second window to the first; `bytes` is a multiple of 16 and not 0. */
const add: WasmFunction = {
  name: "add",
  parameters: { bytes: "i32" },
  locals: { at: "i32" },
  body: (local) => {
    const at = local("at")
    const sum = f32x4.add(v128.load(at.get, 0), v128.load(at.get, windowBytes))
    return [
      loopWhile(
        [v128.store(at.get, 0, sum)],
        i32.lt_u(at.tee(i32.add(at.get, i32.const(vectorBytes))), local("bytes").get)
      )
    ]
  }
}

const makeAdder = () => {
  const pages = (2 * windowBytes) / 65_536
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
  const module = new WebAssembly.Module(wasmModule(pages, [add]))
  return {
    kernel: new WebAssembly.Instance(module, { host: { memory } }).exports,
    first: new Float32Array(memory.buffer, 0, windowLength),
    second: new Float32Array(memory.buffer, windowBytes, windowLength)
  }
}

let adder: ReturnType<typeof makeAdder> | undefined

/** Adds an array to one of the same length, in place: a loop over them takes three times as long. */
export const addArray = (array: Float32Array, other: Float32Array): void => {
  adder ??= makeAdder()
  const { first, kernel, second } = adder
  for (let from = 0; from < array.length; from += windowLength) {
    const part = array.subarray(from, from + windowLength)
    first.set(part)
    second.set(other.subarray(from, from + windowLength))
    kernel.add(vectorBytes * Math.ceil(part.length / 4))
    part.set(part.length === windowLength ? first : first.subarray(0, part.length))
  }
}

/** Adds arrays to others of the same lengths, in place. */
export const addArrays = (
  arrays: ReadonlyArray<Float32Array>,
  others: ReadonlyArray<Float32Array>
): void => {
  for (const [index, array] of arrays.entries()) addArray(array, others[index] ?? array)
}
