/** Decides whether two expressions are the same answer; see `compareAnswers` for the order. */
import type { CompareOptions } from "../CompareOptions.ts"
import type { Assignment } from "./Assignment.ts"
import { asAssignment, nameKey, valueOf } from "./Assignment.ts"
import { expandPlusMinus, hasPlusMinus } from "./expandPlusMinus.ts"
import type { Expression } from "./Expression.ts"
import { integerNode, negated, numberNode, some, substitute } from "./Expression.ts"
import { decimalPlaces, divide, equals, multiply } from "./Fraction.ts"
import { Exhausted, Fuel, Undecidable } from "./Fuel.ts"
import { hasMatrix, matrixValue } from "./matrixValue.ts"
import type { Polynomial } from "./Polynomial.ts"
import { PolynomialRing } from "./Polynomial.ts"
import type { RationalForm } from "./RationalForm.ts"
import { FormBuilder } from "./RationalForm.ts"
import type { End, RealSet } from "./RealSet.ts"
import * as RealSets from "./RealSet.ts"
import { equationSides, linksOf } from "./relationLinks.ts"
import { renameSymbols } from "./renameSymbols.ts"
import { realValue, sampleEquality, sampleRatio } from "./sampleEquality.ts"
import { haveSameDimensions, isUnitWord, parseUnit } from "./units.ts"

type Quantity = Extract<Expression, { readonly t: "quantity" }>

const isSymbol = (part: Expression): boolean => part.t === "sym"

const isDecimal = (part: Expression): boolean => part.t === "num" && part.decimals > 0

const unwrapped = (e: Expression): Expression => {
  if (e.t === "degrees") return { t: "quantity", value: e.a, unit: "degree" }
  if (e.t === "neg" && e.a.t === "degrees")
    return { t: "quantity", value: negated(e.a.a), unit: "degree" }
  if (e.t === "neg" && e.a.t === "percent") return { t: "percent", a: negated(e.a.a) }
  return e
}

/** `3 m` and `5 m / s`, which are products as well, as quantities where the other answer is one. */
const measured = (e: Expression): Quantity | undefined => {
  if (e.t === "quantity") return e
  if (e.t === "div" && e.b.t === "sym" && isUnitWord(e.b.name)) {
    const over = measured(e.a)
    return over === undefined ? undefined : { ...over, unit: `${over.unit} / ${e.b.name}` }
  }
  const last = e.t === "mul" ? e.items.at(-1) : undefined
  if (e.t !== "mul" || last?.t !== "sym" || !isUnitWord(last.name)) return undefined
  const items = e.items.slice(0, -1)
  const [only] = items
  if (only === undefined || items.some(isSymbol)) return undefined
  return {
    t: "quantity",
    value: items.length === 1 ? only : { t: "mul", items },
    unit: last.name
  }
}

/** The words of what is counted. */
const nouns = (unit: string): ReadonlyArray<string> =>
  unit
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word !== "")

/** A word and what it may be the plural of. */
const singulars = (word: string): ReadonlyArray<string> => [
  word,
  word.replace(/s$/, ""),
  word.replace(/es$/, ""),
  word.replace(/ies$/, "y")
]

/** `3 apples` are no `3 oranges`; `3 green apples` may be `3 apples`, and `3 units` anything. */
const countOtherThings = (a: string, b: string): boolean => {
  const left = nouns(a).flatMap(singulars)
  const right = nouns(b).flatMap(singulars)
  if (left.length === 0 || right.length === 0) return false
  if (left.includes("unit") || right.includes("unit")) return false
  return !left.some((word) => right.includes(word))
}

export class Comparison {
  private readonly options: Required<CompareOptions>
  private readonly exactFuel: Fuel
  private readonly sampleFuel: Fuel
  private readonly stepFuel: Fuel
  private readonly builder: FormBuilder
  private readonly forms = new Map<Expression, RationalForm>()

