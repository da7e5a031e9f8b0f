"""Writes chats.json: ids and assistant masks of transformers for chats in two templates.

python makeChatGolden.py <tokenizer.json of stories260K> > chats.json

The mask is that of `apply_chat_template(return_assistant_tokens_mask=True)`, which follows the
`{% generation %}` marks of a template through the tokenizer's own offsets.
"""

import json
import re
import sys

import transformers
from transformers import PreTrainedTokenizerFast

# what stands between the marks is what the assistant says, the end of its turn included
TEMPLATES = {
    "zephyr": (
        "{% for m in messages %}{% if m.role == 'assistant' %}{{ '<|assistant|>\\n' }}"
        "{% generation %}{{ m.content + '</s>' }}{% endgeneration %}{{ '\\n' }}"
        "{% else %}{{ '<|' + m.role + '|>\\n' + m.content + '</s>\\n' }}{% endif %}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% endif %}"
    ),
    "llama2": (
        "{% for m in messages %}{% if m.role == 'user' %}{{ '<s>[INST] ' + m.content + ' [/INST]' }}"
        "{% elif m.role == 'assistant' %}"
        "{% generation %}{{ ' ' + m.content + '</s>' }}{% endgeneration %}"
        "{% else %}{{ raise_exception('no system messages') }}{% endif %}{% endfor %}"
    ),
}

CHATS = [
    [("user", "What is 2 + 2?"), ("assistant", "It is 4.")],
    [("user", "hi"), ("assistant", "hello, you"), ("user", "who?"), ("assistant", "You!")],
    [
        ("user", "naïve 日本 🙂?"),
        ("assistant", "日本語 — déjà vu\n\n- one\n- two"),
        ("user", "f(x)"),
        ("assistant", "def f(x):\n    return x * 9 + 1"),
        ("user", "ok"),
        ("assistant", "a"),
    ],
    [("system", "Be brief."), ("user", "Why?"), ("assistant", "Because.")],
]

tokenizer = PreTrainedTokenizerFast(tokenizer_file=sys.argv[1])
cases = []
for name, template in TEMPLATES.items():
    plain = re.sub(r"\{% (end)?generation %\}", "", template)
    for chat in CHATS:
        if name == "llama2" and chat[0][0] == "system":
            continue
        messages = [{"role": role, "content": content} for role, content in chat]
        encoded = tokenizer.apply_chat_template(
            messages,
            chat_template=template,
            tokenize=True,
            return_dict=True,
            return_assistant_tokens_mask=True,
        )
        cases.append(
            {
                "name": name,
                "template": plain,
                "messages": messages,
                "ids": encoded["input_ids"],
                "mask": encoded["assistant_masks"],
            }
        )
json.dump({"transformers": transformers.__version__, "cases": cases}, sys.stdout, ensure_ascii=False)
print()
