import { type Dim, sumDim } from "../../Dim.ts"
import {
  aligned,
  type Cotangent,
  full,
  isUniform,
  reshapeTo,
  sumTo,
  uniform
} from "../Cotangent.ts"
import {
  assumeShape,
  concat,
  fill,
  pad,
  slice,
  split,
  squeeze,
  transpose,
  unsqueeze
} from "../op/layout.ts"
import { nonDifferentiable, rule, zero } from "../Rule.ts"

const integer = nonDifferentiable("its result counts or addresses elements")

// pieces of the gradient along the axis, one for each length
const pieces = (
  g: Cotangent,
  lengths: ReadonlyArray<Dim>,
  axis: number,
  needs: (piece: number) => boolean
): ReadonlyArray<Cotangent | undefined> => {
  const numbers = lengths.filter((length) => typeof length === "number" && length > 0)
  if (numbers.length === lengths.length && lengths.every((_, i) => needs(i))) {
    return split(g, numbers.map(Number), axis)
  }
  let start: Dim = 0
  return lengths.map((length, i) => {
    const end: Dim = sumDim([start, length])
    const piece = needs(i) ? slice(g, { axis, start, end }) : undefined
    start = end
    return piece
  })
}

/** Gradients of the operators that move elements. */
export const layoutRules = {
  AssumeShape: rule<"AssumeShape">(({ g, x, y }) =>
    isUniform(g) ? [uniform(g)] : [assumeShape(full(g, y()), x(0).shape)]
  ),
  Concat: rule<"Concat">(({ g, needs, node, y }) => {
    if (isUniform(g)) return node.inputs.map((_, i) => (needs(i) ? uniform(g) : undefined))
    const axis = node.attributes.axis
    const lengths = node.inputs.map((input) => input.shape[axis] ?? 1)
    return pieces(full(g, y()), lengths, axis, needs)
  }),
  ConstantOfShape: zero("its result does not depend on a number"),
  Expand: rule<"Expand">(({ g, x, y }) => [sumTo(g, y().shape, x(0).shape)]),
  Identity: rule<"Identity">(({ g }) => [g]),
  Pad: rule<"Pad">(({ g, node, x, y }) => {
    if (isUniform(g)) return [uniform(g)]
    const { axis: axes, margins } = node.attributes
    const axis = Number(axes[0] ?? 0)
    const start = margins[0] ?? 0
    const end = sumDim([start, x(0).shape[axis] ?? 1])
    return [slice(full(g, y()), { axis, start, end })]
  }),
  Range: integer,
  Reshape: rule<"Reshape">(({ g, x, y }) =>
    isUniform(g) ? [uniform(g)] : [reshapeTo(full(g, y()), x(0))]
  ),
  Shape: integer,
  Slice: rule<"Slice">(({ g, node, y }) => {
    const axis = node.attributes.axes?.[0] ?? 0
    const [before = 0, after = 0] = node.attributes.margins
    return [pad(full(g, y()), { axis, before, after })]
  }),
  Split: rule<"Split">(({ cotangents, node, y }) => {
    const parts = node.outputs.map((_, i) => {
      const g = cotangents[i]
      const part = y(i)
      return g === undefined ? fill(part.graph, part.dtype, 0, part.shape, part) : full(g, part)
    })
    return [concat(parts, node.attributes.axis)]
  }),
  Squeeze: rule<"Squeeze">(({ g, node, y }) =>
    isUniform(g) ? [uniform(g)] : [unsqueeze(aligned(g, y()), node.attributes.axes ?? [])]
  ),
  StopGradient: zero("that is its purpose"),
  Transpose: rule<"Transpose">(({ g, node, y }) => {
    if (isUniform(g)) return [uniform(g)]
    const { perm } = node.attributes
    return [
      transpose(
        aligned(g, y()),
        perm.map((_, axis) => perm.indexOf(axis))
      )
    ]
  }),
  Unsqueeze: rule<"Unsqueeze">(({ g, node, y }) =>
    isUniform(g) ? [uniform(g)] : [squeeze(aligned(g, y()), node.attributes.axes ?? [])]
  )
}