  /** `units` steps in all, of which neither the exact part nor sampling may take all. */
  constructor(options: Required<CompareOptions>, units: number) {
    this.options = options
    this.stepFuel = new Fuel(units)
    this.exactFuel = new Fuel(units * 0.6, this.stepFuel)
    this.sampleFuel = new Fuel(units * 0.6, this.stepFuel)
    this.builder = new FormBuilder(new PolynomialRing(this.exactFuel))
  }

  private readonly sameEnd = (a: Expression, b: Expression): boolean => this.expressions(a, b)

  /** Whether two answers say the same; throws `Undecidable`. */
  same(goldIn: Expression, answerIn: Expression): boolean {
    this.stepFuel.spend(4)
    const gold = unwrapped(goldIn)
    const answer = unwrapped(answerIn)
    if (gold.t === "num" && answer.t === "num" && equals(gold.value, answer.value)) return true
    if (gold.t === "quantity" || answer.t === "quantity") return this.quantities(gold, answer)
    if (gold.t === "percent" || answer.t === "percent") return this.percents(gold, answer)
    if (gold.t === "text" || answer.t === "text") {
      return (
        gold.t === "text" &&
        answer.t === "text" &&
        gold.text.toLowerCase() === answer.text.toLowerCase()
      )
    }
    if (gold.t === "relation" || answer.t === "relation") return this.relations(gold, answer)
    if (hasPlusMinus(gold) || hasPlusMinus(answer)) {
      return this.same(withoutPlusMinus(gold), withoutPlusMinus(answer))
    }
    if (gold.t === "ratio" || answer.t === "ratio") return this.ratios(gold, answer)
    if (gold.t === "based" || answer.t === "based") return this.based(gold, answer)
    if (hasMatrix(gold) || hasMatrix(answer)) return this.matrices(gold, answer)
    return this.structures(gold, answer)
  }

  private quantities(gold: Expression, answer: Expression): boolean {
    const { units } = this.options
    const [a, b] = [measured(gold), measured(answer)]
    const left = a === undefined ? gold : a.value
    const right = b === undefined ? answer : b.value
    if (units === "ignore") return this.same(left, right)
    const leftUnit = a === undefined ? undefined : parseUnit(a.unit)
    const rightUnit = b === undefined ? undefined : parseUnit(b.unit)
    if (units === "require" && (a === undefined) !== (b === undefined)) return false
    // words that are no known units name what is counted
    if (leftUnit === undefined || rightUnit === undefined) {
      // residues of different moduli
      if (
        a?.unit.startsWith("mod ") === true &&
        b?.unit.startsWith("mod ") === true &&
        a.unit !== b.unit
      ) {
        return false
      }
      if (units === "require" && a?.unit.toLowerCase() !== b?.unit.toLowerCase()) return false
      if (a !== undefined && b !== undefined && leftUnit === rightUnit) {
        if (countOtherThings(a.unit, b.unit)) return false
      }
      return this.same(left, right)
    }
    if (!haveSameDimensions(leftUnit, rightUnit)) return false
    if (equals(leftUnit.factor, rightUnit.factor)) return this.same(left, right)
    const factor = divide(rightUnit.factor, leftUnit.factor)
    const converted: Expression =
      right.t === "num"
        ? numberNode(multiply(right.value, factor), right.decimals)
        : { t: "mul", items: [numberNode(factor), right] }
    return this.same(left, converted)
  }

  private percents(gold: Expression, answer: Expression): boolean {
    if (gold.t === "percent" && answer.t === "percent") return this.same(gold.a, answer.a)
    const [inner, other, isGold] =
      gold.t === "percent"
        ? [gold.a, answer, true]
        : answer.t === "percent"
          ? [answer.a, gold, false]
          : [gold, answer, true]
    const isPlain =
      other.t !== "list" && other.t !== "set" && other.t !== "bracket" && other.t !== "relation"
    if (!isPlain) return isGold ? this.same(inner, other) : this.same(other, inner)
    if (this.options.percent === "either" && this.same(inner, other)) return true
    const value: Expression = { t: "div", a: inner, b: integerNode(100) }
    return this.same(value, other)
  }

