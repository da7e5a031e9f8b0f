"""Writes adamw.json: three clipped steps of torch.optim.AdamW in float64.

    python makeGolden.py       (torch 2.13)
"""

import json
import pathlib

import torch

here = pathlib.Path(__file__).parent
torch.manual_seed(20)


def rounded(values):
    return [float(f"{x:.10g}") for x in values]


def adamw():
    weights = [torch.randn(5, dtype=torch.float64), torch.randn(3, dtype=torch.float64)]
    settings = {
        "learningRate": 0.01,
        "beta1": 0.9,
        "beta2": 0.95,
        "epsilon": 1e-8,
        "weightDecay": 0.1,
        "maxGradNorm": 1.5,
    }
    parameters = [torch.nn.Parameter(w.clone()) for w in weights]
    optimiser = torch.optim.AdamW(
        [
            {"params": parameters[:1], "weight_decay": settings["weightDecay"]},
            {"params": parameters[1:], "weight_decay": 0.0},
        ],
        lr=settings["learningRate"],
        betas=(settings["beta1"], settings["beta2"]),
        eps=settings["epsilon"],
    )
    steps = []
    for step in range(3):
        # the first gradient is below the bound, the others above
        for p in parameters:
            p.grad = torch.randn_like(p) * (0.1 if step == 0 else 2.0)
        gradients = [rounded(p.grad.tolist()) for p in parameters]
        norm = torch.sqrt(sum((p.grad**2).sum() for p in parameters)).item()
        if norm > settings["maxGradNorm"]:
            for p in parameters:
                p.grad *= settings["maxGradNorm"] / norm
        optimiser.step()
        steps.append(
            {
                "gradients": gradients,
                "norm": float(f"{norm:.10g}"),
                "weights": [rounded(p.tolist()) for p in parameters],
            }
        )
    golden = {
        "settings": settings,
        "decayed": [True, False],
        "weights": [rounded(w.tolist()) for w in weights],
        "steps": steps,
    }
    (here / "adamw.json").write_text(json.dumps(golden, indent=1) + "\n")


adamw()
