"""Writes the reference numbers of this folder.

    python makeGolden.py       (torch 2.13, transformers 5.23)

checkpoint/  a small random Llama (grouped queries, stretched rotary frequencies, a head size that is
             not hidden_size / heads, an intermediate size above 128), weights stored as F16, with
             log-probabilities, gradients and a greedy continuation computed in float64
"""

import json
import math
import pathlib

import torch
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM

here = pathlib.Path(__file__).parent
torch.manual_seed(20)


def rounded(values):
    return [float(f"{x:.10g}") for x in values]


def checkpoint():
    folder = here / "checkpoint"
    folder.mkdir(exist_ok=True)
    config = LlamaConfig(
        vocab_size=40,
        hidden_size=16,
        intermediate_size=144,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
        max_position_embeddings=96,
        rms_norm_eps=1e-5,
        tie_word_embeddings=False,
        bos_token_id=1,
        eos_token_id=2,
        rope_parameters={
            "rope_type": "llama3",
            "rope_theta": 10000.0,
            "factor": 8.0,
            "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
            "original_max_position_embeddings": 32,
        },
        attn_implementation="eager",
    )
    model = LlamaForCausalLM(config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() == 1:
                parameter.copy_(1 + 0.2 * torch.randn_like(parameter))
            else:
                parameter.copy_(0.9 / math.sqrt(parameter.shape[1]) * torch.randn_like(parameter))
            parameter.copy_(parameter.half().float())
    tensors = {name: p.detach().half().contiguous() for name, p in model.named_parameters()}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    keys = (
        "architectures model_type vocab_size hidden_size intermediate_size num_hidden_layers "
        "num_attention_heads num_key_value_heads head_dim max_position_embeddings hidden_act "
        "rms_norm_eps rope_parameters tie_word_embeddings attention_bias mlp_bias bos_token_id "
        "eos_token_id"
    ).split()
    raw = {**config.to_dict(), "architectures": ["LlamaForCausalLM"]}
    (folder / "config.json").write_text(json.dumps({k: raw[k] for k in keys}, indent=2) + "\n")

    model = model.double().eval()
    lengths = [24, 17, 9]
    ids = [torch.randint(3, 40, (n,)).tolist() for n in lengths]
    weights = [[0.0] * 4 + [1.0] * (n - 7) + [0.5] * 2 for n in lengths]
    loss = 0.0
    logprobs = []
    for row, weight in zip(ids, weights):
        tokens = torch.tensor([row])
        logits = model(tokens).logits[0, :-1]
        picked = torch.log_softmax(logits, -1).gather(1, tokens[0, 1:, None])[:, 0]
        logprobs.append(rounded(picked.tolist()))
        loss = loss - (torch.tensor(weight, dtype=torch.float64) * picked).sum()
    loss = loss / sum(map(sum, weights))
    loss.backward()
    golden = {
        "ids": ids,
        "weights": weights,
        "loss": loss.item(),
        "logprobs": logprobs,
        "grads": {
            name: {
                "norm": float(f"{p.grad.norm().item():.10g}"),
                "head": rounded(p.grad.flatten()[:6].tolist()),
            }
            for name, p in model.named_parameters()
        },
    }
    (folder / "golden_grad.json").write_text(json.dumps(golden) + "\n")

    stream = [1]
    margin = math.inf
    while len(stream) < 64:
        with torch.no_grad():
            logits = model(torch.tensor([stream])).logits[0, -1]
        best = torch.topk(logits, 2)
        margin = min(margin, (best.values[0] - best.values[1]).item())
        stream.append(best.indices[0].item())
    print("smallest greedy margin", margin)
    (folder / "golden_greedy.json").write_text(json.dumps({"ids": stream}) + "\n")


checkpoint()
