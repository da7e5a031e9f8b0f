/** Functions of lists of integers as a row of steps: `reverse | filter even | map +3`. */

type Numbers = ReadonlyArray<number>

interface Step {
  readonly apply: (list: Numbers, k: number) => Numbers
  /** Of the whole step, with its number in place of `k`. */
  readonly words: string
  readonly javaScript: string
}

const steps: { readonly [name: string]: Step } = {
  reverse: {
    apply: (list) => list.toReversed(),
    words: "reverse the order",
    javaScript: ".reverse()"
  },
  sort: {
    apply: (list) => list.toSorted((left, right) => left - right),
    words: "sort in ascending order",
    javaScript: ".sort((a, b) => a - b)"
  },
  unique: {
    apply: (list) => Array.from(new Set(list)),
    words: "keep only the first of equal numbers",
    javaScript: ".filter((x, i, all) => all.indexOf(x) === i)"
  },
  scan: {
    apply: (list) => list.map((_, end) => list.slice(0, end + 1).reduce((a, b) => a + b, 0)),
    words: "replace every number by the sum of the list up to and with it",
    javaScript: ".map((_, i, all) => all.slice(0, i + 1).reduce((a, b) => a + b, 0))"
  },
  "filter even": {
    apply: (list) => list.filter((x) => x % 2 === 0),
    words: "keep only the even numbers",
    javaScript: ".filter((x) => x % 2 === 0)"
  },
  "filter odd": {
    apply: (list) => list.filter((x) => x % 2 !== 0),
    words: "keep only the odd numbers",
    javaScript: ".filter((x) => x % 2 !== 0)"
  },
  "filter >k": {
    apply: (list, k) => list.filter((x) => x > k),
    words: "keep only the numbers greater than k",
    javaScript: ".filter((x) => x > k)"
  },
  "filter <k": {
    apply: (list, k) => list.filter((x) => x < k),
    words: "keep only the numbers less than k",
    javaScript: ".filter((x) => x < k)"
  },
  "map +k": {
    apply: (list, k) => list.map((x) => x + k),
    words: "add k to every number",
    javaScript: ".map((x) => x + k)"
  },
  "map -k": {
    apply: (list, k) => list.map((x) => x - k),
    words: "subtract k from every number",
    javaScript: ".map((x) => x - k)"
  },
  "map *k": {
    apply: (list, k) => list.map((x) => x * k),
    words: "multiply every number by k",
    javaScript: ".map((x) => x * k)"
  },
  "take k": {
    apply: (list, k) => list.slice(0, k),
    words: "keep only the first k numbers",
    javaScript: ".slice(0, k)"
  },
  "drop k": {
    apply: (list, k) => list.slice(k),
    words: "leave out the first k numbers",
    javaScript: ".slice(k)"
  }
}

/** What the steps do, for a statement. */
export const stepTable = Object.entries(steps)
  .map(([name, { words }]) => `${name} (${words})`)
  .join("; ")

/** The names of the steps, `k` standing for a number of 1..9. */
export const stepNames: ReadonlyArray<string> = Object.keys(steps)

// the letter k of "take" and "keep" is no parameter
const fill = (template: string, k: number): string =>
  template.replaceAll(/(?<![A-Za-z])k(?![A-Za-z])/g, String(k))

/** One step, read from its text. */
interface PipelineStep {
  readonly name: string
  readonly k: number
}

/** Reads `step | step | …`; `undefined` when something in it is no step. */
export const parsePipeline = (text: string): ReadonlyArray<PipelineStep> | undefined => {
  const parts = text.split("|").map((part) => {
    const clean = part
      .trim()
      .toLowerCase()
      .replaceAll(/\s+/g, " ")
      .replace(/([<>+*-]) /, "$1")
    const k = Number(/\d+$/.exec(clean)?.[0] ?? 0)
    const name = clean.replace(/\d{1,6}$/, "k")
    return name in steps ? [{ name, k }] : undefined
  })
  const found = parts.filter((part) => part !== undefined)
  return found.length === parts.length ? found.flat() : undefined
}

export const showStep = ({ k, name }: PipelineStep): string => fill(name, k)

/** The pipeline in words, step after step. */
export const describe = (pipeline: ReadonlyArray<PipelineStep>): string =>
  pipeline.map(({ k, name }) => fill(steps[name]?.words ?? name, k)).join("; then ")

/** A JavaScript expression of `list`. */
export const javaScriptOf = (pipeline: ReadonlyArray<PipelineStep>): string =>
  `[...list]${pipeline.map(({ k, name }) => fill(steps[name]?.javaScript ?? "", k)).join("")}`

export const runPipeline = (pipeline: ReadonlyArray<PipelineStep>, list: Numbers): Numbers =>
  pipeline.reduce((current, { k, name }) => steps[name]?.apply(current, k) ?? current, list)
