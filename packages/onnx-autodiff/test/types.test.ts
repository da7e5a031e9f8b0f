import {
  type FloatType,
  Graph,
  gradient,
  Op,
  type OperatorName,
  type RuleTable,
  type Value
} from "@sml/onnx-autodiff"
import { describe, expectTypeOf, it } from "vitest"

// never called: the compiler is the test
const mustNotCompile = (graph: Graph) => {
  const single = graph.input("s", "float32", ["B"])
  const double = graph.input("d", "float64", ["B"])
  const index = graph.input("i", "int64", ["B"])
  const truth = graph.input("t", "bool", ["B"])
  // @ts-expect-error two element types
  Op.add(single, double)
  // @ts-expect-error two element types
  Op.matMul(single, double)
  // @ts-expect-error integers have no exponential
  Op.exp(index)
  // @ts-expect-error truth values do not add
  Op.add(truth, truth)
  // @ts-expect-error a condition is a truth value
  Op.where(single, single, single)
  // @ts-expect-error numbers do not address elements
  Op.gather(single, single)
  // @ts-expect-error at least one operand is a value
  Op.add(1, 2)
  // @ts-expect-error the rotation exists in float32 only
  Op.rotaryEmbedding(double, index, double, double)
  // @ts-expect-error an unknown element type
  graph.input("x", "float16", ["B"])
  // @ts-expect-error integers have no gradient
  gradient(single, [index])
  // @ts-expect-error an integer is no loss
  gradient(index, [single])
}

describe("types", () => {
  it("follow the element types through the operators", () => {
    const graph = new Graph("types")
    const single = graph.input("s", "float32", ["B", "B"])
    const double = graph.input("d", "float64", ["B", "B"])
    expectTypeOf(Op.add(single, 1)).toEqualTypeOf<Value<"float32">>()
    expectTypeOf(Op.sub(1, double)).toEqualTypeOf<Value<"float64">>()
    expectTypeOf(Op.less(single, 1)).toEqualTypeOf<Value<"bool">>()
    expectTypeOf(Op.cast(single, "int64")).toEqualTypeOf<Value<"int64">>()
    expectTypeOf(Op.matMul(double, double)).toEqualTypeOf<Value<"float64">>()
    expectTypeOf(Op.argMax(double)).toEqualTypeOf<Value<"int64">>()
  })

  it("gradients have the types of what they are taken of, in its order", () => {
    const graph = new Graph("types")
    const single = graph.input("s", "float32", ["B"])
    const double = graph.input("d", "float64", ["B"])
    const loss = Op.reduceSum(Op.add(Op.cast(single, "float64"), double))
    expectTypeOf(gradient(loss, [single, double])).toEqualTypeOf<
      readonly [Value<"float32">, Value<"float64">]
    >()
    const list: ReadonlyArray<Value<FloatType>> = [single, double]
    expectTypeOf(gradient(loss, list)).toEqualTypeOf<ReadonlyArray<Value<FloatType>>>()
  })

  it("refuse what makes no graph", () => {
    expectTypeOf(mustNotCompile).toBeFunction()
  })

  it("an operator without an entry in the table of gradients does not compile", () => {
    expectTypeOf<keyof RuleTable>().toEqualTypeOf<OperatorName>()
    expectTypeOf<Omit<RuleTable, "MatMul">>().not.toExtend<RuleTable>()
  })
})
