/** Merges of a SentencePiece vocabulary. */

// SentencePiece's own limit is 16 unless it is told another; nobody's is beyond this
const longest = 512

/**
 * SentencePiece joins the two neighbours whose union has the best score. As merges: each token that
 * two others make up, best score first, and of several makings of one token the one with the longer
 * left part first (the order of transformers' `generate_merges`). `undefined` when a token is
 * absurdly long.
 *
 * @param joinable which tokens are plain pieces; only these make up others and are made up.
 */
export const scoredMerges = (
  tokens: ReadonlyArray<string>,
  scores: ReadonlyArray<number>,
  joinable: ReadonlyArray<boolean>
): ReadonlyArray<readonly [string, string]> | undefined => {
  const scoreOf = new Map(
    tokens.flatMap((token, id): Array<[string, number]> =>
      joinable[id] === true ? [[token, scores[id] ?? 0]] : []
    )
  )
  const made: Array<{ readonly pair: readonly [string, string]; readonly score: number }> = []
  for (const [token, score] of scoreOf) {
    if (token.length > longest) return undefined
    for (let at = token.length - 1; at > 0; at--) {
      // not between the halves of a character
      if ((token.charCodeAt(at) & 0xfc00) === 0xdc00) continue
      const pair = [token.slice(0, at), token.slice(at)] as const
      if (scoreOf.has(pair[0]) && scoreOf.has(pair[1])) made.push({ pair, score })
    }
  }
  // stable: equal scores stay in the order of the tokens
  return made.toSorted((a, b) => b.score - a.score).map(({ pair }) => pair)
}
