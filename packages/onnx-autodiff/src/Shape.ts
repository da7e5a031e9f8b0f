import { type Dim } from "./Dim.ts"

/** The dimensions of a tensor, outermost first; `[]` is a scalar. */
export type Shape = ReadonlyArray<Dim>

/** Whether two shapes are known to be equal. */
export const equalShapes = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((dim, axis) => dim === b[axis])

/** `[B, T, 128]`, as error messages print it. */
export const formatShape = (shape: Shape): string => `[${shape.join(", ")}]`

/** The shape of an element-wise operation on `a` and `b` (NumPy rules), or the axis, counted from
 * the end, at which the two do not fit or, being different symbols, are not known to fit. */
export const broadcastShapes = (a: Shape, b: Shape): Shape | { readonly axis: number } => {
  const rank = Math.max(a.length, b.length)
  const result: Array<Dim> = []
  for (let axis = 0; axis < rank; axis++) {
    const x = a[axis - rank + a.length] ?? 1
    const y = b[axis - rank + b.length] ?? 1
    if (x === y || y === 1) result.push(x)
    else if (x === 1) result.push(y)
    else return { axis: axis - rank }
  }
  return result
}
