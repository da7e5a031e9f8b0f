/** Small changes of JavaScript sources. */

const changes: ReadonlyArray<readonly [pattern: RegExp, replacement: string]> = [
  [/(?<=\s)<=(?=\s)/g, "<"],
  [/(?<=\s)<(?=\s)/g, "<="],
  [/(?<=\s)>=(?=\s)/g, ">"],
  [/(?<=\s)>(?=\s)/g, ">="],
  [/===/g, "!=="],
  [/!==/g, "==="],
  [/(?<=\s)\+(?=\s)/g, "-"],
  [/(?<=\s)-(?=\s)/g, "+"],
  [/(?<=\s)\*(?=\s)/g, "+"],
  [/(?<=\s)\/(?=\s)/g, "*"],
  [/(?<=\s)%(?=\s)/g, "*"],
  [/&&/g, "||"],
  [/\|\|/g, "&&"],
  [/(?<![\w.])0(?![\w.])/g, "1"],
  [/(?<![\w.])1(?![\w.])/g, "2"],
  [/(?<![\w.])2(?![\w.])/g, "3"],
  [/\btrue\b/g, "false"],
  [/\bfalse\b/g, "true"],
  [/\bMath\.min\b/g, "Math.max"],
  [/\bMath\.max\b/g, "Math.min"],
  [/\.some\(/g, ".every("],
  [/\.every\(/g, ".some("],
  [/\.slice\(/g, ".concat("],
  [/toUpperCase/g, "toLowerCase"]
]

/** Wrong answers whatever the program. */
const constants = ["null", "0", "1", "true", "false", '""', "[]", "[0]", '"x"'].map(
  (value) => `() => ${value}`
)

/** The source with each change at each place, and functions that give one value. */
export const javaScriptMutants = (source: string): ReadonlyArray<string> => {
  const mutants = new Set(constants)
  for (const [pattern, replacement] of changes) {
    for (const { 0: text, index } of source.matchAll(pattern)) {
      mutants.add(source.slice(0, index) + replacement + source.slice(index + text.length))
    }
  }
  for (const change of [
    (call: string) => `[${call}]`,
    (call: string) => `(${call}, undefined)`,
    (call: string) => `((v) => typeof v === "number" ? v + 1 : v)(${call})`
  ]) {
    mutants.add(`(...values) => ${change(`(${source})(...values)`)}`)
  }
  mutants.delete(source)
  return [...mutants]
}
