/** The weights that sampler and learner share, and what else does not change between runs. */
import type { ModelConfig } from "@sml/language-model"
import { tensorShapes } from "@sml/language-model/ModelConfig"
import { Tensor } from "onnxruntime-node"

import { adapterMatrices, type AdapterShape } from "../adapterInputs.ts"
import { rotaryTables } from "../Rotary.ts"
import type { Feeds } from "./GraphSession.ts"
import type { AdapterSetup } from "./protocol.ts"

/** What training changes: all weights, or the matrices of an adapter. */
export interface Parameters {
  readonly names: ReadonlyArray<string>
  readonly arrays: ReadonlyArray<Float32Array>
  /** Matrices decay; norm scales and biases do not. */
  readonly decayed: ReadonlyArray<boolean>
}

/** onnxruntime reads the arrays where they lie, so a change in place is seen by the next run. */
export class WeightStore {
  /** The model's weights, in the order of `tensorShapes`. */
  readonly base: Parameters
  readonly trained: Parameters
  readonly adapter: AdapterShape | undefined
  readonly #config: ModelConfig
  #feeds: Feeds
  // positions that the rotary tables among the feeds cover
  #positions = 0

  constructor(
    config: ModelConfig,
    arrays: ReadonlyArray<Float32Array>,
    adapter: AdapterSetup | undefined
  ) {
    const feeds: { [name: string]: Tensor } = {}
    const declare = (
      shapes: ReadonlyArray<readonly [string, ReadonlyArray<number>]>,
      values: ReadonlyArray<Float32Array>
    ): Parameters => {
      shapes.forEach(([name, shape], i) => {
        const array = values[i]
        if (array === undefined) throw new Error(`the weight "${name}" was not sent`)
        feeds[name] = new Tensor("float32", array, shape)
      })
      const decayed = shapes.map(([, shape]) => shape.length > 1)
      return { names: shapes.map(([name]) => name), arrays: values, decayed }
    }
    this.base = declare([...tensorShapes(config)], arrays)
    this.adapter = adapter?.shape
    this.trained =
      adapter === undefined
        ? this.base
        : declare(
            adapter.shape.modules.flatMap((module) => adapterMatrices(module)),
            adapter.matrices
          )
    this.#config = config
    this.#feeds = feeds
  }

  /** The weights and the adapter's matrices, and rotary tables for so many positions or more. */
  feeds(positions: number): Feeds {
    if (positions > this.#positions) {
      this.#positions = Math.max(256, 2 ** Math.ceil(Math.log2(positions)))
      const { cos, sin } = rotaryTables(this.#config, this.#positions)
      const shape = [this.#positions, this.#config.headSize / 2]
      this.#feeds = {
        ...this.#feeds,
        "rotary.cos": new Tensor("float32", cos, shape),
        "rotary.sin": new Tensor("float32", sin, shape)
      }
    }
    return this.#feeds
  }
}

/** Overwrites arrays in place. */
export const replaceArrays = (
  arrays: ReadonlyArray<Float32Array>,
  by: ReadonlyArray<Float32Array>
): void => {
  arrays.forEach((array, i) => {
    array.set(by[i] ?? array)
  })
}
