/** The weights that sampler and learner share, and what else does not change between runs. */
import type { ModelConfig } from "@sml/language-model"
import { tensorShapes } from "@sml/language-model/ModelConfig"
import { Tensor } from "onnxruntime-node"

import { rotaryTables } from "../Decoder.ts"
import type { Feeds } from "./GraphSession.ts"

/** onnxruntime reads the arrays where they lie, so a change in place is seen by the next run. */
export class WeightStore {
  readonly names: ReadonlyArray<string>
  readonly arrays: ReadonlyArray<Float32Array>
  /** Matrices decay; norm scales and biases do not. */
  readonly decayed: ReadonlyArray<boolean>
  readonly #config: ModelConfig
  #feeds: Feeds
  // positions that the rotary tables among the feeds cover
  #positions = 0

  constructor(config: ModelConfig, arrays: ReadonlyArray<Float32Array>) {
    const shapes = [...tensorShapes(config)]
    const feeds: { [name: string]: Tensor } = {}
    shapes.forEach(([name, shape], i) => {
      const array = arrays[i]
      if (array === undefined) throw new Error(`the weight "${name}" was not sent`)
      feeds[name] = new Tensor("float32", array, shape)
    })
    this.names = shapes.map(([name]) => name)
    this.arrays = arrays
    this.decayed = shapes.map(([, shape]) => shape.length > 1)
    this.#config = config
    this.#feeds = feeds
  }

  /** The weights, and rotary tables for so many positions or more. */
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

  copy(): ReadonlyArray<Float32Array> {
    return this.arrays.map((array) => array.slice())
  }

  replace(arrays: ReadonlyArray<Float32Array>): void {
    this.arrays.forEach((array, i) => {
      array.set(arrays[i] ?? array)
    })
  }
}