  private ratios(gold: Expression, answer: Expression): boolean {
    const a = gold.t === "ratio" ? gold.items : undefined
    const b = answer.t === "ratio" ? answer.items : undefined
    if (a !== undefined && b !== undefined) {
      if (a.length !== b.length) return false
      if (a.every((item, i) => this.expressions(item, b[i] ?? item))) return true
      if (isClock(a) || isClock(b)) return false
      const first = a[0]
      const other = b[0]
      if (first === undefined || other === undefined) return false
      return a.every((item, i) =>
        this.expressions(
          { t: "mul", items: [item, other] },
          { t: "mul", items: [first, b[i] ?? item] }
        )
      )
    }
    const [x, y, ...more] = a ?? b ?? []
    if (x === undefined || y === undefined || more.length > 0) return false
    if (y.t === "num" && y.value.n === 0n) return false
    const quotient: Expression = { t: "div", a: x, b: y }
    return a === undefined ? this.same(gold, quotient) : this.same(quotient, answer)
  }

  /** 52_8 and 52 have the same digits; bases that are both written must be the same. */
  private based(gold: Expression, answer: Expression): boolean {
    const left = digitsOf(gold)
    const right = digitsOf(answer)
    if (left === undefined || right === undefined || left !== right) return false
    return gold.t !== "based" || answer.t !== "based" || gold.base === answer.base
  }

  private matrices(goldIn: Expression, answerIn: Expression): boolean {
    const gold = matrixValue(goldIn, this.stepFuel)
    const answer = matrixValue(answerIn, this.stepFuel)
    if (!hasMatrix(gold) && !hasMatrix(answer)) return this.same(gold, answer)
    if (gold.t !== "matrix" || answer.t !== "matrix") {
      // one of several parts
      return gold.t !== "matrix" && answer.t !== "matrix" && this.structures(gold, answer)
    }
    return (
      gold.rows.length === answer.rows.length &&
      gold.rows.every((row, i) => {
        const other = answer.rows[i] ?? []
        return (
          row.length === other.length && row.every((cell, j) => this.same(cell, other[j] ?? cell))
        )
      })
    )
  }

  private structures(gold: Expression, answer: Expression): boolean {
    if (isSetOperation(gold) || isSetOperation(answer)) {
      const a = this.realSet(gold)
      const b = this.realSet(answer)
      if (a !== undefined && b !== undefined) return RealSets.equalSets(a, b, this.sameEnd)
      if (gold.t === "setop" && answer.t === "setop") {
        return gold.op === answer.op && this.same(gold.a, answer.a) && this.same(gold.b, answer.b)
      }
      if (gold.t === "builder" && answer.t === "builder") return this.builders(gold, answer)
      return gold.t === "reals" && answer.t === "reals"
    }
    const left = parts(gold)
    const right = parts(answer)
    if (left === undefined && right === undefined) return this.expressions(gold, answer)
    if (left === undefined || right === undefined) {
      // {5} is 5
      const [only, ...more] = left ?? right ?? []
      const holder = left === undefined ? answer : gold
      if (only === undefined || more.length > 0 || holder.t === "bracket") return false
      return left === undefined ? this.same(gold, only) : this.same(only, answer)
    }
    if (gold.t === "bracket" && answer.t === "bracket") {
      if (left.length !== right.length) return false
      if (left.length === 2 && (gold.open !== answer.open || gold.close !== answer.close))
        return false
      if (
        (gold.open === "(") !== (gold.close === ")") ||
        (answer.open === "(") !== (answer.close === ")")
      ) {
        if (gold.open !== answer.open || gold.close !== answer.close) return false
      }
      return this.inOrder(left, right)
    }
    if (gold.t === "bracket" || answer.t === "bracket") {
      const [bracket, other] = gold.t === "bracket" ? [gold, answer] : [answer, gold]
      if (other.t === "set") {
        return !this.options.strict && left.length === right.length && this.inAnyOrder(left, right)
      }
      // a list may leave its round brackets out; an interval's square ones say something
      if (
        bracket.t === "bracket" &&
        bracket.items.length === 2 &&
        (bracket.open !== "(" || bracket.close !== ")")
      ) {
        return false
      }
      return this.inOrder(left, right)
    }
    const values = this.named(left, right)
    if (values !== undefined) return values
    return this.inAnyOrder(left, right)
  }

