/** The published formats that can be read. */
import * as Schema from "effect/Schema"

/**
 * - `gsm8k` (plain or Socratic), `svamp`, `math` (MATH and MATH-500), `word-problems` (GSM-Hard,
 *   MAWPS), `humaneval` (Python, JavaScript, TypeScript; also MBPP in this layout), `mbpp`,
 *   `livecodebench`, `apps`, `mint`, `lost-in-conversation`, `missing-premise`, `in3`.
 * - `task`: JSON lines of env-pomdp's tasks themselves.
 */
export const DatasetFormat = Schema.Literals([
  "apps",
  "gsm8k",
  "humaneval",
  "in3",
  "livecodebench",
  "lost-in-conversation",
  "math",
  "mbpp",
  "mint",
  "missing-premise",
  "svamp",
  "task",
  "word-problems"
])
export type DatasetFormat = typeof DatasetFormat.Type
