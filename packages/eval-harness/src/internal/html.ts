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

/** A text as HTML content or as a quoted attribute value. */
export const escapeHtml = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? "")

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
