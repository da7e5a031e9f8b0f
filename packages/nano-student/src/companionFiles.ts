/** The files beside the weights: tokenizer, chat template and generation settings. */
import { controlTokens, endOfTurn, vocabulary } from "./Vocabulary.ts"

/**
 * `<T> statement <S> utterance <end> <T> reply <S> …`: the teacher is the user, the student the
 * assistant.
 */
export const chatTemplate = [
  "{% for message in messages %}",
  "{% if message['role'] == 'user' %}{{ '<T> ' + message['content'] + ' ' }}",
  "{% else %}{{ '<S> ' + message['content'] + ' <end> ' }}{% endif %}",
  "{% endfor %}",
  "{% if add_generation_prompt %}{{ '<S> ' }}{% endif %}"
].join("")

const id = (token: string): number => vocabulary.indexOf(token)

const tokenizer = {
  version: "1.0",
  truncation: null,
  padding: null,
  added_tokens: controlTokens.map((content) => ({
    id: id(content),
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true
  })),
  normalizer: null,
  pre_tokenizer: { type: "WhitespaceSplit" },
  post_processor: null,
  decoder: null,
  model: {
    type: "WordLevel",
    vocab: Object.fromEntries(vocabulary.map((word, index) => [word, index])),
    unk_token: "<unk>"
  }
}

/** Longest dialogue in tokens. */
export const contextLength = 512

const tokenizerConfig = {
  tokenizer_class: "PreTrainedTokenizerFast",
  pad_token: "<pad>",
  unk_token: "<unk>",
  eos_token: endOfTurn,
  clean_up_tokenization_spaces: false,
  model_max_length: contextLength,
  chat_template: chatTemplate
}

const generationConfig = {
  eos_token_id: id(endOfTurn),
  pad_token_id: id("<pad>"),
  do_sample: true,
  temperature: 1
}

const text = (json: unknown): string => `${JSON.stringify(json, null, 2)}\n`

/** Name and contents of each file. */
export const companionFiles: Readonly<Record<string, string>> = {
  "tokenizer.json": text(tokenizer),
  "tokenizer_config.json": text(tokenizerConfig),
  "generation_config.json": text(generationConfig)
}
