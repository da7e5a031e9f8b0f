/**
 * A process of its own that multiplies two matrices on the device that its argument names, and prints
 * what came of it: the libraries behind a graphics card write to standard error as they like, and a
 * broken driver can end the process.
 */
import { Graph, Op, serialize } from "@sml/onnx-autodiff"
import { InferenceSession, listSupportedBackends, Tensor } from "onnxruntime-node"

import type { ProbeResult } from "./probeResult.ts"

const product = (): Uint8Array => {
  const graph = new Graph("probe")
  const a = graph.input("a", "float32", [1, 2])
  const b = graph.input("b", "float32", [2, 2])
  graph.output("product", Op.matMul(a, b))
  return serialize(graph)
}

const failureOn = async (device: string): Promise<string | undefined> => {
  try {
    const session = await InferenceSession.create(product(), {
      executionProviders: [device],
      // the processor may not stand in here; asked for by name, it is no stand-in
      ...(device !== "cpu" && { extra: { session: { disable_cpu_ep_fallback: "1" } } })
    })
    const results = await session.run({
      a: new Tensor("float32", Float32Array.of(1, 2), [1, 2]),
      b: new Tensor("float32", Float32Array.of(1, 2, 3, 4), [2, 2])
    })
    const found = String(results["product"]?.data)
    return found === "7,10" ? undefined : `it finds (1 2) · (1 2; 3 4) = (${found}), not (7,10)`
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause)
  }
}

const result: ProbeResult = {
  providers: listSupportedBackends().map(({ name }) => name),
  failure: (await failureOn(process.argv[2] ?? "")) ?? null
}
process.stdout.write(JSON.stringify(result))
