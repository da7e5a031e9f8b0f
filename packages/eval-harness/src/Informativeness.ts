/** How much a teacher's answers carry. */
import * as Schema from "effect/Schema"

/**
 * - `none`: the same words after every wrong attempt ("try again");
 * - `binary`: which answer was read, and that it is wrong;
 * - `hint`: also which way to go: the side of a number, how many tests fail;
 * - `diagnostic`: also what is wrong: the failing test, a step of the solution.
 */
export const Informativeness = Schema.Literals(["none", "binary", "hint", "diagnostic"])
export type Informativeness = typeof Informativeness.Type
