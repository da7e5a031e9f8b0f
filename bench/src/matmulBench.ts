/** The machine's own f32 matrix-multiply peak. */
import { uniformStream } from "@sml/env-pomdp"
import { Graph, Op, serialize } from "@sml/onnx-autodiff"
import * as Effect from "effect/Effect"
import { InferenceSession, Tensor } from "onnxruntime-node"

import type { Bench, Setting } from "./Bench.ts"
import { BenchError } from "./BenchError.ts"
import type { Row } from "./Row.ts"
import { answeredNumber, openCandidate, sideBySide } from "./sideBySide.ts"
import { secondsOf } from "./stopwatch.ts"

/** `x · a · b`, `pairs` times over: x is `[m, k]`, a `[k, n]`, b `[n, k]`. */
interface Chain {
  readonly m: number
  readonly k: number
  readonly n: number
  readonly pairs: number
}

// square ones, and those of a batch of 2048 positions in models of width 256 and 576
const chains: ReadonlyArray<Chain> = [
  { m: 512, k: 512, n: 512, pairs: 64 },
  { m: 1024, k: 1024, n: 1024, pairs: 12 },
  { m: 2048, k: 2048, n: 2048, pairs: 2 },
  { m: 2048, k: 256, n: 688, pairs: 32 },
  { m: 2048, k: 576, n: 1536, pairs: 8 }
]

const quickChains: ReadonlyArray<Chain> = [{ m: 64, k: 64, n: 64, pairs: 4 }]

// uniform numbers: products are timed, not looked at
const random = (length: number, deviation: number, seed: number): Float32Array => {
  const uniform = uniformStream(seed)
  return Float32Array.from({ length }, () => (uniform() - 0.5) * Math.sqrt(12) * deviation)
}

const failed = (cause: unknown): BenchError =>
  new BenchError({
    reason: `onnxruntime could not multiply matrices (${String(cause)}); check that this machine has its memory free.`
  })

/**
 * Runs a chain once. The factors are fed, as in training, or constants, which onnxruntime packs
 * beforehand. The result is one sum, so that no time goes into copying it out.
 */
const openChain = Effect.fnUntraced(function* (
  { k, m, n, pairs }: Chain,
  factors: "fed" | "packed",
  threads: number
) {
  const x = random(m * k, 1, 1)
  const a = random(k * n, 1 / Math.sqrt(k), 2)
  const b = random(n * k, 1 / Math.sqrt(n), 3)
  const graph = new Graph("chain")
  const fed = factors === "fed"
  const left = fed ? graph.input("a", "float32", [k, n]) : graph.constant("float32", a, [k, n])
  const right = fed ? graph.input("b", "float32", [n, k]) : graph.constant("float32", b, [n, k])
  let product = graph.input("x", "float32", [m, k])
  for (let pair = 0; pair < pairs; pair++) {
    product = Op.matMul(Op.matMul(product, left), right)
  }
  graph.output("sum", Op.reduceSum(product))
  const session = yield* Effect.acquireRelease(
    Effect.tryPromise({
      try: () =>
        InferenceSession.create(serialize(graph), {
          intraOpNumThreads: threads,
          interOpNumThreads: 1,
          logSeverityLevel: 3
        }),
      catch: failed
    }),
    (opened) => Effect.promise(() => opened.release())
  )
  const feeds = {
    x: new Tensor("float32", x, [m, k]),
    ...(fed && { a: new Tensor("float32", a, [k, n]), b: new Tensor("float32", b, [n, k]) })
  }
  return Effect.tryPromise({ try: () => session.run(feeds), catch: failed })
})

const measureChains = Effect.fn("bench.matmul")(function* (setting: Setting) {
  const chosen = setting.quick ? quickChains : chains
  const candidate = yield* openCandidate(setting, {
    name: "PyTorch",
    script: "matmul.py",
    job: { threads: setting.threads, shapes: chosen.map((chain) => ({ ...chain })) },
    deadline: "1 minute"
  })
  const measure = Effect.fnUntraced(function* (chain: Chain, index: number) {
    const packed = yield* openChain(chain, "packed", setting.threads)
    const fed = yield* openChain(chain, "fed", setting.threads)
    const rate = (seconds: number) =>
      (4 * chain.m * chain.k * chain.n * chain.pairs) / seconds / 1e9
    const ours = Effect.map(Effect.all([secondsOf(packed), secondsOf(fed)]), (seconds) =>
      rate(Math.min(...seconds))
    )
    // the first run wakes threads
    yield* Effect.andThen(packed, fed)
    const cells = yield* sideBySide({
      ours,
      candidates: [candidate],
      theirs: (peer) =>
        peer.ask({ shape: index }).pipe(
          Effect.flatMap((answer) => answeredNumber(peer.name, answer, "seconds")),
          Effect.map(rate)
        ),
      repetitions: setting.quick ? 1 : 7
    })
    return {
      bench: "matmul",
      title: `f32 product ${chain.m} × ${chain.k} by ${chain.k} × ${chain.n}`,
      unit: "GFLOP/s",
      goals: [],
      ...cells
    } satisfies Row
  })
  return yield* Effect.forEach(chosen, (chain, index) => Effect.scoped(measure(chain, index)))
})

/** Chains of products of several shapes; each repetition takes the better of fed and packed factors. */
export const matmulBench: Bench = { name: "matmul", seconds: 15, run: measureChains }

/** The highest rate of any row, in FLOP/s. */
export const peakOf = (rows: ReadonlyArray<Row>): number | undefined => {
  const rates = rows.flatMap(({ bench, ours }) =>
    bench === "matmul" && ours !== undefined ? [ours.high * 1e9] : []
  )
  return rates.length === 0 ? undefined : Math.max(...rates)
}
