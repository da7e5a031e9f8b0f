/** What a GGUF file says of `generation_config.json`. */
import type { GgufValue } from "../Gguf.ts"

// names of llama.cpp and of transformers
const settings = [
  ["general.sampling.temp", "temperature"],
  ["general.sampling.top_k", "top_k"],
  ["general.sampling.top_p", "top_p"],
  ["general.sampling.min_p", "min_p"]
] as const

const ids = [
  ["tokenizer.ggml.bos_token_id", "bos_token_id"],
  ["tokenizer.ggml.padding_token_id", "pad_token_id"]
] as const

/** Values as they stand in the file, floats without the noise of their 32 bits. */
export const ggufGenerationConfig = (
  metadata: ReadonlyMap<string, GgufValue>
): Readonly<Record<string, unknown>> => {
  const ends = ["eos", "eot"].map((name) => metadata.get(`tokenizer.ggml.${name}_token_id`))
  const given = [...ids, ...settings].flatMap(([key, name]): Array<[string, unknown]> => {
    const value = metadata.get(key)
    if (value === undefined) return []
    return [[name, typeof value === "number" ? Number(value.toPrecision(7)) : value]]
  })
  return {
    ...Object.fromEntries(given),
    eos_token_id: [...new Set(ends.filter((id) => id !== undefined))],
    ...(settings.some(([key]) => metadata.has(key)) && { do_sample: true })
  }
}
