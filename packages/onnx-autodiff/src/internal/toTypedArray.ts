import { type DataType, type TypedArrayOf } from "../DataType.ts"

type Elements = TypedArrayOf[DataType] | ReadonlyArray<number | bigint | boolean>

const numbers = (data: Elements): Array<number> =>
  Array.from<number | bigint | boolean, number>(data, Number)

const makers: { readonly [D in DataType]: (data: Elements) => TypedArrayOf[D] } = {
  float32: (data) =>
    data instanceof Float32Array ? data.slice() : Float32Array.from(numbers(data)),
  float64: (data) =>
    data instanceof Float64Array ? data.slice() : Float64Array.from(numbers(data)),
  int64: (data) =>
    data instanceof BigInt64Array
      ? data.slice()
      : BigInt64Array.from(Array.from<number | bigint | boolean, bigint>(data, BigInt)),
  int32: (data) => (data instanceof Int32Array ? data.slice() : Int32Array.from(numbers(data))),
  bool: (data) => Uint8Array.from(numbers(data), (x) => (x === 0 ? 0 : 1))
}

/** A fresh typed array of the data type with the given elements. */
export const toTypedArray = (dtype: DataType, data: Elements): TypedArrayOf[DataType] =>
  makers[dtype](data)
