import { serialize, type DataType, type Graph, type TypedArrayOf } from "@sml/onnx-autodiff"
import { InferenceSession, Tensor } from "onnxruntime-node"

export type Feed = {
  readonly [D in DataType]: {
    readonly dtype: D
    readonly dims: ReadonlyArray<number>
    readonly data: TypedArrayOf[D]
  }
}[DataType]

export interface Result {
  readonly dims: ReadonlyArray<number>
  readonly data: ReadonlyArray<number>
}

const tensorOf = (feed: Feed): Tensor => {
  switch (feed.dtype) {
    case "float32":
      return new Tensor("float32", feed.data, feed.dims)
    case "float64":
      return new Tensor("float64", feed.data, feed.dims)
    case "int64":
      return new Tensor("int64", feed.data, feed.dims)
    case "int32":
      return new Tensor("int32", feed.data, feed.dims)
    default:
      return new Tensor("bool", feed.data, feed.dims)
  }
}

/** A session of onnxruntime over the graph; `run` gives each output as plain numbers. */
export const openGraph = async (graph: Graph, optimise = true) => {
  const session = await InferenceSession.create(serialize(graph), {
    intraOpNumThreads: 1,
    graphOptimizationLevel: optimise ? "all" : "disabled",
    logSeverityLevel: 3
  })
  return {
    run: async (
      feeds: Readonly<Record<string, Feed>>,
      fetches: ReadonlyArray<string> = session.outputNames
    ): Promise<Readonly<Record<string, Result>>> => {
      const tensors = Object.entries(feeds).map(([name, feed]) => [name, tensorOf(feed)] as const)
      const results = await session.run(Object.fromEntries(tensors), [...fetches])
      const read = Object.entries(results).map(([name, { data, dims }]) => {
        if (Array.isArray(data) || data instanceof Uint16Array) throw new Error(`${name} is odd`)
        return [name, { dims, data: Array.from<number | bigint, number>(data, Number) }] as const
      })
      return Object.fromEntries(read)
    }
  }
}
