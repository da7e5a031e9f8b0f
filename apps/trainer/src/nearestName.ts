/** Which name was probably meant. */

/** Edits (insert, delete, replace, swap of neighbours) that turn one text into the other. */
const editDistance = (left: string, right: string): number => {
  // three rows of the usual table: the swap looks two back
  let earlier: Array<number> = []
  let previous = Array.from({ length: right.length + 1 }, (_, column) => column)
  for (let row = 1; row <= left.length; row++) {
    const current = [row]
    for (let column = 1; column <= right.length; column++) {
      const same = left[row - 1] === right[column - 1]
      let best = Math.min(
        (previous[column - 1] ?? 0) + (same ? 0 : 1),
        (previous[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1
      )
      const swapped =
        row > 1 &&
        column > 1 &&
        left[row - 1] === right[column - 2] &&
        left[row - 2] === right[column - 1]
      if (swapped) best = Math.min(best, (earlier[column - 2] ?? 0) + 1)
      current.push(best)
    }
    earlier = previous
    previous = current
  }
  return previous[right.length] ?? 0
}

/** Letters only, so that `learning-rate`, `learning_rate` and `learningRate` are one word. */
const letters = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, "")

/** The candidate closest to `name`, or `undefined` when none is close enough to be meant. */
export const nearestName = (
  name: string,
  candidates: ReadonlyArray<string>
): string | undefined => {
  let nearest: string | undefined
  let least = Infinity
  for (const candidate of candidates) {
    const distance = editDistance(letters(name), letters(candidate))
    if (distance < least) {
      nearest = candidate
      least = distance
    }
  }
  return least <= Math.max(2, Math.floor(name.length / 3)) ? nearest : undefined
}
