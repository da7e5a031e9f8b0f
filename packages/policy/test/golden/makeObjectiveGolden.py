"""Writes objectives.json: losses and gradients by TRL's own `GRPOTrainer._compute_loss`.

    python makeObjectiveGolden.py       (trl 1.16.0, torch 2.13.0)

The method of the installed package is called on a stub of the trainer whose "model" is a table of
log-probabilities and entropies, in float64; the gradient is torch's. What TRL computes before the loss
(the importance ratio of the sampler) is cut out of its source and run.
"""

import collections
import inspect
import json
import math
import pathlib
import textwrap
import types

import torch
import trl
from trl import GRPOTrainer

here = pathlib.Path(__file__).parent
torch.manual_seed(6)
rows, width = 4, 5
lengths = [5, 2, 3, 1]
mask = torch.tensor([[1.0 if t < n else 0.0 for t in range(width)] for n in lengths]).double()


def single(values):
    """Numbers that single precision has all digits of: a datum keeps its arrays in it."""
    return values.float().double()


def table(scale):
    return torch.randn(rows, width, dtype=torch.float64) * scale


logprobs = single(-1.5 + table(0.4))
sampled = single(logprobs + table(0.35))
proximal = single(logprobs + table(0.25))
reference = single(logprobs + table(0.3))
entropies = single(1.2 + table(0.3))
advantages = single(torch.tensor([1.3, -0.8, 0.4, -1.7]))


def cut(method, first, last):
    """The statements of `method` from the line that begins with `first` to the one before `last`."""
    lines = inspect.getsource(method).splitlines()
    starts = [line.strip() for line in lines]
    begin = next(i for i, line in enumerate(starts) if line.startswith(first))
    end = next(i for i, line in enumerate(starts) if i > begin and line.startswith(last))
    return textwrap.dedent("\n".join(lines[begin:end]))


ratio_of_sampler = cut(
    GRPOTrainer._generate_and_score_completions,
    "per_token_logps_diff =",
    "# Compute the per-token log probabilities for the reference model",
)


class Accelerator:
    num_processes = 1
    sync_gradients = False

    def gather(self, value):
        return value

    def reduce(self, value, reduction):
        return value


def importance(correction):
    scope = {
        "torch": torch,
        "math": math,
        "mask": mask,
        "old_per_token_logps": proximal,
        "sampling_per_token_logps": sampled,
        "self": types.SimpleNamespace(
            vllm_importance_sampling_mode=f"{correction['level']}_{correction['mode']}",
            vllm_importance_sampling_clip_min=correction.get("min"),
            vllm_importance_sampling_clip_max=correction["max"],
        ),
    }
    exec(ratio_of_sampler, scope)
    return scope["vllm_importance_sampling_ratio"]


