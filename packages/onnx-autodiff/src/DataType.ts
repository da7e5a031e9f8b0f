/** Element types of tensors: the part of ONNX's list that training a model needs. */
export type DataType = "float32" | "float64" | "int64" | "int32" | "bool"

/** The element types that carry gradients. */
export type FloatType = "float32" | "float64"

/** The element types that can be added and multiplied. */
export type NumberType = FloatType | "int64" | "int32"

/** The element types that may address positions of another tensor. */
export type IndexType = "int64" | "int32"

/** The typed array that holds the elements of each data type; `bool` is one byte, 0 or 1. */
export interface TypedArrayOf {
  readonly float32: Float32Array
  readonly float64: Float64Array
  readonly int64: BigInt64Array
  readonly int32: Int32Array
  readonly bool: Uint8Array
}

/** Whether a data type carries gradients. */
export const isFloatType = (dtype: DataType): dtype is FloatType =>
  dtype === "float32" || dtype === "float64"

/** Whether a data type can be added and multiplied. */
export const isNumberType = (dtype: DataType): dtype is NumberType => dtype !== "bool"

/** Whether a data type may address positions of another tensor. */
export const isIndexType = (dtype: DataType): dtype is IndexType =>
  dtype === "int64" || dtype === "int32"

/** Size of one element in bytes. */
export const bytesPerElement: { readonly [D in DataType]: number } = {
  float32: 4,
  float64: 8,
  int64: 8,
  int32: 4,
  bool: 1
}
