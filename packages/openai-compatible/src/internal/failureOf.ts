/** What a server's refusal means. */
import * as ChatError from "../ChatError.ts"
import type { HeaderValues } from "../RateLimitHeaders.ts"
import { exhaustedMillis, retryAfterMillis } from "../RateLimitHeaders.ts"
import type { AttemptFailure } from "./AttemptFailure.ts"
import type { ServerWords } from "./serverWords.ts"

/** What was asked, for the sentence. */
export interface Asked {
  readonly url: string
  readonly model: string | undefined
  readonly hasKey: boolean
}

const overflowCodes = new Set(["context_length_exceeded", "exceed_context_size_error"])

// OpenAI and vLLM: "maximum context length is 4096 tokens"; llama.cpp: "exceeds the available
// context size"; Ollama: "exceeds the context length"; SGLang: "longer than the model's context
// length"; LM Studio: "loaded with context length of only 4096"; vLLM: "longer than the maximum
// model length"; TGI: "`inputs` tokens + `max_new_tokens` must be <= 4096"; Anthropic: "prompt is
// too long", "exceed context limit"; Google: "input token count exceeds the maximum"
const overflow = [
  /context (length|size|window|limit)\b.{0,80}(exceed|overflow|too|only|\d)/i,
  /(exceed|longer than|larger than|greater than|overflow).{0,80}\b(context|model length|sequence length)/i,
  /maximum (context|model|sequence) length/i,
  /too (long|large).{0,60}\b(context|model)/i,
  /prompt is too long/i,
  /input (length|token count).{0,40}exceeds/i,
  /tokens.{0,4} \+ .{0,40}must be <=/i,
  /reduce the length of the (messages|prompt|input)/i
]

const limits = [
  /(?:maximum )?(?:context|model|sequence) (?:length|size|window|limit)\D{0,24}?(\d[\d,]*)/i,
  /(?:<=|> ?)\s*(\d[\d,]*)/,
  /(\d[\d,]*) maximum/i
]

const limitIn = (text: string) => {
  for (const pattern of limits) {
    const found = pattern.exec(text)?.[1]
    if (found !== undefined) return { limit: Number(found.replaceAll(",", "")) }
  }
  return {}
}

const isOverflow = (words: ServerWords) =>
  words.codes.some((code) => overflowCodes.has(code)) ||
  overflow.some((pattern) => pattern.test(words.text))

const missingModel = (words: ServerWords) =>
  words.codes.includes("model_not_found") ||
  (/\bmodel/i.test(words.text) &&
    /not found|does(n't| not) exist|not exist|unknown model|no such|not loaded|not available/i.test(
      words.text
    ))

/** `: "what the server said"`, or nothing where it said nothing. */
const saying = (words: ServerWords) => (words.text === "" ? "" : `: ${JSON.stringify(words.text)}`)

/** The failure that a status, the words of the body and the headers stand for. */
export const failureOf = (
  asked: Asked,
  status: number,
  words: ServerWords,
  headers: HeaderValues,
  now: number
): AttemptFailure => {
  const { model = "", url } = asked
  const said = saying(words)
  if (status === 401 || status === 403) {
    const reason = asked.hasKey
      ? `${url} refuses the key with status ${status}${said}; check that OPENAI_API_KEY, or the key that is given, is of this server and may use ${model || "it"}.`
      : `${url} wants a key and got none (status ${status})${said}; set OPENAI_API_KEY.`
    return { error: new ChatError.WrongKey({ url, reason }), again: "never" }
  }
  if (isOverflow(words)) {
    const reason = `The conversation is longer than ${model} at ${url} can read${said}; make it shorter, or ask for fewer tokens.`
    const error = new ChatError.ContextOverflow({ url, model, reason, ...limitIn(words.text) })
    return { error, again: "never" }
  }
  if ((status === 404 || status === 400 || status === 422) && missingModel(words)) {
    const reason = `${url} has no model ${JSON.stringify(model)}${said}; choose one that the server lists under /models.`
    return { error: new ChatError.NoSuchModel({ url, model, reason }), again: "never" }
  }
  if (status === 404 || status === 405) {
    const reason = `Nothing answers at ${url} (status ${status})${said}; check the base URL, which usually ends in /v1.`
    return { error: new ChatError.RequestRefused({ url, status, reason }), again: "never" }
  }
  if (status === 429) {
    if (
      words.codes.includes("insufficient_quota") ||
      /\bquota\b.*\b(exceeded|used up)/i.test(words.text)
    ) {
      const reason = `The quota of the key at ${url} is used up${said}; raise it, or use another key.`
      return {
        error: new ChatError.RateLimited({ url, waitedMillis: 0, reason }),
        again: "never"
      }
    }
    const afterMillis =
      retryAfterMillis(headers, now) ?? (exhaustedMillis(headers, now) || undefined)
    const reason = `${url} limits the rate of requests${said}; lower concurrency or requestsPerMinute, or raise patience.`
    return {
      error: new ChatError.RateLimited({ url, waitedMillis: 0, reason }),
      again: "limited",
      afterMillis
    }
  }
  if (status >= 500 || status === 408 || status === 409) {
    const reason = `${url} failed with status ${status}${said}; look at the server's log, or try again later.`
    return {
      error: new ChatError.ServerFault({ url, status, reason }),
      // 501 and 505 do not pass
      again: status === 501 || status === 505 ? "never" : "later",
      afterMillis: retryAfterMillis(headers, now)
    }
  }
  const reason = `${url} refuses the request with status ${status}${said}; change what it names.`
  return { error: new ChatError.RequestRefused({ url, status, reason }), again: "never" }
}
