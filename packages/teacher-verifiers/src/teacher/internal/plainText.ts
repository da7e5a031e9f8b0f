/** One spelling for texts that look alike, so that a value is found however it is dressed. */

const superscripts = "⁰¹²³⁴⁵⁶⁷⁸⁹"

/** ASCII for a decimal digit of any script; the ten digits of a script stand in a row. */
const asciiDigit = (digit: string): string => {
  const code = digit.codePointAt(0) ?? 0
  let zero = code
  while (zero > code - 9 && /\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero -= 1
  return String(code - zero)
}

const codePoint = (code: number): string =>
  code >= 32 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff)
    ? String.fromCodePoint(code)
    : " "

/** `&#54;`, `%36`, `\x36`, `\u0036` as the characters that they stand for. */
const decodeEscapes = (text: string): string =>
  text
    .replaceAll(/&#x([\da-f]{1,6});?/gi, (_all, hex: string) => codePoint(Number.parseInt(hex, 16)))
    .replaceAll(/&#(\d{1,7});?/g, (_all, decimal: string) => codePoint(Number(decimal)))
    .replaceAll(/(?:%|\\x|0x)(3\d)(?=(?:[\s,]*(?:%|\\x|0x)3\d)|\W|$)/gi, (all, hex: string) =>
      // 0x36 is a number of its own unless more of them follow
      all.startsWith("0x") ? all : codePoint(Number.parseInt(hex, 16))
    )
    .replaceAll(/\\u\{?([\da-f]{4,6})\}?/gi, (_all, hex: string) =>
      codePoint(Number.parseInt(hex, 16))
    )

/**
 * Compatibility forms, digits of other scripts, invisible characters, markup, dashes and operator
 * signs in one spelling each.
 */
export const plainText = (text: string): string =>
  decodeEscapes(text)
    .replaceAll(
      /[⁰¹²³⁴-⁹]+/g,
      (run) => `^${Array.from(run, (sign) => superscripts.indexOf(sign)).join("")}`
    )
    .replaceAll(/(?<=\d)(?=[¼-¾⅐-⅞])/g, " ")
    .normalize("NFKC")
    .replaceAll(/[\p{Cf}\p{Mn}\p{Me}\p{Cc}]/gu, (mark) => (/\s/.test(mark) ? mark : ""))
    .replaceAll(/\p{Nd}/gu, (digit) => (/\d/.test(digit) ? digit : asciiDigit(digit)))
    .replaceAll(/[‐-―−﹣]/g, "-")
    .replaceAll(/[×·⋅∙•✕✖]/g, "*")
    .replaceAll(/[÷∕⁄]/g, "/")
    .replaceAll(/<\/?[a-z][^<>\n]{0,60}>/gi, "")
    // emphasis, and Python's power
    .replaceAll(/(\*\*|__|~~)(?=\S)([^*_~\n]{1,200}?)(?<=\S)\1/g, "$2")
    .replaceAll("**", "^")
    .replaceAll("`", "")
    // long runs of spaces would make the searches slow
    .replaceAll(/[^\S\n]+/g, " ")
    .replaceAll(/\n\s*\n/g, "\n\n")

/** Letters set apart, as in `s i x t y`, joined. */
export const joinLetters = (text: string): string =>
  text.replaceAll(
    /(?<![\p{L}\d])\p{L}(?:([ \-._*|/]{1,3})\p{L})(?:\1\p{L}){2,}(?![\p{L}\d])/gu,
    (run) => run.replaceAll(/[^\p{L}]/gu, "")
  )
