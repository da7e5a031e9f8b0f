/** How much a teacher's answers carry. */
import * as Schema from "effect/Schema"

/**
 * - `none`: the same words whatever the student said ("go on");
 * - `binary`: whether the attempt is right;
 * - `hint`: which way to go, without naming what is wrong;
 * - `diagnostic`: what is wrong: the side of a number, the failing test with its input.
 */
export const Informativeness = Schema.Literals(["none", "binary", "hint", "diagnostic"])
export type Informativeness = typeof Informativeness.Type
