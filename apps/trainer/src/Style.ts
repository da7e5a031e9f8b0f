/** The few ways in which the command marks text. */

/** Functions that mark a text, or leave it alone where colours are not wanted. */
export interface Style {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly good: (text: string) => string
  readonly bad: (text: string) => string
  readonly accent: (text: string) => string
}

const mark = (open: number, close: number) => (text: string) =>
  `\u001b[${open}m${text}\u001b[${close}m`

/** Marks with terminal sequences. */
export const colourful: Style = {
  bold: mark(1, 22),
  dim: mark(2, 22),
  good: mark(32, 39),
  bad: mark(31, 39),
  accent: mark(36, 39)
}

const same = (text: string) => text

/** No marks: NO_COLOR, or not a terminal. */
export const colourless: Style = { bold: same, dim: same, good: same, bad: same, accent: same }