  private inOrder(left: ReadonlyArray<Expression>, right: ReadonlyArray<Expression>): boolean {
    return (
      left.length === right.length &&
      left.every((item, i) => {
        const other = right[i]
        return other !== undefined && this.same(valueOf(item), valueOf(other))
      })
    )
  }

  /** `x = 1, y = 2` against `y = 2, x = 1`, or against `1, 2`; undefined when neither side is named. */
  private named(
    left: ReadonlyArray<Expression>,
    right: ReadonlyArray<Expression>
  ): boolean | undefined {
    const a = left.map(asAssignment)
    const b = right.map(asAssignment)
    const leftNames = this.distinctNames(a)
    const rightNames = this.distinctNames(b)
    if (leftNames === undefined && rightNames === undefined) return undefined
    if (left.length !== right.length) return false
    if (leftNames !== undefined && rightNames !== undefined) {
      const isSameNames = leftNames.every((name) => rightNames.includes(name))
      if (!isSameNames) return false
      return a.every((item, i) => {
        const other = b[rightNames.indexOf(leftNames[i] ?? "")]
        return item !== undefined && other !== undefined && this.same(item.value, other.value)
      })
    }
    if (
      leftNames === undefined
        ? a.some((item) => item?.name !== undefined)
        : b.some((item) => item?.name !== undefined)
    ) {
      return undefined
    }
    return this.inOrder(left, right)
  }

  /** The names when all items have one and they are of different letters: roots x_1, x_2 have no order. */
  private distinctNames(
    items: ReadonlyArray<Assignment | undefined>
  ): ReadonlyArray<string> | undefined {
    const names: Array<string> = []
    const letters = new Set<string>()
    for (const item of items) {
      if (item?.name === undefined) return undefined
      const name = nameKey(item.name)
      names.push(name)
      letters.add(name.split("_")[0] ?? name)
    }
    return letters.size === names.length && names.length > 1 ? names : undefined
  }

  /** As sets: repeated items count once. */
  private inAnyOrder(
    leftIn: ReadonlyArray<Expression>,
    rightIn: ReadonlyArray<Expression>
  ): boolean {
    const left = leftIn.map(valueOf)
    const right = rightIn.map(valueOf)
    const isIn = (
      item: Expression,
      others: ReadonlyArray<Expression>,
      isGold: boolean
    ): boolean => {
      let doubt: Undecidable | undefined
      for (const other of others) {
        try {
          if (isGold ? this.same(item, other) : this.same(other, item)) return true
        } catch (error) {
          if (!(error instanceof Undecidable) || error instanceof Exhausted) throw error
          doubt = error
        }
      }
      if (doubt !== undefined) throw doubt
      return false
    }
    if (left.length === 0 || right.length === 0) return left.length === right.length
    // long lists of plain numbers are compared by their digits
    const leftKeys = plainKeys(left)
    const rightKeys = plainKeys(right)
    if (leftKeys !== undefined && rightKeys !== undefined) {
      return leftKeys.size === rightKeys.size && [...leftKeys].every((key) => rightKeys.has(key))
    }
    return (
      left.every((item) => isIn(item, right, true)) &&
      right.every((item) => isIn(item, left, false))
    )
  }

