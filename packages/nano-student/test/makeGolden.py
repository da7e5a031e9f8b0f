"""Writes checkpoint/golden_grad.json and golden_greedy.json: what transformers makes of the committed
student, in float64. Run it after the checkpoint has changed:

    python test/makeGolden.py checkpoint     # needs torch, transformers and jinja2

The product and its tests never run this; they read the files that it wrote.
"""

import json
import sys

import torch
import transformers
from transformers import AutoModelForCausalLM, AutoTokenizer

folder = sys.argv[1]
tokenizer = AutoTokenizer.from_pretrained(folder)
model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float64)
model.eval()

dialogues = [
    ["a = 4 0 . b = 6 * 2 - 5 . c = a - b . find c .", "answer: 3 8",
     "wrong . the first digit is right . the second digit is too high .", "answer: 3 3"],
    ["write f ( x ) = x * k + m . f ( 1 ) = 1 0 . f ( 3 ) = 2 8 .", "x => x * 8 + 2",
     "not quite . f ( 3 ) should be 2 8 but gives 2 6 .", "what is k ?", "k is 9 .", "x => x * 9 + 1"],
]
texts, ids, weights = [], [], []
for turns in dialogues:
    messages = [{"role": "assistant" if i % 2 else "user", "content": t} for i, t in enumerate(turns)]
    text = tokenizer.apply_chat_template(messages, tokenize=False)
    row = tokenizer(text, add_special_tokens=False)["input_ids"]
    assert tokenizer.unk_token_id not in row
    assert row == list(tokenizer.apply_chat_template(messages, tokenize=True, return_dict=False))
    texts.append(text)
    ids.append(row)
    # the student's words and their <end>; the weight of a target stands at the token before it
    student = False
    weight = []
    for token in row:
        piece = tokenizer.convert_ids_to_tokens(token)
        weight.append(1.0 if student else 0.0)
        if piece == "<S>":
            student = True
        elif piece == "<end>":
            student = False
    weights.append(weight[1:])

logprobs, logits_last, loss, total = [], [], 0.0, sum(map(sum, weights))
for row, weight in zip(ids, weights):
    logits = model(torch.tensor([row])).logits[0]
    chosen = torch.log_softmax(logits[:-1], -1).gather(1, torch.tensor(row[1:])[:, None])[:, 0]
    loss = loss - (torch.tensor(weight, dtype=torch.float64) * chosen).sum() / total
    logprobs.append(chosen.tolist())
    logits_last.append(logits[-1].tolist())
loss.backward()

with open(f"{folder}/golden_grad.json", "w") as out:
    json.dump({
        "comment": "float64 reference. loss = -sum(w*logp(next))/sum(w); logprobs[b][t] is of ids[b][t+1]",
        "origin": f"transformers {transformers.__version__}, torch {torch.__version__}, test/makeGolden.py",
        "texts": texts,
        "ids": ids,
        "weights": weights,
        "loss": loss.item(),
        "logprobs": logprobs,
        "logits_last": logits_last,
        "grads": {
            name: {"norm": p.grad.norm().item(), "head": p.grad.flatten()[:8].tolist()}
            for name, p in model.named_parameters()
        },
    }, out)
    out.write("\n")

begin = tokenizer.convert_tokens_to_ids("<T>")
with torch.no_grad():
    stream = [begin]
    for _ in range(48):
        stream.append(model(torch.tensor([stream])).logits[0, -1].argmax().item())
with open(f"{folder}/golden_greedy.json", "w") as out:
    json.dump({"origin": "as golden_grad.json", "text": tokenizer.decode(stream), "ids": stream}, out)
    out.write("\n")
print("loss", loss.item(), tokenizer.decode(stream))
