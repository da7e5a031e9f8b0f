/** Reads tokens into an expression: recursive descent, with bounds on depth and on work. */
import type { Expression, Relation } from "./Expression.ts"
import { integerNode, negated, numberNode, some } from "./Expression.ts"
import { fromDigits, isInteger } from "./Fraction.ts"
import type { Fuel } from "./Fuel.ts"
import { Undecidable } from "./Fuel.ts"
import { lookUpConstant, lookUpFunction } from "./mathCommands.ts"
import type { Token } from "./tokenize.ts"
import { isUnitWord } from "./units.ts"

/** The tokens are no answer of this grammar. */
export class Unreadable extends Error {
  override readonly name = "Unreadable"
}

const unreadable = new Unreadable("the tokens are no mathematical answer")

const maximumDepth = 200

/** A chain of postfix signs makes a tree as deep as the chain is long. */
const maximumChain = 40

/** Letters that name functions when a bracket follows. */
const functionLetters = new Set("fghFGHPQWTpq")

const relations = new Map<string, Relation>([
  ["=", "="],
  ["<", "<"],
  ["<=", "<="],
  [">", ">"],
  [">=", ">="],
  ["!=", "!="],
  ["~", "~"],
  ["in", "in"],
  ["notin", "notin"]
])

/** Short words that are no products of letters. */
const proseWords = new Set(
  "is the of and or so in to it we by at for are was has no yes not if on as per an be do go he me my up us am all any but can did get had her him his how its let may new now off old one our out see she too two use way who why you your this that with from then than per cm mm km kg ft yd mi lb oz ml mL hr sec min day year none true false".split(
    " "
  )
)

/** What may follow words that are an answer. */
const closers = new Set(["}", ")", "]", "\\}"])

const connectives = new Set(["and", "or"])

/** Words behind a number that make it a sentence and no quantity. */
const sentenceWords = new Set(
  "is are was were be been not because since if then when where that which this these those we you he she they it i so but therefore thus hence however can could will would should may might must has have had do does did let assume suppose by from to equals equal gives makes but".split(
    " "
  )
)

/** Whether `1/2x` is 1/(2x) or (1/2)x. */
export type Slash = "tight" | "loose"

export class Parser {
  readonly tokens: Array<Token>
  readonly fuel: Fuel
  at = 0
  private depth = 0
  private bars = 0
  private bound: Array<string> = []
  private readonly slash: Slash
  /** Inside ]a, b[, where a square bracket closes. */
  private isReversed = false
  /** Whether `1/2x` was met, which some read as (1/2)x. */
  hasDoubtfulSlash = false

  constructor(
    tokens: ReadonlyArray<Token>,
    fuel: Fuel,
    { depth = 0, slash = "tight" }: { readonly depth?: number; readonly slash?: Slash } = {}
  ) {
    this.tokens = [...tokens]
    this.fuel = fuel
    this.depth = depth
    this.slash = slash
  }

  /** A parser of other tokens in the same place. */
  private within(tokens: ReadonlyArray<Token>): Parser {
    const inner = new Parser(tokens, this.fuel, { depth: this.depth, slash: this.slash })
    inner.bound = this.bound
    return inner
  }

  private get token(): Token | undefined {
    return this.tokens[this.at]
  }

  private isOp(v: string): boolean {
    const token = this.tokens[this.at]
    return token !== undefined && token.kind === "op" && token.v === v
  }

  private take(v: string): boolean {
    if (!this.isOp(v)) return false
    this.at++
    return true
  }

  private expect(v: string): void {
    if (!this.take(v)) throw unreadable
  }

  private enter(): void {
    this.fuel.spend(1)
    if (++this.depth > maximumDepth) throw new Undecidable("the answer is nested too deeply")
  }

  private leave(): void {
    this.depth--
  }

  /** The whole of the tokens as one answer. */
  answer(): Expression {
    // what a chain of conclusions ends in
    const last = this.tokens.findLastIndex((token) => token.kind === "op" && token.v === "implies")
    if (last >= 0) this.at = last + 1
    const e = this.list(() => false)
    if (this.at < this.tokens.length) throw unreadable
    return e
  }

  /** Weak separators (`;`, `and`, `or`) bind less than commas where both are used. */
  private separator(): "strong" | "weak" | undefined {
    const token = this.token
    if (token === undefined) return undefined
    if (token.kind === "op") {
      if (token.v === "," || token.v === "quad" || token.v === "{,}") return "strong"
      if (token.v === ";" || token.v === "newline" || token.v === "and" || token.v === "or")
        return "weak"
      return undefined
    }
    if (token.kind === "word" || token.kind === "text") {
      return connectives.has(token.v.toLowerCase()) ? "weak" : undefined
    }
    return undefined
  }

