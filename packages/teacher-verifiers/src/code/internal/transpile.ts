/** TypeScript to JavaScript, by what Node itself reads TypeScript with. */
import { SourceMap, stripTypeScriptTypes } from "node:module"

import type { ProgramFailure } from "./ProgramReply.ts"
import { failure } from "./ProgramReply.ts"

/** JavaScript, and the line of the source of one of its lines. */
export interface Script {
  readonly _tag: "Script"
  readonly text: string
  readonly sourceLine: (line: number) => number | null
}

const sameLine = (line: number) => line

/** Source that is JavaScript already. */
export const javaScript = (text: string): Script => ({ _tag: "Script", text, sourceLine: sameLine })

const codeOf = (error: unknown): unknown =>
  error instanceof Error && "code" in error ? error.code : undefined

const syntaxError = (error: unknown): ProgramFailure => {
  if (!(error instanceof Error)) return failure("error", "SyntaxError", "cannot be read")
  // the stack begins with the place
  const line = /^.*:(\d+)\n/.exec(error.stack ?? "")?.[1]
  return failure("error", "SyntaxError", error.message, line === undefined ? null : Number(line))
}

/**
 * Removes the types, which leaves every line where it was; what has no counterpart in JavaScript (enums,
 * namespaces, parameter properties) is rewritten. Types are not checked. Node's reader is not to be trusted
 * any more once it has run out of stack, which deeply nested brackets bring about: that is thrown, and
 * should end the thread.
 */
export const transpile = (source: string): Script | ProgramFailure => {
  try {
    return javaScript(withoutUnusedImports(stripTypeScriptTypes(source, { mode: "strip" })))
  } catch (error) {
    if (codeOf(error) === "ERR_INVALID_TYPESCRIPT_SYNTAX") return syntaxError(error)
    if (codeOf(error) !== "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX") throw error
    return rewrite(source)
  }
}

/** An import of names that occur nowhere else, as of types, is none: TypeScript's own compiler leaves it out. */
const withoutUnusedImports = (text: string): string =>
  text.replaceAll(
    /^[ \t]*import\s+([^'"\n;]+?)\s+from\s*(?:"[^"\n]*"|'[^'\n]*');?/gm,
    (whole, clause: string) => {
      const names = (clause.match(/[\w$]+/g) ?? []).filter((name) => name !== "as")
      const isUsed = names.some(
        (name) =>
          text.split(new RegExp(`(?<![\\w$])${name.replaceAll("$", "\\$&")}(?![\\w$])`)).length > 2
      )
      return isUsed ? whole : whole.replaceAll(/[^\n]/g, " ")
    }
  )

const mapMark = "\n//# sourceMappingURL=data:application/json;base64,"

const rewrite = (source: string): Script | ProgramFailure => {
  try {
    const text = stripTypeScriptTypes(source, { mode: "transform", sourceMap: true })
    const mark = text.lastIndexOf(mapMark)
    const map = new SourceMap(
      JSON.parse(Buffer.from(text.slice(mark + mapMark.length), "base64").toString())
    )
    return {
      _tag: "Script",
      text: withoutUnusedImports(text.slice(0, mark)),
      sourceLine: (line) => {
        const entry = map.findEntry(line - 1, 10_000)
        return "originalLine" in entry ? entry.originalLine + 1 : null
      }
    }
  } catch (error) {
    const code = codeOf(error)
    if (code === "ERR_INVALID_TYPESCRIPT_SYNTAX" || code === "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX") {
      return syntaxError(error)
    }
    throw error
  }
}
