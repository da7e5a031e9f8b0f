/** What the JavaScript sandbox verifies. */
import type { ProgramTests } from "./ProgramTests.ts"

/**
 * A program to be verified.
 *
 * - `code`: the student's program: a script or a module. Its functions are found as globals, as methods of
 *   a class `Solution`, as exports, or as the value of an expression.
 * - `preamble`: trusted code before it; its lines are not counted.
 * - `seed`: decides in which order the tests run; what is found does not depend on it.
 * - `tolerance`: of numbers in `calls`, see `samePlainValue`.
 */
export interface JavaScriptProgram {
  readonly code: string
  readonly language: "javascript" | "typescript"
  readonly preamble: string
  readonly tests: ProgramTests
  readonly seed: number
  readonly tolerance?: number
}
