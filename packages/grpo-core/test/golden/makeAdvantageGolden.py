"""Writes advantages.json: advantages by TRL's own statements and by exact rational arithmetic.

    python makeAdvantageGolden.py       (trl 1.16.0, torch 2.13.0)

GroupStd, MeanCentred, BatchStd and LeaveOneOut are what the source of TRL's trainers computes: the
statements are cut out of the installed package and run on float64 tensors (its `nanstd` takes
n / (n − 1) in float32, so what it divides is good to 7 digits: `digits`). MeanNormalised (MaxRL) and
ReinforcePlusPlus are not in that release; they are computed from the papers' formulas in rational
arithmetic, with the square root to 50 digits.
"""

import decimal
import fractions
import inspect
import json
import pathlib
import textwrap

import torch
import trl
from trl import GRPOTrainer, RLOOTrainer
from trl.trainer.utils import nanstd

here = pathlib.Path(__file__).parent
decimal.getcontext().prec = 50
size = 4


def cut(method, first, last):
    """The statements of `method` from the line that begins with `first` to the one before `last`."""
    lines = inspect.getsource(method).splitlines()
    starts = [line.strip() for line in lines]
    begin = next(i for i, line in enumerate(starts) if line.startswith(first))
    end = next(i for i, line in enumerate(starts) if i > begin and line.startswith(last))
    return textwrap.dedent("\n".join(lines[begin:end]))


class Stub:
    def __init__(self, **attributes):
        self.__dict__.update(attributes)


def run(statements, rewards, **attributes):
    scope = {
        "torch": torch,
        "nanstd": nanstd,
        "rewards": torch.tensor(rewards, dtype=torch.float64),
        "num_generations": size,
        "self": Stub(**attributes),
    }
    exec(statements, scope)
    return scope["advantages"].tolist()


grpo = cut(
    GRPOTrainer._generate_and_score_completions, "mean_grouped_rewards =", "is_std_zero ="
)
rloo = cut(
    RLOOTrainer._generate_and_score_completions, "grouped_rewards =", "# Normalize advantages"
)


def exact(rewards):
    return [fractions.Fraction(x) for x in rewards]


def mean(values):
    return sum(values) / len(values)


def std(values, sample):
    centre = mean(values)
    square = sum((x - centre) ** 2 for x in values) / (len(values) - (1 if sample else 0))
    return fractions.Fraction(
        (decimal.Decimal(square.numerator) / decimal.Decimal(square.denominator)).sqrt()
    )


def groups(values):
    return [values[i : i + size] for i in range(0, len(values), size)]


def mean_normalised(rewards, epsilon):
    result = []
    for group in groups(exact(rewards)):
        centre = mean(group)
        result += [float((x - centre) / (centre + fractions.Fraction(epsilon))) for x in group]
    return result


def reinforce(rewards, epsilon, sample, grouped):
    values = exact(rewards)
    if grouped:
        values = [x - mean(group) for group in groups(values) for x in group]
    below = std(values, sample) + fractions.Fraction(epsilon)
    return [float((x - mean(values)) / below) for x in values]


binary = [1, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1, 0]
discounted = [1, 0.7, 0, 0, 0.49, 0.343, 0, 0, 1, 1, 1, 0]
spread = [0.125, 12.5, 3, 0.25, 100, 101, 99.5, 100.25, 2e-3, 1e-3, 5e-3, 4e-3]
# TRL's epsilon
trl_epsilon = 1e-4
sample_std = {"epsilon": trl_epsilon, "std": "sample"}
cases = []
for rewards in (binary, discounted, spread):
    forms = [
        ({"_tag": "GroupStd", **sample_std}, run(grpo, rewards, scale_rewards="group")),
        ({"_tag": "MeanCentred"}, run(grpo, rewards, scale_rewards="none")),
        ({"_tag": "BatchStd", **sample_std}, run(grpo, rewards, scale_rewards="batch")),
        ({"_tag": "LeaveOneOut"}, run(rloo, rewards)),
        ({"_tag": "MeanNormalised", "epsilon": 1e-6}, mean_normalised(rewards, 1e-6)),
    ]
    for grouped in (False, True):
        for sample in (False, True):
            form = {
                "_tag": "ReinforcePlusPlus",
                "epsilon": 1e-8,
                "std": "sample" if sample else "population",
                "baseline": "group" if grouped else "batch",
            }
            forms.append((form, reinforce(rewards, 1e-8, sample, grouped)))
    for form, advantages in forms:
        digits = 7 if form["_tag"] in ("GroupStd", "BatchStd") else 12
        case = {"form": form, "digits": digits, "returns": groups(rewards)}
        cases.append({**case, "advantages": groups(advantages)})

versions = {"trl": trl.__version__, "torch": torch.__version__}
(here / "advantages.json").write_text(json.dumps({"versions": versions, "cases": cases}))
