/** The weights as the sampler runs them: with an adapter, merged into the matrices that it adapts. */
import { Graph, Op } from "@sml/onnx-autodiff"
import * as Effect from "effect/Effect"
import { Tensor } from "onnxruntime-node"

import type { EngineFault } from "./EngineFault.ts"
import { type Feeds, GraphSession } from "./GraphSession.ts"
import type { EngineSettings } from "./protocol.ts"
import type { WeightStore } from "./WeightStore.ts"

// W + s·B·A
const mergeGraph = (): Graph => {
  const graph = new Graph("merge")
  const w = graph.input("w", "float32", ["O", "I"])
  const down = graph.input("down", "float32", ["R", "I"])
  const up = graph.input("up", "float32", ["O", "R"])
  const scale = graph.input("scale", "float32", [])
  graph.output("merged", Op.add(w, Op.matMul(Op.mul(up, scale), down)))
  return graph
}

/**
 * Decoding reads every matrix for every token, so it reads merged ones: the adapted matrices are held
 * a second time and made anew after the adapter has changed. Without an adapter nothing is copied.
 */
export class SampledWeights {
  readonly #store: WeightStore
  readonly #merge: GraphSession
  readonly #merged: { [name: string]: Tensor } = {}
  #stale: boolean

  constructor(store: WeightStore, settings: EngineSettings) {
    this.#store = store
    this.#merge = new GraphSession(mergeGraph, settings)
    this.#stale = store.adapter !== undefined
  }

  /** The adapter has changed. */
  invalidate(): void {
    this.#stale = this.#store.adapter !== undefined
  }

  /** Makes what has become stale; before {@link feeds} and {@link arrays}. */
  refresh(): Effect.Effect<void, EngineFault> {
    return Effect.gen({ self: this }, function* () {
      if (!this.#stale) return
      const feeds = this.#store.feeds(0)
      for (const { path, scale } of this.#store.adapter?.modules ?? []) {
        const name = `${path}.weight`
        const [w, down, up] = [
          feeds[name],
          feeds[`${path}.lora_A.weight`],
          feeds[`${path}.lora_B.weight`]
        ]
        if (w === undefined || down === undefined || up === undefined) continue
        const outputs = yield* this.#merge.run(
          { w, down, up, scale: new Tensor("float32", Float32Array.of(scale), []) },
          ["merged"]
        )
        this.#merged[name] = new Tensor("float32", outputs.floats("merged"), w.dims)
      }
      this.#stale = false
    })
  }

  /** As {@link WeightStore.feeds}, for a model without an adapter. */
  feeds(positions: number): Feeds {
    const feeds = this.#store.feeds(positions)
    return this.#store.adapter === undefined ? feeds : { ...feeds, ...this.#merged }
  }

  /** Copies of the weights, in the order of `tensorShapes`. */
  copy(): ReadonlyArray<Float32Array> {
    const { arrays, names } = this.#store.base
    return arrays.map((array, i) => {
      const merged = this.#merged[names[i] ?? ""]?.data
      return (merged instanceof Float32Array ? merged : array).slice()
    })
  }
}