  private list(isEnd: () => boolean): Expression {
    const groups: Array<Array<Expression>> = [[]]
    let weak = 0
    while (this.at < this.tokens.length && !isEnd()) {
      let kind = this.separator()
      if (kind !== undefined) {
        let joined: "strong" | "weak" = "strong"
        while (kind !== undefined) {
          if (kind === "weak") joined = "weak"
          this.at++
          kind = this.separator()
        }
        if (joined === "weak" && groups.at(-1)?.length !== 0) {
          weak++
          groups.push([])
        }
        continue
      }
      // the last full stop, and stops between equations
      if (this.isOp(".")) {
        this.at++
        continue
      }
      groups.at(-1)?.push(this.clause())
      if (
        this.at < this.tokens.length &&
        !isEnd() &&
        this.separator() === undefined &&
        !this.isOp(".")
      ) {
        throw unreadable
      }
    }
    const filled = groups.filter((group) => group.length > 0)
    const size = filled[0]?.length ?? 0
    // p=5,q=2;p=7,q=2 is a list of pairs; 1, 2 and 3 is a list of three
    const isNested = weak > 0 && size > 1 && filled.every((group) => group.length === size)
    const items = isNested ? filled.map((group) => gather(group)) : filled.flat()
    const single = items[0]
    if (single === undefined) throw unreadable
    return items.length === 1 ? single : gather(items)
  }

  /** A name in words before `=`, else a relation. */
  private clause(): Expression {
    this.enter()
    // "= 5" and "≈ 3.14" continue something that is not there
    if (this.isOp("=") || this.isOp("~")) this.at++
    const start = this.at
    if (this.token?.kind === "word" || this.token?.kind === "text") {
      let end = this.at
      while (end < this.at + 6) {
        const token = this.tokens[end]
        if (
          token === undefined ||
          (token.kind !== "word" && token.kind !== "text" && token.kind !== "id")
        )
          break
        end++
      }
      const next = this.tokens[end]
      const first = this.tokens[start]
      if (
        next?.kind === "op" &&
        (next.v === "=" || (next.v === ":" && end > start)) &&
        first !== undefined &&
        (first.kind === "text" || !isProduct(first.v) || end - start > 1)
      ) {
        const label = this.tokens
          .slice(start, end)
          .map((token) => token.v)
          .join(" ")
        this.at = end + 1
        const value = this.relation()
        this.leave()
        return { t: "relation", first: { t: "text", text: label }, rest: [{ op: "=", e: value }] }
      }
    }
    const e = this.relation()
    this.leave()
    return e
  }

  private relation(): Expression {
    const first = this.operand()
    const rest: Array<{ op: Relation; e: Expression }> = []
    for (;;) {
      const token = this.token
      if (token === undefined || token.kind !== "op") break
      const op = relations.get(token.v)
      if (op === undefined) break
      this.at++
      rest.push({ op, e: this.operand() })
    }
    return rest.length === 0 ? first : { t: "relation", first, rest }
  }

  /** One side of a relation: a set expression, perhaps with a unit. */
  private operand(): Expression {
    const token = this.token
    if (token?.kind === "text" && !connectives.has(token.v.toLowerCase())) {
      this.at++
      // \text{Evelyn}; words and mathematics mixed are not read
      const next = this.token
      if (
        next === undefined ||
        this.separator() !== undefined ||
        relations.has(next.v) ||
        next.v === "." ||
        closers.has(next.v)
      ) {
        return { t: "text", text: token.v }
      }
      throw unreadable
    }
    const currency = this.currency()
    let e = this.setExpression()
    if (this.take(":")) {
      const items = [e, this.setExpression()]
      while (this.take(":")) items.push(this.setExpression())
      e = { t: "ratio", items }
    }
    const unit = this.modulus() ?? this.unit()
    const name = currency ?? unit
    return name === undefined ? e : { t: "quantity", value: e, unit: name }
  }

  /** `3 \pmod 7` is 3, among the numbers modulo 7. */
  private modulus(): string | undefined {
    const token = this.token
    if (token?.kind !== "cmd" || token.v !== "pmod") return undefined
    this.at++
    return `mod ${this.subscript()}`
  }

  private currency(): string | undefined {
    const token = this.token
    if (
      token?.kind === "op" &&
      (token.v === "$" || token.v === "€" || token.v === "£" || token.v === "¥")
    ) {
      this.at++
      return token.v
    }
    return undefined
  }

  private endsTerm(token: Token | undefined): boolean {
    return token === undefined || (token.kind === "op" && /^[,;/=<>]$/.test(token.v))
  }

