/** Cutting marked text to the width of a terminal. */

// a mark changes the look and takes no room
// oxlint-disable-next-line no-control-regex
const mark = /(\u001b\[[0-9;]*m)/

// drawn in one column although they come late in Unicode: punctuation, arrows, boxes and blocks
const narrow = /[\u2010-\u2027\u2030-\u205e\u2190-\u21ff\u2500-\u259f]/

/** Columns of a character: the wide scripts and emoji take two. */
const width = (character: string): number =>
  (character.codePointAt(0) ?? 0) >= 0x1100 && !narrow.test(character) ? 2 : 1

/**
 * The text, cut so that it takes at most `columns`; an ellipsis stands for what was cut off. Marks are
 * all kept, so that none stays open.
 */
export const fitColumns = (text: string, columns: number): string => {
  const pieces = text.split(mark)
  const total = pieces.reduce(
    (sum, piece, index) =>
      index % 2 === 1 ? sum : sum + Array.from(piece).reduce((part, each) => part + width(each), 0),
    0
  )
  if (total <= columns) return text
  let left = columns - 1
  let isCut = false
  return pieces
    .map((piece, index) => {
      // odd pieces are the marks between the texts
      if (index % 2 === 1) return piece
      if (isCut) return ""
      let kept = ""
      for (const character of piece) {
        left -= width(character)
        if (left < 0) {
          isCut = true
          return `${kept}…`
        }
        kept += character
      }
      return kept
    })
    .join("")
}
