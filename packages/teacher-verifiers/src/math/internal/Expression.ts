/** What an answer says: numbers and formulas, and the structures that hold them. */
import type { Fraction } from "./Fraction.ts"
import { fraction } from "./Fraction.ts"

export type Relation = "=" | "<" | "<=" | ">" | ">=" | "!=" | "~" | "in" | "notin"

/** `decimals`: digits behind the point where the number was written with one, else -1. */
export interface NumberNode {
  readonly t: "num"
  readonly value: Fraction
  readonly decimals: number
}

export type Expression =
  | NumberNode
  | { readonly t: "sym"; readonly name: string }
  | { readonly t: "const"; readonly name: "pi" | "e" | "i" | "inf" }
  | { readonly t: "add"; readonly items: ReadonlyArray<Expression> }
  | { readonly t: "mul"; readonly items: ReadonlyArray<Expression> }
  | { readonly t: "div"; readonly a: Expression; readonly b: Expression }
  | { readonly t: "neg"; readonly a: Expression }
  | { readonly t: "pow"; readonly base: Expression; readonly exponent: Expression }
  /** The real root where there is one. */
  | { readonly t: "root"; readonly index: number; readonly a: Expression }
  | { readonly t: "fn"; readonly name: string; readonly args: ReadonlyArray<Expression> }
  /** A function or sequence nothing is known of: `f(x)`, `F_{n-1}`. */
  | { readonly t: "call"; readonly name: string; readonly args: ReadonlyArray<Expression> }
  | {
      readonly t: "bind"
      readonly kind: "sum" | "prod" | "int" | "lim"
      readonly variable: string
      readonly from: Expression | undefined
      readonly to: Expression | undefined
      readonly body: Expression
    }
  /** `a ± b`, or `a ∓ b` when `sign` is -1. */
  | { readonly t: "pm"; readonly a: Expression; readonly b: Expression; readonly sign: 1 | -1 }
  | { readonly t: "percent"; readonly a: Expression }
  | { readonly t: "degrees"; readonly a: Expression }
  /** A number with a base, `52_8`. */
  | { readonly t: "based"; readonly digits: string; readonly base: string }
  | { readonly t: "matrix"; readonly rows: ReadonlyArray<ReadonlyArray<Expression>> }
  /** Answers beside each other without brackets; the order is that of writing. */
  | { readonly t: "list"; readonly items: ReadonlyArray<Expression> }
  /** Round or square brackets around several items: tuple, point, vector, interval. */
  | {
      readonly t: "bracket"
      readonly open: "(" | "["
      readonly close: ")" | "]"
      readonly items: ReadonlyArray<Expression>
    }
  | { readonly t: "set"; readonly items: ReadonlyArray<Expression> }
  | { readonly t: "builder"; readonly element: Expression; readonly condition: Expression }
  | { readonly t: "reals" }
  | {
      readonly t: "setop"
      readonly op: "union" | "intersection" | "difference"
      readonly a: Expression
      readonly b: Expression
    }
  | {
      readonly t: "relation"
      readonly first: Expression
      readonly rest: ReadonlyArray<{ readonly op: Relation; readonly e: Expression }>
    }
  | { readonly t: "ratio"; readonly items: ReadonlyArray<Expression> }
  | { readonly t: "text"; readonly text: string }
  | { readonly t: "quantity"; readonly value: Expression; readonly unit: string }

export const numberNode = (value: Fraction, decimals = -1): NumberNode => ({
  t: "num",
  value,
  decimals
})

export const integerNode = (value: number): NumberNode => numberNode(fraction(BigInt(value)))

export const negated = (a: Expression): Expression =>
  a.t === "num" ? numberNode({ n: -a.value.n, d: a.value.d }, a.decimals) : { t: "neg", a }

/** The expressions directly inside. */
const children = (e: Expression): ReadonlyArray<Expression> => {
  switch (e.t) {
    case "num":
    case "sym":
    case "const":
    case "based":
    case "reals":
    case "text":
      return []
    case "add":
    case "mul":
    case "list":
    case "bracket":
    case "set":
    case "ratio":
      return e.items
    case "div":
    case "setop":
    case "pm":
      return [e.a, e.b]
    case "neg":
    case "root":
    case "percent":
    case "degrees":
      return [e.a]
    case "pow":
      return [e.base, e.exponent]
    case "fn":
    case "call":
      return e.args
    case "bind":
      return [
        e.body,
        ...(e.from === undefined ? [] : [e.from]),
        ...(e.to === undefined ? [] : [e.to])
      ]
    case "matrix":
      return e.rows.flat()
    case "builder":
      return [e.element, e.condition]
    case "relation":
      return [e.first, ...e.rest.map((link) => link.e)]
    default:
      return [e.value]
  }
}

/** The same expression with every direct child replaced. */
export const mapChildren = (e: Expression, f: (child: Expression) => Expression): Expression => {
  switch (e.t) {
    case "num":
    case "sym":
    case "const":
    case "based":
    case "reals":
    case "text":
      return e
    case "add":
    case "mul":
    case "list":
    case "bracket":
    case "set":
    case "ratio":
      return { ...e, items: e.items.map(f) }
    case "div":
    case "setop":
    case "pm":
      return { ...e, a: f(e.a), b: f(e.b) }
    case "neg":
    case "root":
    case "percent":
    case "degrees":
      return { ...e, a: f(e.a) }
    case "pow":
      return { ...e, base: f(e.base), exponent: f(e.exponent) }
    case "fn":
    case "call":
      return { ...e, args: e.args.map(f) }
    case "bind":
      return {
        ...e,
        body: f(e.body),
        from: e.from === undefined ? undefined : f(e.from),
        to: e.to === undefined ? undefined : f(e.to)
      }
    case "matrix":
      return { ...e, rows: e.rows.map((row) => row.map(f)) }
    case "builder":
      return { ...e, element: f(e.element), condition: f(e.condition) }
    case "relation":
      return {
        ...e,
        first: f(e.first),
        rest: e.rest.map((link) => ({ op: link.op, e: f(link.e) }))
      }
    default:
      return { ...e, value: f(e.value) }
  }
}

/** Whether some part of the expression passes the test. */
export const some = (e: Expression, test: (part: Expression) => boolean): boolean =>
  test(e) || children(e).some((child) => some(child, test))

/** Puts an expression for a name; the depth of expressions is bounded by the reader. */
export const substitute = (e: Expression, name: string, value: Expression): Expression => {
  if (e.t === "sym") return e.name === name ? value : e
  if (e.t === "bind" && e.variable === name) return e
  return mapChildren(e, (child) => substitute(child, name, value))
}