def loss_of(objective):
    surrogate, kl = objective["surrogate"], objective.get("kl")
    correction = objective.get("correction")
    kind = surrogate["_tag"]
    aggregation = objective["aggregation"]
    loss_type = "cispo" if kind == "Cispo" else {
        "TokenMean": "dapo",
        "SequenceMean": "grpo",
        "Constant": "dr_grpo",
    }[aggregation["_tag"]]
    current = logprobs.clone().requires_grad_()
    spread = entropies.clone().requires_grad_()
    bound = 1 + surrogate["high"] if kind == "Cispo" else surrogate["high"]
    trainer = types.SimpleNamespace(
        model=types.SimpleNamespace(training=False),
        accelerator=Accelerator(),
        args=types.SimpleNamespace(
            delta=surrogate.get("dual"),
            use_bias_correction_kl=False,
            steps_per_generation=1,
        ),
        aux_loss_enabled=False,
        top_entropy_quantile=1.0,
        off_policy_mask_threshold=None,
        importance_sampling_level="sequence" if kind == "SequenceClip" else "token",
        beta=0.0 if kl is None else kl["coefficient"],
        loss_type=loss_type,
        epsilon_low=surrogate.get("low", 0.2),
        epsilon_high=bound,
        use_vllm=correction is not None,
        vllm_importance_sampling_correction=correction is not None,
        max_completion_length=aggregation.get("length"),
        current_gradient_accumulation_steps=1,
        _entropy_bonus_enabled="entropy" in objective,
        use_adaptive_entropy=False,
        entropy_coef=objective.get("entropy", 0.0),
        _metrics={"eval": collections.defaultdict(list), "train": collections.defaultdict(list)},
        _get_per_token_logps_and_entropies=lambda *a, **k: (current, spread, None),
    )
    ids = torch.zeros(rows, width, dtype=torch.long)
    inputs = {
        "prompt_ids": ids[:, :1],
        "prompt_mask": torch.ones(rows, 1, dtype=torch.long),
        "completion_ids": ids,
        "completion_mask": mask,
        "advantages": advantages,
        "old_per_token_logps": sampled if correction is None else proximal,
        "ref_per_token_logps": reference,
        "num_items_in_batch": mask.sum(),
    }
    if correction is not None:
        inputs["importance_sampling_ratio"] = importance(correction)
    loss = GRPOTrainer._compute_loss(trainer, None, inputs)
    loss.backward()
    metrics = {name: values[0] for name, values in trainer._metrics["eval"].items()}
    return loss.item(), current.grad, spread.grad, metrics


clip = {"_tag": "Clip", "low": 0.2, "high": 0.28}
dual = {"_tag": "Clip", "low": 0.1, "high": 0.15, "dual": 1.3}
sequence = {"_tag": "SequenceClip", "low": 0.05, "high": 0.08}
cispo = {"_tag": "Cispo", "high": 0.15}
means = [{"_tag": "TokenMean"}, {"_tag": "SequenceMean"}, {"_tag": "Constant", "length": 8}]
objectives = [{"surrogate": s, "aggregation": a} for s in (clip, dual, sequence) for a in means]
objectives.append({"surrogate": cispo, "aggregation": means[0]})
kl = {"estimator": "k3", "coefficient": 0.1, "against": "reference"}
objectives += [{"surrogate": clip, "aggregation": a, "kl": kl} for a in means]
objectives.append({"surrogate": clip, "aggregation": means[0], "entropy": 0.05})
for level in ("token", "sequence"):
    for mode in ("truncate", "mask"):
        for bounds in ({"max": 1.1}, {"max": 1.3, "min": 0.8}):
            correction = {"level": level, "mode": mode, **bounds}
            objectives.append({"surrogate": clip, "aggregation": means[1], "correction": correction})
objectives.append(
    {"surrogate": sequence, "aggregation": means[0], "kl": kl, "correction": correction}
)


def ragged(values):
    return [[values[i, t].item() for t in range(n)] for i, n in enumerate(lengths)]


cases = []
for objective in objectives:
    loss, gradient, entropy_gradient, metrics = loss_of(objective)
    case = {"objective": {"_tag": "PolicyOptimisation", **objective}, "loss": loss}
    case["gradient"] = ragged(gradient)
    if "entropy" in objective:
        case["entropyGradient"] = ragged(entropy_gradient)
    kept = ("clip_ratio/low_mean", "clip_ratio/high_mean", "kl", "entropy")
    case["metrics"] = {k: v for k, v in metrics.items() if k in kept}
    cases.append(case)

data = {
    "advantages": advantages.tolist(),
    **{
        name: ragged(values)
        for name, values in {
            "logprobs": logprobs,
            "sampled": sampled,
            "proximal": proximal,
            "reference": reference,
            "entropies": entropies,
        }.items()
    },
}
versions = {"trl": trl.__version__, "torch": torch.__version__}
text = json.dumps({"versions": versions, "data": data, "cases": cases})
(here / "objectives.json").write_text(text)
