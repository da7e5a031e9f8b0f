"""Trains small vocabularies, writes each as a GGUF file without tensors, and the ids that the
library it was trained with gives for a list of texts (tokenizers 0.23 for byte-level BPE,
sentencepiece 0.2 for scores).

    pip install gguf tokenizers sentencepiece
    python makeGgufTokenizers.py
"""

import io
import json
import pathlib
import random

import sentencepiece
from gguf import GGUFWriter
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

here = pathlib.Path(__file__).parent
corpus = """
Once upon a time there was a little teacher who asked questions. "What's the answer?" she'd say.
I'm sure they're right; we've seen it, you'll see: it isn't hard, he'd said so 12 times.
def add(a, b):
    return a + b  # adds two numbers, 3.14 and 2718

for i in range(1000):
\tprint(i, i * i, "done" if i == 999 else "more")

Größe, naïve, façade, señor, Ångström. Привет, как дела? Хорошо, спасибо.
你好，世界。今天的天气很好。 こんにちは、世界。 안녕하세요 세계. مرحبا بالعالم ١٢٣. नमस्ते दुनिया.
The sum of 17 and 25 is 42. The product of 6 and 7 is 42. So find c = a + b where a = 3 and b = 8.
""" * 3
texts = [
    "",
    " ",
    "  ",
    "\n",
    "\n\n  \n",
    "\t\ttabs and   spaces   ",
    " Hello",
    "Hello",
    "Hello world, what's the answer?",
    "HE'S SURE THEY'RE RIGHT, WE'LL SEE",
    "1 12 123 1234 12345 3.14159 1,000,000",
    "def add(a, b):\n    return a + b\n\n\nprint(add(2, 3))\r\n",
    "Größe naïve façade",
    "e\u0301 decomposed, \u00e9 composed",
    "Привет, как дела?",
    "你好，世界。今天",
    "こんにちは 안녕하세요",
    "مرحبا ١٢٣ ½ ² Ⅷ",
    "🙂👩‍👩‍👧 emoji🏳️‍🌈",
    "a\u00a0b\u2003c\u0085d\ufeffe",
    "<|im_start|>user\nWhat is 2+2?<|im_end|>\n<|im_start|>assistant\n",
    "x<|im_end|>y <|im_end|> z",
    "<tool>call</tool> <tool> call",
    "<|im_end|><|im_end|>",
    "<s>not ours</s> <0x0A> ▁ Ġ",
    "\u0001\u007f\u0000 control",
    "ⓐⓑ ǅ ﬁ ﬀ",
]
words = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|%s"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
random.seed(1)
alphabet = list("ab c1 2\n\t'sé中🙂.,-_<>|") + ["<|im_end|>", " the", "\u00a0", "\u0301", "٣"]
texts += ["".join(random.choices(alphabet, k=random.randint(1, 24))) for _ in range(40)]

control = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
own = ["<tool>", "</tool>"]


def write(name, model, pre, tokens, types, keys):
    writer = GGUFWriter(here / f"{name}.gguf", "llama")
    writer.add_tokenizer_model(model)
    if pre:
        writer.add_tokenizer_pre(pre)
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    keys(writer)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def golden(name, encode, decode, origin):
    rows = [{"text": t, "ids": encode(t), "decoded": decode(encode(t))} for t in texts]
    (here / f"{name}.json").write_text(
        json.dumps({"origin": origin, "rows": rows}, ensure_ascii=True, indent=0) + "\n"
    )


def split(pattern):
    return [
        pre_tokenizers.Split(Regex(pattern), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ]


for name, steps, nfc in [
    ("gpt-2", [pre_tokenizers.ByteLevel(add_prefix_space=False)], False),
    ("smollm", [pre_tokenizers.Digits(True), pre_tokenizers.ByteLevel(add_prefix_space=False)], False),
    ("qwen2", split(words % r"\p{N}"), True),
    ("llama-bpe", split(words % r"\p{N}{1,3}"), False),
]:
    tokenizer = Tokenizer(models.BPE(ignore_merges=name == "llama-bpe"))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(steps)
    tokenizer.decoder = decoders.ByteLevel()
    if nfc:
        tokenizer.normalizer = normalizers.NFC()
    tokenizer.train_from_iterator(
        [corpus],
        trainers.BpeTrainer(
            vocab_size=460, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
        ),
    )
    tokenizer.add_special_tokens([AddedToken(t, normalized=False, special=True) for t in control])
    tokenizer.add_tokens([AddedToken(t, normalized=False) for t in own])
    trained = json.loads(tokenizer.to_str())
    size = tokenizer.get_vocab_size()
    # llama.cpp pads to the rows of the embedding
    tokens = [tokenizer.id_to_token(i) for i in range(size)] + [f"[PAD{size}]", f"[PAD{size + 1}]"]
    types = [3 if t in control else 4 if t in own else 1 for t in tokens[:size]] + [5, 5]

    def keys(writer):
        writer.add_token_merges([" ".join(merge) for merge in trained["model"]["merges"]])
        writer.add_bos_token_id(tokens.index("<|endoftext|>"))
        writer.add_eos_token_id(tokens.index("<|im_end|>"))

    write(f"tokenizer-{name}", "gpt2", name, tokens, types, keys)
    golden(
        f"tokenizer-{name}",
        lambda t: tokenizer.encode(t, add_special_tokens=False).ids,
        # special tokens left out, the others kept
        lambda ids: tokenizer.decode(ids, skip_special_tokens=True),
        "tokenizers",
    )

for name, prefix in [("spm", True), ("spm-bare", False)]:
    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(corpus.splitlines()),
        model_writer=out,
        model_type="bpe",
        vocab_size=560,
        byte_fallback=True,
        character_coverage=0.98,
        split_digits=True,
        add_dummy_prefix=prefix,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        user_defined_symbols=own,
        control_symbols=control,
        allow_whitespace_only_pieces=True,
        minloglevel=2,
    )
    pieces = sentencepiece.SentencePieceProcessor(model_proto=out.getvalue())
    size = pieces.get_piece_size()
    types = [
        2 if pieces.is_unknown(i)
        else 3 if pieces.is_control(i)
        else 4 if pieces.id_to_piece(i) in own
        else 5 if pieces.is_unused(i)
        else 6 if pieces.is_byte(i)
        else 1
        for i in range(size)
    ]

    def keys(writer):
        writer.add_token_scores([pieces.get_score(i) for i in range(size)])
        writer.add_bos_token_id(pieces.bos_id())
        writer.add_eos_token_id(pieces.eos_id())
        writer.add_unk_token_id(pieces.unk_id())
        writer.add_add_space_prefix(prefix)

    write(f"tokenizer-{name}", "llama", "default", [pieces.id_to_piece(i) for i in range(size)], types, keys)
    # sentencepiece never takes a control token out of a text, and puts no space behind one of its own
    held = texts
    # @huggingface/tokenizers 0.2 loses a byte-order mark that it puts together from bytes
    texts = [t for t in texts if "<" not in t and "\ufeff" not in t]
    golden(f"tokenizer-{name}", pieces.encode, pieces.decode, "sentencepiece")
    texts = held
