"""Writes schedules.json: learning rates of transformers' schedules with warm-up.

    python makeScheduleGolden.py       (torch 2.13, transformers 5.23)
"""

import json
import pathlib

import torch
from transformers import (
    get_constant_schedule_with_warmup,
    get_cosine_schedule_with_warmup,
    get_linear_schedule_with_warmup,
)

here = pathlib.Path(__file__).parent


def rates(make, total, **settings):
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimiser = torch.optim.SGD([parameter], lr=0.003)
    schedule = make(optimiser, **settings)
    seen = []
    # past the end their cosine rises again
    for _ in range(total + 1):
        seen.append(schedule.get_last_lr()[0])
        optimiser.step()
        schedule.step()
    return seen


cases = []
for warmup, total in [(0, 12), (1, 10), (5, 20), (10, 11)]:
    for tag, make in [
        ("Constant", get_constant_schedule_with_warmup),
        ("Linear", get_linear_schedule_with_warmup),
        ("Cosine", get_cosine_schedule_with_warmup),
    ]:
        settings = {"num_warmup_steps": warmup}
        if tag != "Constant":
            settings["num_training_steps"] = total
        cases.append(
            {
                "schedule": tag,
                "warmupSteps": warmup,
                "totalSteps": total,
                "rates": rates(make, total, **settings),
            }
        )
golden = {"learningRate": 0.003, "cases": cases}
(here / "schedules.json").write_text(json.dumps(golden) + "\n")
