/** The number that a student's answer is, when it is written plainly enough to be compared. */

const fraction = /^\\[dt]?frac\{([^{}]+)\}\{([^{}]+)\}$/
const plain = /^(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,3})?$/i

/**
 * Reads decimals (`1,234.5`, `-3`, `1e3`), quotients (`3/4`, `\frac{3}{4}`) and amounts of money
 * (`$5`); `undefined` for everything else.
 */
export const readNumber = (text: string): number | undefined => {
  const bare = text
    .trim()
    .replaceAll("−", "-")
    .replaceAll(/\\[,;!]|\\?\$|\s/g, "")
    .replaceAll(/(?<=\d),(?=\d{3}(?!\d))/g, "")
  const sign = bare.startsWith("-") ? -1 : 1
  const rest = bare.replace(/^[+-]/, "")
  const parts = fraction.exec(rest)?.slice(1) ?? rest.split("/")
  const [over, under = "1"] = parts
  if (parts.length > 2 || over === undefined || !plain.test(over) || !plain.test(under)) {
    return undefined
  }
  const value = (sign * Number(over)) / Number(under)
  return Number.isFinite(value) ? value : undefined
}