  /** The words behind a number. */
  private unit(): string | undefined {
    const parts: Array<string> = []
    let words = 0
    for (;;) {
      const token = this.token
      if (token === undefined) break
      if (this.separator() !== undefined) break
      if (token.kind === "word" || token.kind === "text") {
        const all = token.v.split(" ")
        words += all.length
        if (words > 5 || all.some((word) => sentenceWords.has(word.toLowerCase()))) throw unreadable
        parts.push(token.v)
        this.at++
        continue
      }
      if (
        token.kind === "op" &&
        (token.v === "$" || token.v === "€" || token.v === "£" || token.v === "¥")
      ) {
        parts.push(token.v)
        this.at++
        continue
      }
      if (parts.length === 0) break
      if (token.kind === "op" && token.v === "^") {
        const power = this.tokens[this.at + 1]
        if (power?.kind === "num") {
          parts.push(`${parts.pop() ?? ""}^${power.v}`)
          this.at += 2
          continue
        }
        const inner = this.tokens[this.at + 2]
        if (power?.v === "{" && inner?.kind === "num" && this.tokens[this.at + 3]?.v === "}") {
          parts.push(`${parts.pop() ?? ""}^${inner.v}`)
          this.at += 4
          continue
        }
        if (power?.v === "{" && inner?.v === "-" && this.tokens[this.at + 4]?.v === "}") {
          parts.push(`${parts.pop() ?? ""}^-${this.tokens[this.at + 3]?.v ?? ""}`)
          this.at += 5
          continue
        }
        throw unreadable
      }
      if (token.kind === "op" && (token.v === "/" || token.v === "*")) {
        parts.push(token.v)
        this.at++
        continue
      }
      if (token.kind === "id" && /^[a-zA-Z]$/.test(token.v)) {
        parts.push(token.v)
        this.at++
        continue
      }
      break
    }
    return parts.length === 0 ? undefined : parts.join(" ")
  }

  private setExpression(): Expression {
    let e = this.sum()
    for (let links = 0; ; links++) {
      if (links > maximumChain) throw new Undecidable("too many sets are joined")
      if (this.take("cup")) e = { t: "setop", op: "union", a: e, b: this.sum() }
      else if (this.take("cap")) e = { t: "setop", op: "intersection", a: e, b: this.sum() }
      else if (this.take("setminus")) e = { t: "setop", op: "difference", a: e, b: this.sum() }
      else return e
    }
  }

  private sum(): Expression {
    this.enter()
    const items: Array<Expression> = []
    let doubtful = 0
    for (;;) {
      let sign = 1
      let plusMinus: 1 | -1 | 0 = 0
      let hasSign = false
      for (;;) {
        if (this.take("+")) hasSign = true
        else if (this.take("-")) {
          sign = -sign
          hasSign = true
        } else if (this.take("pm")) {
          plusMinus = 1
          hasSign = true
        } else if (this.take("mp")) {
          plusMinus = -1
          hasSign = true
        } else break
      }
      if (items.length > 0 && !hasSign) break
      const term = this.term()
      if (plusMinus === 0) items.push(sign < 0 ? negated(term) : term)
      else {
        if (++doubtful > 6) throw new Undecidable("too many signs are left open")
        const before: Expression =
          items.length === 0
            ? integerNode(0)
            : items.length === 1
              ? (items[0] ?? integerNode(0))
              : { t: "add", items: [...items] }
        items.length = 0
        items.push({ t: "pm", a: before, b: term, sign: plusMinus })
      }
      const token = this.token
      if (
        token?.kind !== "op" ||
        (token.v !== "+" && token.v !== "-" && token.v !== "pm" && token.v !== "mp")
      )
        break
    }
    this.leave()
    const single = items[0]
    if (single === undefined) throw unreadable
    return items.length === 1 ? single : { t: "add", items }
  }

  private term(): Expression {
    const over: Array<Expression> = []
    const under: Array<Expression> = []
    let target = over
    // whether the last factor is a bare whole number, the first part of a mixed one
    let previous: Token | undefined = this.token
    target.push(this.signedFactor())
    for (;;) {
      this.fuel.spend(1)
      const token = this.token
      if (token === undefined) break
      if (token.kind === "op" && token.v === "*") {
        this.at++
        target = over
        previous = this.token
        target.push(this.signedFactor())
        continue
      }
      if (token.kind === "op" && token.v === "/") {
        this.at++
        previous = this.token
        under.push(this.signedFactor())
        target = under
        continue
      }
      if (token.kind === "cmd" && token.v === "bmod") {
        this.at++
        const left: Expression = product(over, under)
        return { t: "fn", name: "mod", args: [left, this.signedFactor()] }
      }
      if (!this.startsFactor(token)) break
      const start = this.at
      // 1\frac{4}{5} and 137 1/2
      const last = over.at(-1)
      if (
        under.length === 0 &&
        last?.t === "num" &&
        last.decimals < 0 &&
        isInteger(last.value) &&
        previous?.kind === "num" &&
        previous === this.tokens[start - 1]
      ) {
        const part = this.properFraction()
        if (part !== undefined) {
          over.pop()
          over.push({ t: "add", items: [last, part] })
          previous = undefined
          continue
        }
      }
      // two numbers side by side are no product
      if (token.kind === "num" && this.tokens[start - 1]?.kind === "num") throw unreadable
      previous = token
      const factor = this.power()
      if (isSeveral(factor) || isSeveral(over.at(-1))) throw unreadable
      if (target === under) {
        this.hasDoubtfulSlash = true
        if (this.slash === "loose") target = over
      }
      target.push(factor)
    }
    return product(over, under)
  }

