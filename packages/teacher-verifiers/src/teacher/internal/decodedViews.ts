/** What a text says when its encoded parts are read. */

const decodeBase64 = (token: string): string | undefined => {
  const text = Buffer.from(token, "base64").toString("latin1")
  return /^[\t\n\r -~]+$/.test(text) ? text : undefined
}

const decodeHex = (token: string): string | undefined => {
  const text = Buffer.from(token, "hex").toString("latin1")
  return /^[\t\r\n -~]+$/.test(text) ? text : undefined
}

const base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
const decodeBase32 = (token: string): string | undefined => {
  let bits = ""
  for (const sign of token.replace(/=+$/, "").toUpperCase()) {
    bits += base32.indexOf(sign).toString(2).padStart(5, "0")
  }
  const bytes = bits.match(/[01]{8}/g) ?? []
  const text = bytes.map((byte) => String.fromCodePoint(Number.parseInt(byte, 2))).join("")
  return /^[\t\n -~]+$/.test(text) ? text : undefined
}

/** Numbers that are the codes of printable characters: `54 52`, `00110110 00110100`. */
const decodeCodes = (text: string): ReadonlyArray<string> => {
  const out: Array<string> = []
  for (const [run] of text.matchAll(/\b[01]{7,8}(?:[\s,]+[01]{7,8})*\b/g)) {
    out.push(String.fromCodePoint(...run.split(/[\s,]+/).map((bits) => Number.parseInt(bits, 2))))
  }
  for (const [run] of text.matchAll(/\b\d{2,3}(?:[\s,]+\d{2,3})+\b/g)) {
    const codes = run.split(/[\s,]+/).map(Number)
    if (codes.every((code) => code >= 32 && code <= 126)) out.push(String.fromCodePoint(...codes))
  }
  for (const [run] of text.matchAll(
    /\b(?:0x|\\x)?[2-7][\da-f](?:[\s,:]+(?:0x|\\x)?[2-7][\da-f])+\b/gi
  )) {
    const hex = run.replaceAll(/0x|\\x|[\s,:]/gi, "")
    out.push(decodeHex(hex) ?? "")
  }
  return out
}

const morse = new Map(
  "-----|.----|..---|...--|....-|.....|-....|--...|---..|----."
    .split("|")
    .map((code, digit) => [code, String(digit)])
)
const decodeMorse = (text: string): ReadonlyArray<string> =>
  Array.from(text.matchAll(/[-.]{5}(?:[\s/|]+[-.]{5})*/g), ([run]) =>
    run
      .trim()
      .split(/[\s/|]+/)
      .map((code) => morse.get(code) ?? " ")
      .join("")
  )

const rot13 = (text: string): string =>
  text.replaceAll(/[a-z]/gi, (letter) => {
    const base = letter <= "Z" ? 65 : 97
    return String.fromCodePoint(((letter.charCodeAt(0) - base + 13) % 26) + base)
  })

const reverse = (text: string): string => Array.from(text).toReversed().join("")

/** A text that is said in a roundabout way; `how` names it. */
export interface DecodedView {
  readonly how: "base64" | "base32" | "hex" | "codes" | "morse" | "rot13" | "reversed" | "initials"
  readonly text: string
}

const initials = (pieces: ReadonlyArray<string>): string =>
  pieces.map((piece) => /\p{L}/u.exec(piece)?.[0] ?? "").join("")

/** The decoded parts of a text: a few of them are nonsense, as any word is base64 of something. */
export const decodedViews = (text: string): ReadonlyArray<DecodedView> => {
  const views: Array<DecodedView> = []
  const add = (how: DecodedView["how"], decoded: string | undefined) => {
    if (decoded !== undefined && decoded.trim() !== "") views.push({ how, text: decoded })
  }
  for (const [token] of text.matchAll(/[A-Za-z\d+/_-]{2,4096}={1,2}|[A-Za-z\d+/_-]{3,4096}/g)) {
    add("base64", decodeBase64(token))
  }
  for (const [token] of text.matchAll(/\b[A-Z2-7]{4,}=*/gi)) add("base32", decodeBase32(token))
  for (const [token] of text.matchAll(/\b(?:0x)?(?:[2-7][\da-f]|0[9ad]){2,}\b/gi)) {
    add("hex", decodeHex(token.replace(/^0x/i, "")))
  }
  for (const decoded of decodeCodes(text)) add("codes", decoded)
  for (const decoded of decodeMorse(text)) add("morse", decoded)
  add("rot13", rot13(text))
  add("reversed", reverse(text))
  add("initials", initials(text.split("\n")))
  add("initials", initials(text.split(/\s+/)))
  return views
}
