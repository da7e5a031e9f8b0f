"""Opens a folder that writeCheckpoint made of a GGUF file, and the GGUF file, with transformers, and
compares ids, dialogues, logits and generation settings. Writes the SHA-256 of the folder's files, so
that a test can say that they are the ones that were compared.

    pip install transformers==5.23.0 torch gguf
    python checkWrittenFolder.py FOLDER FILE.gguf [OUT.json]
"""

import hashlib
import json
import pathlib
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

folder, gguf = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
ours = AutoTokenizer.from_pretrained(folder)
theirs = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
texts = [
    "Hello world, what's the answer?",
    " 12 + 345 = 357\n\n  e\u0301 中文 🙂",
    "<|im_start|>user\nhi<|im_end|>\n",
    "def add(a, b):\n    return a + b\n",
]
for text in texts:
    assert ours(text, add_special_tokens=False).input_ids == theirs(text, add_special_tokens=False).input_ids, text
    print(ours(text).input_ids == theirs(text).input_ids, "with special tokens")
    ids = ours(text, add_special_tokens=False).input_ids
    assert ours.decode(ids) == theirs.decode(ids), text
chat = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "12"}, {"role": "user", "content": "?"}]
rendered = [t.apply_chat_template(chat, add_generation_prompt=True, tokenize=False) for t in (ours, theirs)]
assert rendered[0] == rendered[1], rendered
assert (ours.bos_token_id, ours.eos_token_id) == (theirs.bos_token_id, theirs.eos_token_id)

ids = torch.tensor([ours(texts[0], add_special_tokens=False).input_ids])
with torch.no_grad():
    left = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)(ids).logits
    right = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32)(ids).logits
worst = (left.log_softmax(-1) - right.log_softmax(-1)).abs().max().item()
print("log-probabilities differ by", worst)
assert worst < 1e-4
print(GenerationConfig.from_pretrained(folder).to_diff_dict())
if len(sys.argv) > 3:
    hashes = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.iterdir())}
    pathlib.Path(sys.argv[3]).write_text(json.dumps(hashes, indent=2) + "\n")