  /** `\frac{4}{5}` or `4/5` of whole numbers behind a whole number; nothing is read otherwise. */
  private properFraction(): Expression | undefined {
    const start = this.at
    const token = this.token
    if (token?.kind === "cmd" && token.v === "frac") {
      const e = this.power()
      if (
        e.t === "div" &&
        e.a.t === "num" &&
        e.b.t === "num" &&
        isInteger(e.a.value) &&
        isInteger(e.b.value) &&
        e.a.value.n > 0n &&
        e.b.value.n > 0n
      ) {
        return e
      }
      this.at = start
      return undefined
    }
    const slash = this.tokens[start + 1]
    const denominator = this.tokens[start + 2]
    if (
      token?.kind === "num" &&
      token.spaced &&
      slash?.kind === "op" &&
      slash.v === "/" &&
      denominator?.kind === "num" &&
      !token.v.includes(".") &&
      !denominator.v.includes(".")
    ) {
      this.at += 3
      return {
        t: "div",
        a: numberNode(fromDigits(token.v)),
        b: numberNode(fromDigits(denominator.v))
      }
    }
    return undefined
  }

  private startsFactor(token: Token): boolean {
    switch (token.kind) {
      case "num":
      case "fn":
      case "id":
        return true
      case "cmd":
        return !token.v.startsWith("end") && token.v !== "pmod"
      case "text":
        return false
      case "word":
        if (connectives.has(token.v)) return false
        // "60 min", "5 sec": nothing is there to take the least or the secant of
        if (isUnitWord(token.v) && this.endsTerm(this.tokens[this.at + 1])) return false
        return (
          lookUpFunction(token.v) !== undefined ||
          lookUpConstant(token.v) !== undefined ||
          (isProduct(token.v) && !isUnitWord(token.v))
        )
      default:
        if (token.v === "|") return this.bars === 0
        return (
          token.v === "(" ||
          (token.v === "[" && !this.isReversed) ||
          token.v === "{" ||
          token.v === "inf" ||
          token.v === "lfloor" ||
          token.v === "lceil"
        )
    }
  }

  private signedFactor(): Expression {
    let sign = 1
    for (;;) {
      if (this.take("-")) sign = -sign
      else if (!this.take("+")) break
    }
    const e = this.power()
    return sign < 0 ? negated(e) : e
  }

  private power(): Expression {
    this.enter()
    let e = this.postfix(this.primary())
    for (let links = 0; this.isOp("^"); links++) {
      if (links > maximumChain) throw new Undecidable("too many powers in a row")
      this.at++
      e = this.raised(e)
      e = this.postfix(e)
    }
    this.leave()
    return e
  }

  private raised(base: Expression): Expression {
    const token = this.token
    if (token?.kind === "id" && token.v === "circ") {
      this.at++
      return this.withDegrees(base)
    }
    if (token?.kind === "id" && token.v === "prime") {
      this.at++
      return primed(base)
    }
    if (token?.v === "{" && this.tokens[this.at + 2]?.v === "}") {
      const inner = this.tokens[this.at + 1]
      if (inner?.kind === "id" && (inner.v === "circ" || inner.v === "prime")) {
        this.at += 3
        return inner.v === "circ" ? this.withDegrees(base) : primed(base)
      }
      if (inner?.kind === "op" && inner.v === "°") {
        this.at += 3
        return this.withDegrees(base)
      }
    }
    // towers lean to the right
    const exponent = this.isOp("{") ? this.postfix(this.primary()) : this.signedFactor()
    return { t: "pow", base, exponent }
  }

  private withDegrees(a: Expression): Expression {
    const letter = this.token
    if (letter?.kind === "id" && (letter.v === "C" || letter.v === "F")) {
      this.at++
      return { t: "quantity", value: a, unit: `°${letter.v}` }
    }
    return { t: "degrees", a }
  }

  private postfix(start: Expression): Expression {
    let e = start
    for (let links = 0; ; links++) {
      if (links > maximumChain) throw new Undecidable("too many signs behind a number")
      const token = this.token
      if (token === undefined) return e
      if (token.kind === "word") {
        const word = token.v.toLowerCase()
        if (word === "percent" || word === "percentage") {
          this.at++
          e = { t: "percent", a: e }
          continue
        }
        return e
      }
      if (token.kind === "text") {
        const word = token.v.toLowerCase()
        if (word === "percent" || word === "percentage") {
          this.at++
          e = { t: "percent", a: e }
          continue
        }
        return e
      }
      if (token.kind !== "op") return e
      if (token.v === "!") {
        this.at++
        e = { t: "fn", name: "factorial", args: [e] }
      } else if (token.v === "%") {
        this.at++
        e = { t: "percent", a: e }
      } else if (token.v === "°") {
        this.at++
        e = this.withDegrees(e)
      } else if (token.v === "'") {
        this.at++
        e = primed(e)
      } else if (token.v === "_" && e.t === "num") {
        this.at++
        const base = this.subscript()
        e = { t: "based", digits: start.t === "num" ? String(start.value.n) : "", base }
      } else return e
    }
  }

