/** What a report says about how it came about. */

/**
 * - `command`: what was typed; `date`: of the report; `machine`, `node`: where.
 * - `seconds`: wall time of this call; cells that were finished before are not in it, and `resumed`
 *   says how many they were.
 */
export interface ReportFacts {
  readonly command: string
  readonly date: string
  readonly machine: string
  readonly node: string
  readonly jobs: number
  readonly threads: number
  readonly seconds: number
  readonly resumed: number
  readonly quick: boolean
}
