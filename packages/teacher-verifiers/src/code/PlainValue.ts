/**
 * Plain data that crosses a sandbox's border, whatever the language: what a program is called with and
 * what it gives. A value that is not plain (a function, an object with behaviour) has no place here.
 */
import * as Schema from "effect/Schema"

/**
 * - `integer`: a Python int or a JavaScript bigint, in decimal digits.
 * - `float`: a Python float or a JavaScript number, as text that reads back to the same number
 *   (`NaN`, `Infinity`, `-Infinity`, `-0` included).
 * - `list`: a Python list or a JavaScript array; `dict`: a Python dict, a JavaScript plain object or Map.
 * - `bytes`: in base64.
 */
export type PlainValue =
  | { readonly type: "null" | "undefined" }
  | { readonly type: "boolean"; readonly value: boolean }
  | { readonly type: "integer" | "float" | "complex" | "string" | "bytes"; readonly text: string }
  | {
      readonly type: "list" | "tuple" | "set" | "frozenset"
      readonly items: ReadonlyArray<PlainValue>
    }
  | {
      readonly type: "dict"
      readonly entries: ReadonlyArray<readonly [key: PlainValue, value: PlainValue]>
    }

/** {@link PlainValue} as it is read from a sandbox. */
export const PlainValue: Schema.Codec<PlainValue> = Schema.Union([
  Schema.Struct({ type: Schema.Literals(["null", "undefined"]) }),
  Schema.Struct({ type: Schema.Literal("boolean"), value: Schema.Boolean }),
  Schema.Struct({
    type: Schema.Literals(["integer", "float", "complex", "string", "bytes"]),
    text: Schema.String
  }),
  Schema.Struct({
    type: Schema.Literals(["list", "tuple", "set", "frozenset"]),
    items: Schema.Array(Schema.suspend((): Schema.Codec<PlainValue> => PlainValue))
  }),
  Schema.Struct({
    type: Schema.Literal("dict"),
    entries: Schema.Array(
      Schema.Tuple([
        Schema.suspend((): Schema.Codec<PlainValue> => PlainValue),
        Schema.suspend((): Schema.Codec<PlainValue> => PlainValue)
      ])
    )
  })
])