  /** The raw words of a subscript. */
  private subscript(): string {
    if (this.take("{")) {
      const parts: Array<string> = []
      while (!this.isOp("}")) {
        const token = this.token
        if (token === undefined) throw unreadable
        parts.push(token.v)
        this.at++
      }
      this.at++
      return parts.join(" ")
    }
    const token = this.token
    if (token === undefined) throw unreadable
    this.at++
    return token.v
  }

  /** A TeX argument: a group, or a single digit or symbol. */
  private argument(isDigitwise: boolean): Expression {
    if (this.isOp("{")) return this.primary()
    const token = this.token
    if (token?.kind === "num" && isDigitwise && token.v.length > 1 && !token.v.includes(".")) {
      this.tokens[this.at] = { kind: "num", v: token.v.slice(1), spaced: false }
      return numberNode(fromDigits(token.v.slice(0, 1)))
    }
    if (token?.kind === "num" || token?.kind === "id") return this.primary()
    return this.power()
  }

  private primary(): Expression {
    this.enter()
    const e = this.primaryInside()
    this.leave()
    return e
  }

  private primaryInside(): Expression {
    const token = this.token
    if (token === undefined) throw unreadable
    switch (token.kind) {
      case "num": {
        this.at++
        const point = token.v.indexOf(".")
        const over = this.repeatingDecimal(token.v)
        if (over !== undefined) return over
        return numberNode(fromDigits(token.v), point < 0 ? -1 : token.v.length - point - 1)
      }
      case "id":
        this.at++
        return this.symbol(token.v)
      case "word":
        return this.word(token.v)
      case "text":
        throw unreadable
      case "fn":
        this.at++
        return this.functionCall(token.v)
      case "cmd":
        return this.command(token.v)
      default:
        return this.bracketed(token.v)
    }
  }

  /** 0.\overline{3} */
  private repeatingDecimal(digits: string): Expression | undefined {
    const over = this.token
    let before = digits
    let at = this.at
    if (over?.kind === "op" && over.v === "." && !digits.includes(".")) {
      at++
      before += "."
    }
    const command = this.tokens[at]
    if (command?.kind !== "cmd" || command.v !== "overline" || !before.includes("."))
      return undefined
    const open = this.tokens[at + 1]
    const grouped = open?.v === "{"
    const repeated = this.tokens[grouped ? at + 2 : at + 1]
    if (repeated?.kind !== "num" || repeated.v.includes(".")) return undefined
    if (grouped && this.tokens[at + 3]?.v !== "}") return undefined
    this.at = at + (grouped ? 4 : 2)
    const places = before.length - before.indexOf(".") - 1
    const nines = 10n ** BigInt(repeated.v.length) - 1n
    const tail = fromDigits(repeated.v).n
    return {
      t: "add",
      items: [
        numberNode(fromDigits(before.endsWith(".") ? before.slice(0, -1) : before)),
        {
          t: "div",
          a: numberNode({ n: tail, d: 1n }),
          b: numberNode({ n: nines * 10n ** BigInt(places), d: 1n })
        }
      ]
    }
  }

  private symbol(name: string): Expression {
    if (this.isOp("_")) {
      this.at++
      return this.indexed(name)
    }
    if (this.isOp("'")) {
      let primes = name
      while (this.take("'")) primes += "'"
      return this.isOp("(") ? this.applied(primes) : { t: "sym", name: primes }
    }
    if (name === "pi") return { t: "const", name: "pi" }
    if (name === "i" && !this.bound.includes("i")) return { t: "const", name: "i" }
    if (name === "e" && !this.bound.includes("e")) return { t: "const", name: "e" }
    if (functionLetters.has(name) && this.isOp("(")) return this.applied(name)
    return { t: "sym", name }
  }

  private applied(name: string): Expression {
    const e = this.primary()
    return { t: "call", name, args: e.t === "bracket" || e.t === "list" ? e.items : [e] }
  }

  private indexed(name: string): Expression {
    const start = this.at
    const words = this.subscript()
    if (!/[a-z]/.test(words) || words.length === 0) return { t: "sym", name: `${name}_${words}` }
    // an index that may depend on something: a_k, F_{n-1}
    const end = this.at
    this.at = start
    const token = this.token
    let index: Expression | undefined
    if (token?.v === "{") {
      const save = this.at
      index = this.within(this.tokens.slice(save + 1, end - 1)).attempt()
    } else if (token?.kind === "id") index = { t: "sym", name: token.v }
    this.at = end
    if (index === undefined) return { t: "sym", name: `${name}_${words}` }
    return { t: "call", name: `${name}_`, args: [index] }
  }

  private attempt(): Expression | undefined {
    try {
      return this.answer()
    } catch (error) {
      if (error instanceof Unreadable) return undefined
      throw error
    }
  }

