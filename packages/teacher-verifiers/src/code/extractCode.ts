/** Where the program stands in a student's text. */
import type { ProgramLanguage } from "./ProgramTests.ts"

/** Longer texts hold no program. */
const maximumLength = 500_000

/** What a fence may be marked with; a block without a mark is of any language. */
const marks: Readonly<Record<ProgramLanguage, ReadonlyArray<string>>> = {
  python: ["", "python", "python3", "py"],
  javascript: ["", "javascript", "js", "node", "mjs", "cjs", "ecmascript"],
  // what is valid JavaScript is nearly always valid TypeScript
  typescript: ["", "typescript", "ts", "mts", "cts", "javascript", "js"]
}

/**
 * The program that a text gives: its last fenced block (three or more backticks or tildes) that is marked
 * with the language or with nothing, else the whole text if every line of it reads as code. A last block
 * that is never closed reaches to the end of the text. `undefined` when there is no program: prose,
 * questions, blocks of other languages, or a text of more than 500,000 characters.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { extractCode } from "@sml/teacher-verifiers"
 *
 * const text = "Better:\n```python\ndef f(x):\n    return x\n```\nRun it with\n```sh\npython f.py\n```"
 * assert.equal(extractCode(text, "python"), "def f(x):\n    return x\n")
 * assert.equal(extractCode("print(1)", "python"), "print(1)")
 * assert.equal(extractCode("What is x?", "python"), undefined)
 * ```
 */
export const extractCode = (text: string, language: ProgramLanguage): string | undefined => {
  if (text.length > maximumLength) return undefined
  const blocks = fencedBlocks(text.replaceAll("\r\n", "\n"))
  if (blocks.length === 0) return looksLikeCode(text, language) ? text : undefined
  return blocks.findLast(({ code, mark }) => marks[language].includes(mark) && code.trim() !== "")
    ?.code
}

interface Block {
  /** The first word behind the fence, in lower case. */
  readonly mark: string
  readonly code: string
}

const opening = /^([ \t]*)(`{3,}|~{3,})[ \t]*([^\s`]*)[^`]*$/

const fencedBlocks = (text: string): ReadonlyArray<Block> => {
  const blocks: Array<Block> = []
  let open: { indent: string; fence: string; mark: string; lines: Array<string> } | undefined
  const close = () => {
    if (open === undefined) return
    blocks.push({ mark: open.mark, code: open.lines.map((line) => `${line}\n`).join("") })
    open = undefined
  }
  for (const line of text.split("\n")) {
    if (open === undefined) {
      const [, indent = "", fence, mark = ""] = opening.exec(line) ?? []
      if (fence !== undefined) open = { indent, fence, mark: mark.toLowerCase(), lines: [] }
    } else if (isClosing(line.trim(), open.fence)) {
      close()
    } else {
      // a block in a list is indented as a whole
      open.lines.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line)
    }
  }
  close()
  return blocks
}

const isClosing = (line: string, fence: string): boolean =>
  line.length >= fence.length && line === (fence[0] ?? "").repeat(line.length)

const pythonStatement = new RegExp(
  [
    "#.*",
    "@[A-Za-z_].*",
    "(async\\s+)?def\\s+\\w+\\s*\\(.*",
    "class\\s+\\w+\\s*[(:].*",
    "import\\s+[\\w.]+(\\s+as\\s+\\w+)?(\\s*,.*)?;?",
    "from\\s+[\\w.]+\\s+import\\s+.*",
    "(if|elif|while|for|with|except|match)\\b.*:(\\s*#.*)?",
    "for\\s+[\\w, ()]+\\s+in\\s.*:.*",
    "(if|while)\\s.*:\\s*[\\w.]+(\\(|\\s*[-+*/]?=).*",
    "(else|try|finally|except)\\s*:.*",
    "(pass|break|continue|return\\b.*|raise\\s+\\w+.*|del\\s+\\w+.*|global\\s+\\w+.*|assert\\s.*)",
    // names, tuples and subscripts that something is assigned to
    "[\\w.,*()\\[\\]'\" ]+(\\s*:\\s*[\\w.\\[\\], ]+)?\\s*([-+*/%&|^@]|//|\\*\\*|<<|>>)?=(?!=).*",
    "[\\w.]+\\(.*",
    "[)\\]}].*",
    "(\"\"\"|''').*"
  ]
    .map((each) => `(?:${each})`)
    .join("|")
)

const scriptStatement = new RegExp(
  [
    "//.*",
    "/?\\*.*",
    "['\"]use strict['\"];?",
    "(export\\s+)?(default\\s+)?(async\\s+)?function\\b\\s*\\*?\\s*[\\w$]*\\s*[(<].*",
    "(export\\s+)?(default\\s+)?(abstract\\s+)?class\\s+[\\w$]+(<.*>)?(\\s+(extends|implements)\\s.*)?\\s*[{].*",
    "(export\\s+)?(declare\\s+)?(const|let|var)\\s+([\\w$]+|[[{].*)\\s*(:[^=]+)?([=;,].*)?",
    "(export\\s+)?type\\s+[\\w$]+.*=.*",
    "(export\\s+)?(declare\\s+)?(interface|enum|namespace)\\s+[\\w$]+.*[{].*",
    "import\\b.*['\"].*",
    "export\\s*[{*].*",
    "(if|for|while|switch|with)\\s*(await\\s*)?\\(.*",
    "(do|try|else|finally)\\b.*[{].*",
    "(throw\\s+new|await)\\s+.*",
    "(async\\s+)?(\\([^()]*\\)|[\\w$]+)\\s*(:\\s*[\\w<>\\[\\]| ]+)?=>.*",
    "[\\w$.[\\]]+\\s*([-+*/%&|^?]|\\*\\*|<<|>>>?|&&|\\|\\||\\?\\?)?=(?!=).*",
    "[\\w$.]+\\(.*",
    "[})\\];,.?:&|+*-].*"
  ]
    .map((each) => `(?:${each})`)
    .join("|")
)

const statement = (language: ProgramLanguage): RegExp =>
  new RegExp(`^(?:${(language === "python" ? pythonStatement : scriptStatement).source})$`)

/** Long texts in one line take a pattern too long; no program has such lines. */
const maximumLine = 10_000

/** Whether every line that is not indented reads as a statement; text in triple quotes is left out. */
const looksLikeCode = (text: string, language: ProgramLanguage): boolean => {
  const pattern = statement(language)
  let isQuoted = false
  let statements = 0
  for (const line of text.split("\n")) {
    const wasQuoted = isQuoted
    if (language === "python" && (line.match(/"""|'''/g)?.length ?? 0) % 2 === 1) {
      isQuoted = !isQuoted
    }
    if (wasQuoted || line.trim() === "") continue
    const isIndented = /^[ \t]/.test(line)
    if (!isIndented || statements === 0) {
      const trimmed = line.trim()
      if (trimmed.length > maximumLine || !pattern.test(trimmed)) return false
      if (!/^(#|\/\/)/.test(trimmed)) statements++
    }
  }
  return statements > 0
}