  private builders(
    gold: Extract<Expression, { t: "builder" }>,
    answer: Extract<Expression, { t: "builder" }>
  ): boolean {
    const { condition, element } = answer
    if (gold.element.t === "sym" && element.t === "sym") {
      const renamed = substitute(condition, element.name, gold.element)
      return this.same(gold.condition, renamed)
    }
    return this.same(gold.element, element) && this.same(gold.condition, condition)
  }

  /** The set as intervals; undefined when its ends are not known. */
  private realSet(e: Expression): RealSet | undefined {
    this.stepFuel.spend(1)
    switch (e.t) {
      case "reals":
        return RealSets.allReals
      case "setop": {
        const a = this.realSet(e.a)
        const b = this.realSet(e.b)
        if (a === undefined || b === undefined) return undefined
        this.stepFuel.spend(10 * (a.length + b.length))
        if (e.op === "union") return RealSets.union(a, b, this.sameEnd)
        if (e.op === "intersection") return RealSets.intersection(a, b, this.sameEnd)
        return RealSets.difference(a, b, this.sameEnd)
      }
      case "bracket": {
        const [from, to, ...more] = e.items
        if (from === undefined || to === undefined || more.length > 0) return undefined
        const low = this.end(from, e.open === "[")
        const high = this.end(to, e.close === "]")
        return low === undefined || high === undefined ? undefined : [{ low, high }]
      }
      case "set": {
        const points: Array<{ low: End; high: End }> = []
        for (const item of e.items) {
          const end = this.end(item, true)
          if (end === undefined || end.e === undefined) return undefined
          points.push({ low: end, high: end })
        }
        return points
      }
      case "builder":
        return e.element.t === "sym" ? this.solutions(e.condition, e.element.name) : undefined
      case "relation": {
        const assignment = asAssignment(e)
        if (e.rest[0]?.op === "in" && assignment !== undefined)
          return this.realSet(assignment.value)
        return this.solutions(e, undefined)
      }
      case "list": {
        let all: RealSet = []
        for (const item of e.items) {
          const set = item.t === "relation" || item.t === "bracket" ? this.realSet(item) : undefined
          if (set === undefined) return undefined
          all = RealSets.union(all, set, this.sameEnd)
        }
        return all
      }
      default:
        return undefined
    }
  }

  private end(e: Expression, isClosed: boolean): End | undefined {
    if (e.t === "const" && e.name === "inf") return { at: Infinity, e: undefined, isClosed: false }
    if (e.t === "neg" && e.a.t === "const" && e.a.name === "inf") {
      return { at: -Infinity, e: undefined, isClosed: false }
    }
    const at = realValue(this.sampleFuel, e)
    return at === undefined ? undefined : { at, e, isClosed }
  }

  /** What solves x < 2, 1 ≤ x < 3 or x ≠ 5, where one side is the variable alone. */
  private solutions(e: Expression, name: string | undefined): RealSet | undefined {
    if (e.t !== "relation") return undefined
    let set: RealSet = RealSets.allReals
    for (const { high, low, op } of linksOf(e) ?? []) {
      const isLow = low.t === "sym" && (name === undefined || low.name === name)
      const bound = isLow ? this.end(high, op !== "<") : this.end(low, op !== "<")
      if (bound === undefined || (!isLow && !(high.t === "sym"))) return undefined
      const half: RealSet =
        op === "!="
          ? RealSets.complement(
              [{ low: { ...bound, isClosed: true }, high: { ...bound, isClosed: true } }],
              this.sameEnd
            )
          : isLow
            ? [{ low: RealSets.infinite(-Infinity), high: bound }]
            : [{ low: bound, high: RealSets.infinite(Infinity) }]
      set = RealSets.intersection(set, half, this.sameEnd)
    }
    return linksOf(e) === undefined ? undefined : set
  }