  private word(word: string): Expression {
    const name = lookUpFunction(word)
    if (name === "sqrt") {
      this.at++
      return { t: "root", index: 2, a: this.primary() }
    }
    if (name !== undefined) {
      this.at++
      return this.functionCall(name)
    }
    const constant = lookUpConstant(word)
    if (constant !== undefined) {
      this.at++
      if (constant === "inf") return { t: "const", name: "inf" }
      return this.symbol(constant)
    }
    if (!isProduct(word)) throw unreadable
    // its letters are factors of their own: ab^2 is a·b²
    const letters = Array.from(word, (v, i): Token => ({
      kind: "id",
      v,
      spaced: i === 0 && this.token?.spaced === true
    }))
    this.fuel.spend(4 + ((this.tokens.length - this.at) >> 6))
    this.tokens.splice(this.at, 1, ...letters)
    return this.primaryInside()
  }

  private functionCall(name: string): Expression {
    let base: Expression | undefined
    let exponent: Expression | undefined
    for (;;) {
      if (base === undefined && this.isOp("_")) {
        this.at++
        base = this.argument(false)
      } else if (exponent === undefined && this.isOp("^")) {
        this.at++
        exponent = this.isOp("{") ? this.primary() : this.signedFactor()
      } else break
    }
    const args = this.functionArguments()
    if (args.length > 20) throw unreadable
    const single = args[0]
    if (single === undefined) throw unreadable
    if (name === "cbrt") return { t: "root", index: 3, a: single }
    let call: Expression
    // without a base, the common logarithm
    if (name === "log" || name === "lg") {
      const under: Expression = { t: "fn", name: "ln", args: [base ?? integerNode(10)] }
      call = { t: "div", a: { t: "fn", name: "ln", args }, b: under }
    } else if (name === "exp")
      call = { t: "pow", base: { t: "const", name: "e" }, exponent: single }
    else call = { t: "fn", name, args }
    if (exponent === undefined) return call
    const isInverse =
      exponent.t === "num" &&
      exponent.value.n === -1n &&
      exponent.value.d === 1n &&
      inverses.has(name)
    if (isInverse) return { t: "fn", name: inverses.get(name) ?? name, args }
    return { t: "pow", base: call, exponent }
  }

  private functionArguments(): ReadonlyArray<Expression> {
    if (this.isOp("(") || this.isOp("{") || this.isOp("[")) {
      const e = this.primary()
      if (e.t === "bracket" || e.t === "list" || e.t === "set") return e.items
      return [e]
    }
    let sign = 1
    while (this.take("-")) sign = -sign
    const factors: Array<Expression> = [this.power()]
    for (;;) {
      const token = this.token
      if (token === undefined || token.kind === "fn" || token.kind === "op") break
      if (token.kind === "word" && lookUpFunction(token.v) !== undefined) break
      if (!this.startsFactor(token)) break
      if (token.kind === "cmd" && token.v !== "frac" && token.v !== "sqrt") break
      factors.push(this.power())
    }
    const e = product(factors, [])
    return [sign < 0 ? negated(e) : e]
  }

  private command(v: string): Expression {
    switch (v) {
      case "frac": {
        this.at++
        const a = this.argument(true)
        const b = this.argument(true)
        if (isSeveral(a) || isSeveral(b)) throw unreadable
        return { t: "div", a, b }
      }
      case "sqrt":
      case "surd": {
        this.at++
        let index = 2
        if (this.isOp("[")) {
          const e = this.primary()
          if (e.t !== "num" || !isInteger(e.value) || e.value.n < 1n || e.value.n > 1000n) {
            const a = this.argument(false)
            return { t: "pow", base: a, exponent: { t: "div", a: integerNode(1), b: e } }
          }
          index = Number(e.value.n)
        }
        const a = this.argument(false)
        if (isSeveral(a)) throw unreadable
        return { t: "root", index, a }
      }
      case "binom": {
        this.at++
        return { t: "fn", name: "binom", args: [this.argument(true), this.argument(true)] }
      }
      case "overline": {
        this.at++
        const start = this.at
        const words = this.subscript()
        // a segment or an average has a name; a product of letters under a bar is one
        if (/^[A-Z]{2,}$/.test(words.replaceAll(" ", ""))) {
          this.at = start
          return this.argument(false)
        }
        const index = this.take("_") ? `_${this.subscript()}` : ""
        return { t: "sym", name: `over ${words}${index}` }
      }
      case "sum":
      case "prod":
        this.at++
        return this.bigOperator(v)
      case "int":
        this.at++
        return this.integral()
      case "lim":
        this.at++
        return this.limit()
      case "begin matrix":
      case "begin determinant":
      case "begin rows":
        this.at++
        return this.environment(v.slice(6))
      default:
        throw unreadable
    }
  }

  /** Cases and aligned equations: `&` only aligns, and a row that begins with `=` goes on. */
  private alignedRows(): Expression {
    const inside: Array<Token> = []
    let depth = 1
    for (; ; this.at++) {
      const token = this.token
      if (token === undefined) throw unreadable
      if (token.kind === "cmd" && token.v.startsWith("begin ")) depth++
      if (token.kind === "cmd" && token.v.startsWith("end ") && --depth === 0) break
      if (depth === 1 && token.kind === "op" && token.v === "&") continue
      const last = inside.at(-1)
      if (
        token.kind === "op" &&
        relations.has(token.v) &&
        last?.kind === "op" &&
        last.v === "newline"
      ) {
        inside.pop()
      }
      inside.push(token)
    }
    this.at++
    return this.within(inside).answer()
  }

