/** AdamW, sums of squares and of arrays on four numbers at a time, as a WebAssembly module. */
import {
  f32,
  f32x4,
  f64,
  f64x2,
  i32,
  i8x16,
  loopWhile,
  v128,
  wasmModule,
  type WasmFunction
} from "./wasmModule.ts"

/**
 * Elements of a gradient and of weights that the module sees at a time: they are copied to the
 * beginning of its memory. Shorter windows are slower, as there are more copies to start; longer ones
 * leave the second-level cache.
 */
export const windowLength = 16_384

const windowBytes = windowLength * Float32Array.BYTES_PER_ELEMENT

/** Where in its memory the module has the windows, and from where on it is the caller's; bytes. */
export const layout = { gradient: 0, weights: windowBytes, free: 2 * windowBytes } as const

/** Gradients beyond it, after clipping, count as it: its square is still a number of float32. */
const largest = 2 ** 63

/** Epsilons below it count as it: its square is still a normal number of float32. */
export const smallestEpsilon = 2 ** -63

const vectorBytes = 16

// float32 numbers that `update` takes, in this order
const settings = [
  "scale1",
  "scale2",
  "beta1",
  "fresh1",
  "beta2",
  "fresh2",
  "rate",
  "epsilon",
  "decay"
] as const

/**
 * `update(bytes, first, second, …settings)` changes the weights of their window, and the moments at
 * the addresses `first` and `second` (algorithm 2 of Loshchilov and Hutter, arXiv:1711.05101):
 *
 *     g ← scale₁·scale₂·g, at most ±largest
 *     m ← β₁·m + fresh₁·g          fresh₁ = 1 − β₁
 *     v ← β₂·v + fresh₂·g²         fresh₂ = 1 − β₂
 *     w ← w − (decay·w + rate·m / (√v + ε))
 *
 * of which the bias corrections are part of `rate` and `ε`: with c₁ = 1 − β₁ᵗ and c₂ = 1 − β₂ᵗ,
 * η·(m/c₁) / (√(v/c₂) + ε) = (η·√c₂/c₁)·m / (√v + √c₂·ε).
 *
 * `bytes` is a multiple of 16 and not 0.
 */
const update: WasmFunction = {
  name: "update",
  parameters: {
    bytes: "i32",
    first: "i32",
    second: "i32",
    ...Object.fromEntries(settings.map((name) => [name, "f32"] as const))
  },
  locals: {
    at: "i32",
    ...Object.fromEntries(
      [...settings.map((name) => `${name}x4`), "low", "high", "g", "m", "v", "w"].map(
        (name) => [name, "v128"] as const
      )
    )
  },
  body: (local) => {
    const [at, g, m, v, w] = [local("at"), local("g"), local("m"), local("v"), local("w")]
    const setting = (name: (typeof settings)[number]) => local(`${name}x4`).get
    const first = i32.add(local("first").get, at.get)
    const second = i32.add(local("second").get, at.get)
    return [
      ...settings.map((name) => local(`${name}x4`).set(f32x4.splat(local(name).get))),
      local("low").set(f32x4.splat(f32.const(-largest))),
      local("high").set(f32x4.splat(f32.const(largest))),
      loopWhile(
        [
          g.set(
            f32x4.mul(
              f32x4.mul(v128.load(at.get, layout.gradient), setting("scale1")),
              setting("scale2")
            )
          ),
          g.set(f32x4.pmax(f32x4.pmin(g.get, local("high").get), local("low").get)),
          m.set(
            f32x4.add(
              f32x4.mul(setting("beta1"), v128.load(first, 0)),
              f32x4.mul(setting("fresh1"), g.get)
            )
          ),
          v.set(
            f32x4.add(
              f32x4.mul(setting("beta2"), v128.load(second, 0)),
              f32x4.mul(setting("fresh2"), f32x4.mul(g.get, g.get))
            )
          ),
          v128.store(first, 0, m.get),
          v128.store(second, 0, v.get),
          w.set(v128.load(at.get, layout.weights)),
          v128.store(
            at.get,
            layout.weights,
            f32x4.sub(
              w.get,
              f32x4.add(
                f32x4.mul(setting("decay"), w.get),
                f32x4.div(
                  f32x4.mul(setting("rate"), m.get),
                  f32x4.add(f32x4.sqrt(v.get), setting("epsilon"))
                )
              )
            )
          )
        ],
        i32.lt_u(at.tee(i32.add(at.get, i32.const(vectorBytes))), local("bytes").get)
      )
    ]
  }
}

// lanes 2 and 3 to where lanes 0 and 1 are
const upperHalf = [8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15]

/** `squares(bytes)`: Σ g² over the gradient's window, in float64; `bytes` as above. */
const squares: WasmFunction = {
  name: "squares",
  parameters: { bytes: "i32" },
  result: "f64",
  locals: { at: "i32", g: "v128", low: "v128", high: "v128" },
  body: (local) => {
    const [at, g, low, high] = [local("at"), local("g"), local("low"), local("high")]
    return [
      loopWhile(
        [
          // two sums: a single one would wait for each of its additions
          g.set(f64x2.promote_low_f32x4(v128.load(at.get, layout.gradient))),
          low.set(f64x2.add(low.get, f64x2.mul(g.get, g.get))),
          g.set(
            f64x2.promote_low_f32x4(
              i8x16.shuffle(
                upperHalf,
                v128.load(at.get, layout.gradient),
                v128.load(at.get, layout.gradient)
              )
            )
          ),
          high.set(f64x2.add(high.get, f64x2.mul(g.get, g.get)))
        ],
        i32.lt_u(at.tee(i32.add(at.get, i32.const(vectorBytes))), local("bytes").get)
      ),
      low.set(f64x2.add(low.get, high.get)),
      f64.add(f64x2.extract_lane(0, low.get), f64x2.extract_lane(1, low.get))
    ]
  }
}

/** `add(bytes)` adds the weights' window to the gradient's; `bytes` as above. */
const add: WasmFunction = {
  name: "add",
  parameters: { bytes: "i32" },
  locals: { at: "i32" },
  body: (local) => {
    const at = local("at")
    const sum = f32x4.add(v128.load(at.get, layout.gradient), v128.load(at.get, layout.weights))
    return [
      loopWhile(
        [v128.store(at.get, layout.gradient, sum)],
        i32.lt_u(at.tee(i32.add(at.get, i32.const(vectorBytes))), local("bytes").get)
      )
    ]
  }
}

/** The module's bytes; its memory, `host.memory`, holds the windows at least. */
export const adamWKernel = (): Uint8Array<ArrayBuffer> =>
  wasmModule(layout.free / 65_536, [update, squares, add])
