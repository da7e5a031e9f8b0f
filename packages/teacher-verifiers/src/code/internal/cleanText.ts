/**
 * A program's words for people: no control or format characters but line feeds (they could forge a line of
 * a terminal or a log), at most `limit` UTF-16 units.
 */
export const cleanText = (text: string, limit: number): string => {
  // cut first: the text may be very long
  const clean = text
    .slice(0, limit + 1)
    .replaceAll("\r\n", "\n")
    .replaceAll(/(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, " ")
  return text.length > limit ? `${clean.slice(0, limit - 1)}…` : clean
}