  private environment(kind: string): Expression {
    if (kind === "rows") return this.alignedRows()
    const rows: Array<Array<Expression>> = []
    let row: Array<Expression> = []
    const isEnd = () =>
      this.isOp("&") ||
      this.isOp("newline") ||
      (this.token?.kind === "cmd" && this.token.v.startsWith("end "))
    for (;;) {
      if (this.at >= this.tokens.length) throw unreadable
      if (this.take("&")) continue
      if (this.take("newline")) {
        if (row.length > 0) rows.push(row)
        row = []
        continue
      }
      if (this.token?.kind === "cmd" && this.token.v.startsWith("end ")) {
        this.at++
        if (row.length > 0) rows.push(row)
        break
      }
      row.push(this.list(isEnd))
    }
    if (rows.length === 0) throw unreadable
    const width = rows[0]?.length ?? 0
    if (rows.some((cells) => cells.length !== width)) throw unreadable
    const matrix: Expression = { t: "matrix", rows }
    return kind === "determinant" ? { t: "fn", name: "det", args: [matrix] } : matrix
  }

  private bigOperator(kind: "sum" | "prod"): Expression {
    let variable = "k"
    let from: Expression | undefined
    let to: Expression | undefined
    for (;;) {
      if (this.isOp("_") && from === undefined) {
        this.at++
        this.expect("{")
        const token = this.token
        if (token?.kind !== "id") throw unreadable
        variable = token.v
        this.at++
        this.expect("=")
        from = this.sum()
        this.expect("}")
      } else if (this.isOp("^") && to === undefined) {
        this.at++
        to = this.isOp("{") ? this.primary() : this.argument(false)
      } else break
    }
    if (from === undefined) throw unreadable
    this.bound.push(variable)
    const body = this.term()
    this.bound.pop()
    return { t: "bind", kind, variable, from, to, body }
  }

  private integral(): Expression {
    let from: Expression | undefined
    let to: Expression | undefined
    for (;;) {
      if (this.isOp("_") && from === undefined) {
        this.at++
        from = this.argument(false)
      } else if (this.isOp("^") && to === undefined) {
        this.at++
        to = this.argument(false)
      } else break
    }
    let end = -1
    let length = 0
    let variable = ""
    for (let i = this.at; i < this.tokens.length; i++) {
      const token = this.tokens[i]
      const next = this.tokens[i + 1]
      if (token?.kind === "word" && token.v.length === 2 && token.v.startsWith("d")) {
        end = i
        length = 1
        variable = token.v.slice(1)
        break
      }
      if (token?.kind === "id" && token.v === "d" && next?.kind === "id") {
        end = i
        length = 2
        variable = next.v
        break
      }
    }
    if (end < 0) throw unreadable
    const inner = this.within(this.tokens.slice(this.at, end))
    inner.bound = [...this.bound, variable]
    const body: Expression = end === this.at ? integerNode(1) : inner.sum()
    if (inner.at < inner.tokens.length) throw unreadable
    this.at = end + length
    return { t: "bind", kind: "int", variable, from, to, body }
  }

  private limit(): Expression {
    this.expect("_")
    this.expect("{")
    const token = this.token
    if (token?.kind !== "id") throw unreadable
    this.at++
    this.expect("to")
    const to = this.sum()
    if (this.take("^")) this.at++
    this.expect("}")
    this.bound.push(token.v)
    const body = this.term()
    this.bound.pop()
    return { t: "bind", kind: "lim", variable: token.v, from: undefined, to, body }
  }

  private bracketed(v: string): Expression {
    switch (v) {
      case "(":
      case "[":
        this.at++
        return this.items(v)
      case "]": {
        // ]0,1[ is open
        this.at++
        this.isReversed = true
        const e = this.items("(", "]")
        this.isReversed = false
        return e
      }
      case "{": {
        this.at++
        if (this.take("}")) throw unreadable
        const bars = this.bars
        this.bars = 0
        const e = this.list(() => this.isOp("}"))
        this.bars = bars
        this.expect("}")
        return e
      }
      case "\\{":
        this.at++
        return this.set()
      case "|": {
        this.at++
        this.bars++
        const a = this.sum()
        this.bars--
        this.expect("|")
        return { t: "fn", name: "abs", args: [a] }
      }
      case "norm": {
        this.at++
        const a = this.sum()
        this.expect("norm")
        return { t: "fn", name: "abs", args: [a] }
      }
      case "lfloor": {
        this.at++
        const a = this.sum()
        this.expect("rfloor")
        return { t: "fn", name: "floor", args: [a] }
      }
      case "lceil": {
        this.at++
        const a = this.sum()
        this.expect("rceil")
        return { t: "fn", name: "ceil", args: [a] }
      }
      case "inf":
        this.at++
        return { t: "const", name: "inf" }
      case "empty":
        this.at++
        return { t: "set", items: [] }
      case "reals":
        this.at++
        return { t: "reals" }
      case "dots":
        this.at++
        return { t: "sym", name: "\\dots" }
      default:
        throw unreadable
    }
  }