  private relations(gold: Expression, answer: Expression): boolean {
    const a = asAssignment(gold)
    const b = asAssignment(answer)
    if (a !== undefined && b !== undefined) {
      if (a.name === undefined || b.name === undefined || this.sameName(a.name, b.name)) {
        if (this.same(a.value, b.value)) return true
      }
      return this.equations(gold, answer)
    }
    if (a !== undefined && answer.t !== "relation") {
      // x = 1, 2 against x = 1, x = 2
      return this.same(
        a.value,
        answer.t === "list" ? { t: "list", items: answer.items.map(valueOf) } : answer
      )
    }
    if (b !== undefined && gold.t !== "relation") {
      return this.same(
        gold.t === "list" ? { t: "list", items: gold.items.map(valueOf) } : gold,
        b.value
      )
    }
    if (gold.t === "relation" && answer.t === "relation") {
      if (this.equations(gold, answer) || this.inequalities(gold, answer)) return true
      return false
    }
    // what is computed: (2 + 3k) + (4 - k) = 2k + 6
    const computed = this.computedValue(gold) ?? this.computedValue(answer)
    if (computed !== undefined) {
      return gold.t === "relation" ? this.same(computed, answer) : this.same(gold, computed)
    }
    const { relationsAsSets } = this.options
    const isAllowed =
      relationsAsSets === "always" || (relationsAsSets === "gold" && gold.t === "relation")
    if (!isAllowed) return false
    const [relation, other] = gold.t === "relation" ? [gold, answer] : [answer, gold]
    if (relation.t === "relation" && linksOf(relation) === undefined) return false
    const left = this.realSet(relation)
    const right = this.realSet(other)
    return (
      left !== undefined && right !== undefined && RealSets.equalSets(left, right, this.sameEnd)
    )
  }

  /** The right side of an equation that holds everywhere. */
  private computedValue(e: Expression): Expression | undefined {
    const sides = equationSides(e)
    if (sides === undefined) return undefined
    const { high, low } = sides
    const isIdentity = this.exactly(() => this.builder.equal(this.form(low), this.form(high)))
    return isIdentity === true ? high : undefined
  }

  private sameName(a: Expression, b: Expression): boolean {
    if (!this.options.strict) return true
    if (a.t === "text" || b.t === "text") return true
    if (nameKey(a) === nameKey(b)) return true
    // f(x) = … and f(n) = … name the same function
    return (
      a.t === "call" &&
      b.t === "call" &&
      a.name === b.name &&
      a.args.length === b.args.length &&
      a.args.every((arg, i) => arg.t === "sym" && b.args[i]?.t === "sym")
    )
  }

  /** 2x + y = 3 and 4x + 2y = 6: the differences of the sides are proportional. */
  private equations(gold: Expression, answer: Expression): boolean {
    const a = equationSides(gold)
    const b = equationSides(answer)
    if (a === undefined || b === undefined) return false
    if (this.expressions(a.low, b.low) && this.expressions(a.high, b.high)) return true
    return this.proportion(a, b) !== "none"
  }

  private inequalities(gold: Expression, answer: Expression): boolean {
    const a = linksOf(gold)
    const b = linksOf(answer)
    if (a === undefined || b === undefined || a.length !== b.length) return false
    return a.every((link, i) => {
      const other = b[i]
      if (other === undefined || other.op !== link.op) return false
      if (this.expressions(link.low, other.low) && this.expressions(link.high, other.high))
        return true
      const sign = this.proportion(link, other)
      return sign === "positive" || (link.op === "!=" && sign !== "none")
    })
  }

  /** The constant between two differences of sides. */
  private proportion(
    a: { readonly low: Expression; readonly high: Expression },
    b: { readonly low: Expression; readonly high: Expression }
  ): "positive" | "negative" | "complex" | "none" {
    const left: Expression = { t: "add", items: [a.high, negated(a.low)] }
    const right: Expression = { t: "add", items: [b.high, negated(b.low)] }
    if (!some(left, isSymbol) || !some(right, isSymbol)) return "none"
    const exact = this.exactly(() => {
      const { builder } = this
      const p = builder.form(left).over
      const q = builder.form(right).over
      return proportionOf(builder, p, q)
    })
    if (exact !== undefined) return exact
    return sampleRatio(this.sampleFuel, left, right)
  }

