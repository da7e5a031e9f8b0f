/** A stack machine of eight instructions. */

const binary = {
  add: (left: number, right: number) => left + right,
  sub: (left: number, right: number) => left - right,
  mul: (left: number, right: number) => left * right
}

/** What the instructions do, for a statement. */
export const instructions =
  "a number puts itself on the stack; add, sub and mul take the two topmost numbers away and put back their sum, their difference (the lower one minus the topmost) or their product; dup puts the topmost number there once more; swap exchanges the two topmost; over puts the second number from the top there once more; drop takes the topmost away"

const isBinary = (token: string): token is keyof typeof binary => token in binary

const largest = 1e12

/** The stack at the end, topmost last; `undefined` for a wrong instruction, a stack too short, or numbers too large. */
export const runStack = (
  tokens: ReadonlyArray<string>,
  start: ReadonlyArray<number> = []
): ReadonlyArray<number> | undefined => {
  const stack = [...start]
  for (const token of tokens) {
    if (/^-?\d{1,9}$/.test(token)) {
      stack.push(Number(token))
      continue
    }
    const top = stack.pop()
    if (top === undefined) return undefined
    if (token === "drop") continue
    if (token === "dup") {
      stack.push(top, top)
      continue
    }
    const second = stack.pop()
    if (second === undefined) return undefined
    if (token === "swap") stack.push(top, second)
    else if (token === "over") stack.push(second, top, second)
    else if (isBinary(token)) {
      const value = binary[token](second, top)
      if (Math.abs(value) > largest) return undefined
      stack.push(value)
    } else return undefined
  }
  return stack
}
