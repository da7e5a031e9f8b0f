import { uniformStream } from "@sml/env-pomdp"

/** A program with one change, and what was changed. */
export interface Mutant {
  readonly kind: string
  readonly code: string
}

const pieces =
  /(?<text>[rbfu]{0,2}(?:"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|#[^\n]*)|(?<word>[A-Za-z_]\w*)|(?<number>\d+\.\d+|\d+)|(?<operator>\*\*|\/\/|<=|>=|==|!=|[-+*/%]=|->|[-+*/%<>=])|[\s\S]/g

const swaps: Readonly<Record<string, readonly [kind: string, becomes: string]>> = {
  "+": ["operator", "-"],
  "-": ["operator", "+"],
  "*": ["operator", "+"],
  "/": ["operator", "*"],
  "//": ["operator", "*"],
  "%": ["operator", "*"],
  "**": ["operator", "*"],
  "+=": ["operator", "-="],
  "-=": ["operator", "+="],
  "*=": ["operator", "+="],
  "<": ["comparison", ">="],
  ">": ["comparison", "<="],
  "<=": ["boundary", "<"],
  ">=": ["boundary", ">"],
  "==": ["comparison", "!="],
  "!=": ["comparison", "=="],
  and: ["logic", "or"],
  or: ["logic", "and"],
  not: ["logic", ""],
  True: ["constant", "False"],
  False: ["constant", "True"],
  min: ["function", "max"],
  max: ["function", "min"],
  append: ["function", "remove"],
  break: ["flow", "continue"],
  continue: ["flow", "break"]
}

const replaced = (code: string, at: number, length: number, by: string): string =>
  code.slice(0, at) + by + code.slice(at + length)

/** Every change of one token: swapped operators, comparisons and words, numbers off by one. */
const tokenMutants = (code: string): ReadonlyArray<Mutant> =>
  Array.from(code.matchAll(pieces)).flatMap((match) => {
    const { groups = {}, index } = match
    const [token] = match
    if (groups.number !== undefined) {
      const by = token.includes(".") ? `(${token} + 1)` : String(BigInt(token) + 1n)
      return [{ kind: "off by one", code: replaced(code, index, token.length, by) }]
    }
    const swap = groups.text === undefined && Object.hasOwn(swaps, token) ? swaps[token] : undefined
    return swap === undefined
      ? []
      : [{ kind: swap[0], code: replaced(code, index, token.length, swap[1]) }]
  })

/** Every change of one line: statements removed, returned values replaced. */
const lineMutants = (code: string): ReadonlyArray<Mutant> => {
  const lines = code.split("\n")
  const change = (kind: string, index: number, by: string): Mutant => ({
    kind,
    code: lines.map((line, at) => (at === index ? by : line)).join("\n")
  })
  return lines.flatMap((line, index) => {
    const [, indent, statement = ""] = /^(\s+)(\S.*)$/.exec(line) ?? []
    if (indent === undefined) return []
    if (/^return\b/.test(statement)) {
      return ["None", "0", "[]", "True"].map((value) =>
        change("constant return", index, `${indent}return ${value}`)
      )
    }
    // a statement that begins and ends on this line
    return /^[\w.[\], ]+([-+*/%]?=[^=]|\()[^#]*[^,([{\\]$/.test(statement)
      ? [change("removed line", index, `${indent}pass`)]
      : []
  })
}

/** Up to `count` different mutants, chosen by the seed, of as many kinds as there are. */
export const pythonMutants = (code: string, count: number, seed: number): ReadonlyArray<Mutant> => {
  const random = uniformStream(seed)
  const left = [...tokenMutants(code), ...lineMutants(code)]
    .filter((mutant) => mutant.code !== code)
    .map((mutant) => [random(), mutant] as const)
    .toSorted(([one], [other]) => one - other)
    .map(([, mutant]) => mutant)
  const chosen: Array<Mutant> = []
  while (chosen.length < count && left.length > 0) {
    const rare = left.toSorted((one, other) => times(chosen, one) - times(chosen, other))[0]
    if (rare === undefined) break
    left.splice(left.indexOf(rare), 1)
    if (chosen.every((each) => each.code !== rare.code)) chosen.push(rare)
  }
  return chosen
}

const times = (chosen: ReadonlyArray<Mutant>, { kind }: Mutant): number =>
  chosen.filter((each) => each.kind === kind).length