  /** Runs an exact computation; undefined when it grows too large, so that sampling has to decide. */
  private exactly<A>(compute: () => A | undefined): A | undefined {
    if (this.exactFuel.isEmpty) return undefined
    try {
      return compute()
    } catch (error) {
      if (error instanceof Undecidable && !this.stepFuel.isEmpty) return undefined
      throw error
    }
  }

  /** Elements of long lists are compared with many others. */
  private form(e: Expression): RationalForm {
    const known = this.forms.get(e)
    if (known !== undefined) return known
    const form = this.builder.form(e)
    this.forms.set(e, form)
    return form
  }

  /** Two numbers or formulas. */
  private expressions(gold: Expression, answer: Expression): boolean {
    this.stepFuel.spend(2)
    if (gold.t === "num" && answer.t === "num") {
      return equals(gold.value, answer.value) || this.isRounded(gold, answer)
    }
    const left = unwrapped(gold)
    const right = unwrapped(answer)
    if (
      left.t === "quantity" ||
      right.t === "quantity" ||
      left.t === "percent" ||
      right.t === "percent" ||
      left.t === "text" ||
      right.t === "text" ||
      parts(left) !== undefined ||
      parts(right) !== undefined
    ) {
      return this.same(left, right)
    }
    const infinity = [left, right].map(infinityOf)
    if (infinity[0] !== undefined || infinity[1] !== undefined) return infinity[0] === infinity[1]
    const exact = this.exactly(() => {
      const { builder } = this
      const a = this.form(left)
      const b = this.form(right)
      const difference = builder.difference(a, b)
      if (difference.size === 0) return true
      return builder.isIndependent(difference) && isIndependentForm(builder, a, b)
        ? false
        : undefined
    })
    if (exact === true) return true
    if (this.isRounded(left, right)) return true
    const renamed = this.options.strict ? undefined : renameSymbols(left, right)
    if (renamed !== undefined && this.expressions(left, renamed)) return true
    if (exact === false) return false
    return sampleEquality(this.sampleFuel, left, right) === "equal"
  }

  /** A decimal against what it rounds: only where no decimal says it exactly. */
  private isRounded(a: Expression, b: Expression): boolean {
    if (this.options.decimals === "exact") return false
    const isLeft = some(a, isDecimal)
    const isRight = some(b, isDecimal)
    if (!isLeft && !isRight) return false
    if (some(a, isSymbol) || some(b, isSymbol)) return false
    const { precision } = this.options
    const isFine = (e: Expression): boolean => {
      // a terminating number is exact unless it is written to that many digits
      const plain = e.t === "neg" ? e.a : e
      if (plain.t === "num") return plain.decimals >= precision
      const value = this.exactly(() => this.builder.value(this.form(e)))
      return value === undefined || decimalPlaces(value) === undefined
    }
    if (!isFine(a) && !isFine(b)) return false
    // neither rounds the other
    if (digitsBehind(a) !== undefined && digitsBehind(a) === digitsBehind(b)) return false
    // an exact decimal of few digits against another exact one
    if (isTerminating(a, precision) || isTerminating(b, precision)) return false
    let x: number | undefined
    let y: number | undefined
    try {
      x = realValue(this.sampleFuel, a)
      y = realValue(this.sampleFuel, b)
    } catch (error) {
      if (error instanceof Undecidable) return false
      throw error
    }
    if (x === undefined || y === undefined) return false
    if (isLeft ? Number.isInteger(x) : Number.isInteger(y)) return false
    const apart = Math.abs(x - y)
    const scale = 10 ** precision
    const isSameRounded = Math.round(x * scale) === Math.round(y * scale)
    return (
      (apart <= 0.5 / scale || isSameRounded) &&
      apart <= (1e3 / scale) * Math.max(Math.abs(x), Math.abs(y))
    )
  }
}

