/** A tokenizer and a chat template of the embedded student's kind, small enough to read. */
import { compileChatTemplate, makeChatTokenizer, makeTokenizer } from "@sml/language-model"
import * as Result from "effect/Result"

export const words = "find a b c = + - . ? 0 1 2 3 answer: wrong no what is".split(" ")

const all = ["<pad>", "<unk>", "<T>", "<S>", "<end>", ...words]

export const nanoTokenizerJson = {
  words: all,
  version: "1.0",
  truncation: null,
  padding: null,
  added_tokens: all.slice(0, 5).map((content, id) => ({ id, content, special: true })),
  normalizer: null,
  pre_tokenizer: { type: "WhitespaceSplit" },
  post_processor: null,
  decoder: null,
  model: {
    type: "WordLevel",
    vocab: Object.fromEntries(all.map((word, id) => [word, id])),
    unk_token: "<unk>"
  }
}

export const nanoTemplate =
  "{% for message in messages %}{% if message['role'] == 'user' %}{{ '<T> ' + message['content'] + ' ' }}{% else %}{{ '<S> ' + message['content'] + ' <end> ' }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<S> ' }}{% endif %}"

export const nanoChat = Result.getOrThrow(
  Result.flatMap(
    compileChatTemplate({ name: "chat_template.jinja", source: nanoTemplate }),
    (template) =>
      makeChatTokenizer(
        Result.getOrThrow(makeTokenizer(nanoTokenizerJson, {}, "tokenizer.json")),
        template
      )
  )
)
