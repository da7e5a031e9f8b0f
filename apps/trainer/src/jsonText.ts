/** JSON that is safe to print. */

// JSON escapes C0 by itself; these reach a terminal as they are: C1, and the marks of safeText
const unsafe = /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g

/** One line of JSON, with everything that a terminal could obey as `\u` escapes. */
export const jsonText = (value: unknown): string =>
  JSON.stringify(value).replaceAll(
    unsafe,
    (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`
  )
