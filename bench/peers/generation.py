"""What sample.py and dialogue.py share: transformers' generate about one static batch, left-padded,
with its key-value cache."""

import torch
from transformers import AutoModelForCausalLM

# what both sides draw from: the model's own distribution
SAMPLING = {"do_sample": True, "temperature": 1.0, "top_k": 0, "top_p": 1.0}


def batch(prompts):
    """Ids and attention mask of prompts of unlike lengths."""
    width = max(len(prompt) for prompt in prompts)
    ids = torch.zeros(len(prompts), width, dtype=torch.long)
    mask = torch.zeros_like(ids)
    for row, prompt in enumerate(prompts):
        ids[row, width - len(prompt) :] = torch.tensor(prompt)
        mask[row, width - len(prompt) :] = 1
    return ids, mask


def load(job):
    """(generate, greedy): greedy continues the job's greedy prompts, to be compared with ours."""
    torch.set_num_threads(job["threads"])
    model = AutoModelForCausalLM.from_pretrained(
        job["checkpoint"], dtype=torch.float32, attn_implementation="sdpa"
    )
    model.eval()
    # what a folder says about sampling must not add work: only the temperature counts
    model.generation_config = type(model.generation_config)()

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
    return generate, greedy
