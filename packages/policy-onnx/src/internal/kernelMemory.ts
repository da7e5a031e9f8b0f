/** The kernel of the optimiser on a memory of its own. */
import { adamWKernel, layout, windowLength } from "./adamWKernel.ts"

interface Memory {
  readonly buffer: ArrayBuffer
}

/** The functions of `adamWKernel`, where they are explained. */
export interface Kernel {
  readonly add: (bytes: number) => void
  readonly squares: (bytes: number) => number
  readonly update: (
    bytes: number,
    first: number,
    second: number,
    scale1: number,
    scale2: number,
    beta1: number,
    fresh1: number,
    beta2: number,
    fresh2: number,
    rate: number,
    epsilon: number,
    decay: number
  ) => void
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

const pageBytes = 65_536

let compiled: object | undefined

/** A kernel, the windows that it sees of arrays elsewhere, and the caller's part of its memory. */
export interface KernelMemory {
  readonly kernel: Kernel
  readonly gradient: Float32Array
  readonly weights: Float32Array
  readonly free: Float32Array
}

/** With so many float32 numbers for the caller. Throws a `RangeError` where memory is short. */
export const kernelMemory = (length: number): KernelMemory => {
  const pages = Math.ceil((layout.free + Float32Array.BYTES_PER_ELEMENT * length) / pageBytes)
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
  const view = (offset: number, size: number) => new Float32Array(memory.buffer, offset, size)
  compiled ??= new WebAssembly.Module(adamWKernel())
  return {
    kernel: new WebAssembly.Instance(compiled, { host: { memory } }).exports,
    gradient: view(layout.gradient, windowLength),
    weights: view(layout.weights, windowLength),
    free: view(layout.free, length)
  }
}
