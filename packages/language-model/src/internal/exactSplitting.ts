/**
 * The JavaScript tokenizer library splits with JavaScript's own `\s` and `\d` in two places, the one
 * that models were trained with by Unicode's: a byte-order mark or an Arabic digit would become other
 * ids. Its `Split` is exact, so these two are written as one.
 */

const gpt2Words =
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"

const split = (pattern: string) => ({
  type: "Split",
  pattern: { Regex: pattern },
  behavior: "Isolated",
  invert: false
})

/** The `pre_tokenizer` of a `tokenizer.json`, said in another way. */
export const exactSplitting = (json: unknown): unknown => {
  if (typeof json !== "object" || json === null || !("type" in json)) return json
  if (json.type === "Sequence" && "pretokenizers" in json && Array.isArray(json.pretokenizers)) {
    return { ...json, pretokenizers: json.pretokenizers.map(exactSplitting) }
  }
  if (json.type === "Digits") {
    const alone = "individual_digits" in json && json.individual_digits === true
    return split(alone ? "\\p{N}" : "\\p{N}+")
  }
  const usesRegex = !("use_regex" in json) || json.use_regex !== false
  // the space that it may put first has to be there before the splitting
  const prefixes = "add_prefix_space" in json && json.add_prefix_space === true
  if (json.type === "ByteLevel" && usesRegex && !prefixes) {
    return { type: "Sequence", pretokenizers: [split(gpt2Words), { ...json, use_regex: false }] }
  }
  return json
}
