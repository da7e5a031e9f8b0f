/** HTML from templates in which every value is escaped unless it is HTML already. */

/** Text that is HTML. Only this module and the plots make it. */
export class Html {
  readonly source: string
  constructor(source: string) {
    this.source = source
  }
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;"
}

// C0 but for white space, C1, and the marks that reorder or hide text: a report is read with `cat`, too
const unsafe =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g

/** `␛` for an escape, and so on; `�` for what has no picture. */
const picture = (mark: string): string => {
  const code = mark.charCodeAt(0)
  return code < 0x20 ? String.fromCharCode(0x2400 + code) : "\ufffd"
}

/** A text as HTML content or as a quoted attribute value, without anything that a terminal obeys. */
export const escapeHtml = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? "").replaceAll(unsafe, picture)

/** What may stand in a template. */
export type Part = Html | string | number | undefined | ReadonlyArray<Part>

const sourceOf = (part: Part): string => {
  if (part === undefined) return ""
  if (part instanceof Html) return part.source
  return typeof part === "string" || typeof part === "number"
    ? escapeHtml(String(part))
    : part.map(sourceOf).join("")
}

/** A template of HTML; `undefined` leaves nothing, a list all its members. */
export const html = (strings: TemplateStringsArray, ...parts: ReadonlyArray<Part>): Html =>
  new Html(String.raw({ raw: strings }, ...parts.map(sourceOf)))
