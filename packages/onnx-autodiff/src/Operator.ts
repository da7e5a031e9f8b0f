import { type DataType } from "./DataType.ts"
import { type Dim } from "./Dim.ts"
import { type Value } from "./Value.ts"

/**
 * How an attribute of an operator is written into the model:
 * `int`, `float`, `ints` and `string` become ONNX attributes, `fill` a one-element tensor
 * attribute, and the kinds with `Input` become constant inputs behind the node's values (newer
 * ONNX versions moved many attributes there). `null` leaves an optional one out. A `note` is for the
 * rules of differentiation and is not written.
 */
export type AttributeKind =
  | "int"
  | "float"
  | "ints"
  | "string"
  | "fill"
  | "intsInput"
  | "scalarInput"
  | "note"

interface AttributeValues {
  readonly int: number
  readonly float: number
  readonly ints: ReadonlyArray<number>
  readonly string: string
  readonly fill: { readonly dtype: DataType; readonly value: number }
  readonly intsInput: ReadonlyArray<number> | null
  readonly scalarInput: number | null
  readonly note: ReadonlyArray<Dim>
}

interface Specification {
  /** The ONNX operator, where it is not called as the entry is. */
  readonly onnx?: string
  readonly domain: "" | "com.microsoft"
  readonly attributes: { readonly [name: string]: AttributeKind }
  /** The outputs behind the first are left out where nothing reads them. */
  readonly optionalOutputs?: true
}

const plain = { domain: "", attributes: {} } as const
const reduction = { domain: "", attributes: { keepdims: "int", axes: "intsInput" } } as const

/**
 * The operators that the builder knows, with the attributes that each takes. The table of
 * gradients has one entry for each name here; the compiler insists on it.
 */
export const operators = {
  Abs: plain,
  Add: plain,
  And: plain,
  ArgMax: { domain: "", attributes: { axis: "int", keepdims: "int" } },
  AssumeShape: { onnx: "Identity", domain: "", attributes: {} },
  Cast: { domain: "", attributes: { to: "int" } },
  Clip: { domain: "", attributes: { min: "scalarInput", max: "scalarInput" } },
  Concat: { domain: "", attributes: { axis: "int" } },
  ConstantOfShape: { domain: "", attributes: { value: "fill" } },
  Div: plain,
  Equal: plain,
  Erf: plain,
  Exp: plain,
  Expand: plain,
  FusedMatMul: {
    domain: "com.microsoft",
    attributes: {
      alpha: "float",
      transA: "int",
      transB: "int",
      transBatchA: "int",
      transBatchB: "int"
    }
  },
  Gather: { domain: "", attributes: { axis: "int" } },
  GatherElements: { domain: "", attributes: { axis: "int" } },
  Gelu: { domain: "", attributes: { approximate: "string" } },
  Greater: plain,
  GreaterOrEqual: plain,
  Identity: plain,
  IsInf: plain,
  IsNaN: plain,
  Less: plain,
  LessOrEqual: plain,
  Log: plain,
  LogSoftmax: { domain: "", attributes: { axis: "int" } },
  MatMul: plain,
  Max: plain,
  Min: plain,
  Mul: plain,
  Neg: plain,
  Not: plain,
  OneHot: { domain: "", attributes: { axis: "int" } },
  Or: plain,
  Pad: { domain: "", attributes: { margins: "note", axis: "note" } },
  Pow: { domain: "", attributes: { exponent: "scalarInput" } },
  QuickGelu: { domain: "com.microsoft", attributes: { alpha: "float" } },
  Range: plain,
  Reciprocal: plain,
  ReduceMax: reduction,
  ReduceMean: reduction,
  ReduceSum: reduction,
  Relu: plain,
  Reshape: plain,
  RotaryEmbedding: {
    domain: "com.microsoft",
    attributes: { interleaved: "int", num_heads: "int", rotary_embedding_dim: "int" }
  },
  ScatterElements: { domain: "", attributes: { axis: "int", reduction: "string" } },
  Shape: { domain: "", attributes: { start: "int", end: "int" } },
  Sigmoid: plain,
  Sign: plain,
  SimplifiedLayerNormalization: {
    domain: "",
    attributes: { axis: "int", epsilon: "float", stash_type: "int" },
    optionalOutputs: true
  },
  Slice: {
    domain: "",
    attributes: { axes: "intsInput", margins: "note" }
  },
  Softmax: { domain: "", attributes: { axis: "int" } },
  Split: { domain: "", attributes: { axis: "int", split: "intsInput" } },
  Sqrt: plain,
  Squeeze: { domain: "", attributes: { axes: "intsInput" } },
  StopGradient: { onnx: "Identity", domain: "", attributes: {} },
  Sub: plain,
  Tanh: plain,
  Transpose: { domain: "", attributes: { perm: "ints" } },
  Unsqueeze: { domain: "", attributes: { axes: "intsInput" } },
  Where: plain
} as const satisfies { readonly [name: string]: Specification }

/** The name of an operator of the builder. */
export type OperatorName = keyof typeof operators

type ValuesOf<A extends { readonly [name: string]: AttributeKind }> = {
  readonly [N in keyof A]: AttributeValues[A[N]]
}

/** The attributes that an operator takes. */
export type AttributesOf<K extends OperatorName> = ValuesOf<(typeof operators)[K]["attributes"]>

/** One node of a graph. */
export interface Node<K extends OperatorName = OperatorName> {
  /** Position in the graph: the inputs of a node come from nodes with a smaller id. */
  readonly id: number
  readonly operator: K
  /** Scope and operator, for error messages and profiles: `layer0/MatMul:12`. */
  readonly name: string
  readonly attributes: AttributesOf<K>
  readonly inputs: ReadonlyArray<Value>
  readonly outputs: ReadonlyArray<Value>
}
