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
  /** Feeds the weights and the rotary tables. */
  readonly feeds: Feeds

  constructor(config: ModelConfig, arrays: ReadonlyArray<Float32Array>) {
    const shapes = [...tensorShapes(config)]
    const { cos, sin } = rotaryTables(config)
    const table = [config.contextLength, config.headSize / 2]
    const feeds: { [name: string]: Tensor } = {
      "rotary.cos": new Tensor("float32", cos, table),
      "rotary.sin": new Tensor("float32", sin, table)
    }
    shapes.forEach(([name, shape], i) => {
      const array = arrays[i]
      if (array === undefined) throw new Error(`the weight "${name}" was not sent`)
      feeds[name] = new Tensor("float32", array, shape)
    })
    this.names = shapes.map(([name]) => name)
    this.arrays = arrays
    this.decayed = shapes.map(([, shape]) => shape.length > 1)
    this.feeds = feeds
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
