import { type DataType, type TypedArrayOf } from "../DataType.ts"

/** Constants with more elements than this are not compared with each other. */
export const largestSharedConstant = 64

/** Equal for two constants exactly when they are the same tensor. */
export const constantKey = (
  dtype: DataType,
  shape: ReadonlyArray<number>,
  data: TypedArrayOf[DataType]
): string => {
  // -0 and 0 print alike and are different constants
  const elements = Array.from<number | bigint, string>(data, (x) =>
    Object.is(x, -0) ? "-0" : `${x}`
  )
  return `constant|${dtype}|${shape.join()}|${elements.join()}`
}
