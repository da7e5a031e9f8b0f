/** Text of another party, made harmless before it enters a prompt. */

// after ESC or CSI, which a pattern can only name as control characters
const escapeSequence = /\p{Cc}\[[\d;?]*[ -/]*[@-~]|\p{Cc}\][^\p{Cc}]*/gu
const control = /[\p{Cc}\p{Cs}]/gu
/** Marks that change the direction of reading or can not be seen. */
const invisible =
  /[\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\u00ad\u{e0000}-\u{e007f}]/gu

/**
 * Without terminal escapes, control and invisible characters, and with chat templates' control tokens
 * (`<|im_end|>`, `</s>`, `<start_of_turn>`, `[/INST]`, `<<SYS>>`) broken by a space, so that no
 * tokenizer takes them for its own. At most `limit` characters.
 */
export const sanitize = (text: string, limit: number): string => {
  const clean = text
    .replaceAll(/\r\n?|\v|\f|[\u2028\u2029\u0085]/g, "\n")
    .replaceAll(escapeSequence, (found) => (/^[\n\t]/.test(found) ? found : ""))
    .replaceAll(control, (sign) => (sign === "\n" || sign === "\t" ? sign : ""))
    .replaceAll(invisible, "")
    .replaceAll(/<(?=[|/!?<\p{L}_｜▁])/gu, "< ")
    .replaceAll(/(?<=[|｜])>/g, " >")
    .replaceAll(/\[(?=\/?[A-Z_]{3,}\])/g, "[ ")
  return clean.length > limit ? `${clean.slice(0, limit)} […]` : clean
}

/**
 * Text as data: every line begins with `| `, so that no line of it can end the quotation.
 */
export const quote = (text: string, limit: number): string =>
  sanitize(text, limit)
    .split("\n")
    .map((line) => `| ${line}`)
    .join("\n")
