"""Sampling with transformers' generate: one static batch, left-padded, with its key-value cache."""

import time

import torch
from peer import serve
from transformers import AutoModelForCausalLM


def prepare(job):
    torch.set_num_threads(job["threads"])
    model = AutoModelForCausalLM.from_pretrained(
        job["checkpoint"], dtype=torch.float32, attn_implementation="sdpa"
    )
    model.eval()
    # what a folder says about sampling must not add work: only the temperature counts
    model.generation_config = type(model.generation_config)()

    def batch(prompts):
        width = max(len(prompt) for prompt in prompts)
        ids = torch.zeros(len(prompts), width, dtype=torch.long)
        mask = torch.zeros_like(ids)
        for row, prompt in enumerate(prompts):
            ids[row, width - len(prompt) :] = torch.tensor(prompt)
            mask[row, width - len(prompt) :] = 1
        return ids, mask

    @torch.inference_mode()
    def generate(ids, mask, tokens, **sampling):
        # no end-of-sequence id: every row gets all of its tokens
        out = model.generate(
            input_ids=ids,
            attention_mask=mask,
            max_new_tokens=tokens,
            use_cache=True,
            eos_token_id=None,
            pad_token_id=0,
            **sampling,
        )
        return out[:, ids.shape[1] :]

    greedy = [
        generate(*batch([prompt]), job["greedyTokens"], do_sample=False)[0].tolist()
        for prompt in job["greedyPrompts"]
    ]
    ids, mask = batch(job["prompts"])
    sampling = {"do_sample": True, "temperature": 1.0, "top_k": 0, "top_p": 1.0}
    generate(ids, mask, 4, **sampling)

    def run(request):
        start = time.perf_counter()
        out = generate(ids, mask, job["tokens"], **sampling)
        return {"seconds": time.perf_counter() - start, "tokens": out.numel()}

    return {"greedy": greedy}, run


serve(prepare)