  private items(open: "(" | "[", reversed?: "]"): Expression {
    const bars = this.bars
    this.bars = 0
    const items: Array<Expression> = []
    let close: ")" | "]"
    for (;;) {
      if (
        reversed !== undefined ? this.take("[") || this.take("]") : this.take(")") || this.take("]")
      ) {
        const last = this.tokens[this.at - 1]?.v
        if (reversed === undefined) close = last === "]" ? "]" : ")"
        else close = last === "[" ? ")" : "]"
        break
      }
      if (this.separator() !== undefined) {
        this.at++
        continue
      }
      // (\text{C}) and (Monday, Tuesday)
      items.push(this.clause())
      if (this.separator() === undefined && !this.isOp(")") && !this.isOp("]") && !this.isOp("[")) {
        throw unreadable
      }
    }
    this.bars = bars
    const single = items[0]
    if (single === undefined) throw unreadable
    if (items.length === 1) {
      if ((open === "(") !== (close === ")")) throw unreadable
      return single.t === "list" ? { t: "bracket", open, close, items: single.items } : single
    }
    return { t: "bracket", open, close, items }
  }

  private set(): Expression {
    const bars = this.bars
    // a bar in a set comes before its condition
    this.bars = 1
    const items: Array<Expression> = []
    for (;;) {
      if (this.take("\\}")) break
      if (this.separator() !== undefined) {
        this.at++
        continue
      }
      items.push(this.relationInSet())
      if (this.isOp("|") || this.isOp(":")) {
        this.at++
        this.bars = 0
        const condition = this.list(() => this.isOp("\\}"))
        this.expect("\\}")
        this.bars = bars
        const element: Expression =
          items.length === 1 && items[0] !== undefined
            ? items[0]
            : { t: "bracket", open: "(", close: ")", items }
        return { t: "builder", element, condition }
      }
      if (this.separator() === undefined && !this.isOp("\\}")) throw unreadable
    }
    this.bars = bars
    return { t: "set", items }
  }

  /** Without a ratio's colon, which in a set comes before the condition. */
  private relationInSet(): Expression {
    if (this.token?.kind === "text") {
      const text = this.token.v
      this.at++
      return { t: "text", text }
    }
    const first = this.setExpression()
    const token = this.token
    const op = token?.kind === "op" ? relations.get(token.v) : undefined
    if (op === undefined) return first
    this.at++
    return { t: "relation", first, rest: [{ op, e: this.setExpression() }] }
  }
}

const inverses = new Map([
  ["sin", "arcsin"],
  ["cos", "arccos"],
  ["tan", "arctan"],
  ["cot", "arccot"],
  ["sec", "arcsec"],
  ["csc", "arccsc"],
  ["sinh", "arcsinh"],
  ["cosh", "arccosh"],
  ["tanh", "arctanh"]
])

const primed = (e: Expression): Expression => {
  if (e.t === "sym") return { t: "sym", name: `${e.name}'` }
  throw unreadable
}

const product = (over: ReadonlyArray<Expression>, under: ReadonlyArray<Expression>): Expression => {
  const first = over[0]
  if (first === undefined) throw unreadable
  const a: Expression = over.length === 1 ? first : { t: "mul", items: over }
  const divisor = under[0]
  if (divisor === undefined) return a
  return { t: "div", a, b: under.length === 1 ? divisor : { t: "mul", items: under } }
}

/** Whether letters stand for a product: all capitals, or few. */
const isProduct = (word: string): boolean => {
  if (!/^[A-Za-z]+$/.test(word)) return false
  if (proseWords.has(word.toLowerCase()) && word !== "AB" && word !== word.toUpperCase())
    return false
  if (/^[A-Z]{2,6}$/.test(word)) return true
  return word.length <= 3
}

/** Tuples and lists, which can not be multiplied. */
const isSeveral = (e: Expression | undefined): boolean =>
  e !== undefined &&
  (e.t === "list" || e.t === "bracket" || e.t === "set" || e.t === "relation" || e.t === "text")

/** `n = 1, 2, 3`: the name belongs to all. */
const gather = (items: ReadonlyArray<Expression>): Expression => {
  const first = items[0]
  const link = first?.t === "relation" ? first.rest[0] : undefined
  if (
    first?.t === "relation" &&
    link !== undefined &&
    first.rest.length === 1 &&
    link.op === "=" &&
    items.slice(1).every((item) => !some(item, (part) => part.t === "relation"))
  ) {
    return {
      t: "relation",
      first: first.first,
      rest: [{ op: "=", e: { t: "list", items: [link.e, ...items.slice(1)] } }]
    }
  }
  return { t: "list", items }
}