/** How many digits a decimal has behind the point. */
const digitsBehind = (e: Expression): number | undefined => {
  const plain = e.t === "neg" ? e.a : e
  return plain.t === "num" && plain.decimals > 0 ? plain.decimals : undefined
}

/** A number of fewer digits behind the point than count as an approximation. */
const isTerminating = (e: Expression, precision: number): boolean => {
  const plain = e.t === "neg" ? e.a : e
  if (plain.t === "num")
    return plain.decimals < precision && (plain.decimals >= 0 || plain.value.d === 1n)
  if (plain.t === "div" && plain.a.t === "num" && plain.b.t === "num" && plain.b.value.n !== 0n) {
    const places = decimalPlaces(divide(plain.a.value, plain.b.value))
    return places !== undefined && places < precision
  }
  return false
}

/** No time of day is a multiple of another one. */
const isClock = (items: ReadonlyArray<Expression>): boolean =>
  items.slice(1).some((item) => item.t === "num" && item.value.n === 0n)

/** The digits of a whole number, in whatever base. */
const digitsOf = (e: Expression): string | undefined => {
  if (e.t === "based") return e.digits
  return e.t === "num" && e.value.d === 1n ? String(e.value.n) : undefined
}

const withoutPlusMinus = (e: Expression): Expression => {
  if (!hasPlusMinus(e)) return e
  if (e.t === "list" || e.t === "set") {
    const items = e.items.flatMap((item) => expandPlusMinus(item))
    return e.t === "set" ? { t: "set", items } : { t: "list", items }
  }
  return { t: "list", items: expandPlusMinus(e) }
}

const isSetOperation = (e: Expression): boolean =>
  e.t === "setop" || e.t === "reals" || e.t === "builder"

const parts = (e: Expression): ReadonlyArray<Expression> | undefined =>
  e.t === "list" || e.t === "set" || e.t === "bracket" ? e.items : undefined

const infinityOf = (e: Expression): "plus" | "minus" | undefined => {
  if (e.t === "const" && e.name === "inf") return "plus"
  if (e.t === "neg" && e.a.t === "const" && e.a.name === "inf") return "minus"
  return undefined
}

/** The digits of plain numbers, as a set; undefined when there is anything else, or a decimal. */
const plainKeys = (items: ReadonlyArray<Expression>): ReadonlySet<string> | undefined => {
  const keys = new Set<string>()
  for (const item of items) {
    if (item.t !== "num" || item.decimals >= 0) return undefined
    keys.add(`${item.value.n}/${item.value.d}`)
  }
  return keys
}

/** Without constants like π and e mixed between the two, a difference that does not vanish is none. */
const isIndependentForm = (builder: FormBuilder, a: RationalForm, b: RationalForm): boolean =>
  builder.isIndependent(a.under) && builder.isIndependent(b.under)

/** Exact proportionality; undefined when the forms can not tell. */
const proportionOf = (
  builder: FormBuilder,
  p: Polynomial,
  q: Polynomial
): "positive" | "negative" | "none" | undefined => {
  for (const [key, { coefficient }] of p) {
    const other = q.get(key)?.coefficient
    if (other === undefined) break
    const difference = builder.ring.add(
      builder.ring.scale(p, other),
      builder.ring.negate(builder.ring.scale(q, coefficient))
    )
    if (difference.size > 0) break
    return coefficient.n > 0n === other.n > 0n ? "positive" : "negative"
  }
  const hasOnlyVariables = [p, q].every((side) =>
    [...side.values()].every(({ powers }) =>
      powers.every(([generator]) => builder.ring.generators[generator]?.kind === "variable")
    )
  )
  return hasOnlyVariables ? "none" : undefined
}
