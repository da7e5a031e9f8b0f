import { TensorProto_DataType } from "onnx-buf"

import { type DataType } from "../DataType.ts"

/** The number that ONNX writes for an element type. */
export const dataTypeCode: { readonly [D in DataType]: TensorProto_DataType } = {
  float32: TensorProto_DataType.FLOAT,
  float64: TensorProto_DataType.DOUBLE,
  int64: TensorProto_DataType.INT64,
  int32: TensorProto_DataType.INT32,
  bool: TensorProto_DataType.BOOL
}
