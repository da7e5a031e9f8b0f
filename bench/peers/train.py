"""Training steps of a transformers checkpoint: cross entropy, gradient clipping, AdamW, f32, SDPA."""

import time

import torch
import torch.nn.functional as F
from peer import serve
from transformers import AutoModelForCausalLM


def prepare(job):
    torch.set_num_threads(job["threads"])
    model = AutoModelForCausalLM.from_pretrained(
        job["checkpoint"], dtype=torch.float32, attn_implementation="sdpa"
    )
    model.train()
    settings = job["optimiser"]
    # fused: the quickest of PyTorch's AdamW implementations on a CPU
    optimiser = torch.optim.AdamW(
        model.parameters(),
        lr=settings["learningRate"],
        betas=(settings["beta1"], settings["beta2"]),
        eps=settings["epsilon"],
        weight_decay=settings["weightDecay"],
        fused=True,
    )
    batches = []
    for task in job["tasks"]:
        tokens = torch.tensor(task["tokens"])
        targets = tokens[:, 1:].clone()
        # the loss ignores -100
        targets[torch.tensor(task["weights"]) == 0] = -100
        batches.append((tokens[:, :-1].contiguous(), targets.reshape(-1)))

    def loss_of(ids, targets):
        logits = model(input_ids=ids, use_cache=False).logits
        return F.cross_entropy(logits.view(-1, logits.shape[-1]), targets)

    if job["compile"]:
        loss_of = torch.compile(loss_of, dynamic=False)

    def gradient(task):
        loss = loss_of(*batches[task])
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(
            model.parameters(), settings["maxGradNorm"], foreach=True
        )
        return loss.detach(), norm

    def step(task):
        gradient(task)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)

    checks = []
    for task in range(len(batches)):
        loss, norm = gradient(task)
        optimiser.zero_grad(set_to_none=True)
        checks.append({"loss": float(loss), "gradNorm": float(norm)})
    for task in range(len(batches)):
        for _ in range(job["warmUp"]):
            step(task)

    def run(request):
        start = time.perf_counter()
        for _ in range(request["steps"]):
            step(request["task"])
        return {"seconds": time.perf_counter() - start}

    return {"checks": checks, "parameters": sum(p.numel() for p in model.parameters())}, run


serve(prepare)
