"""Whole GRPO steps of TRL's GRPOTrainer: rollout of groups, reward, one update, f32 on the CPU.

Its quickest settings that do the same work: one batch a step, so that log-probabilities of the
sampling policy need no pass of their own; no reference model; no gradient checkpointing (TRL's
default is on); fused AdamW; transformers' generate with the dynamic cache.
"""

import queue
import tempfile
import threading
import time

import torch
from datasets import Dataset
from peer import serve
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, TrainerCallback
from trl import GRPOConfig, GRPOTrainer


def tokenizer_of(size):
    """A prompt is its ids in decimal: both sides see the same tokens."""
    words = Tokenizer(models.WordLevel({str(i): i for i in range(size)}, unk_token="0"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    # the trainer wants an end token; min_new_tokens keeps it from being drawn
    made = PreTrainedTokenizerFast(
        tokenizer_object=words, unk_token="0", pad_token="0", eos_token=str(size - 1)
    )
    made.padding_side = "left"
    return made


class Gate(TrainerCallback):
    """Lets one step through for every request and times it, generation included."""

    def __init__(self):
        self.requests, self.answers = queue.Queue(), queue.Queue()

    def on_step_begin(self, args, state, control, **_):
        self.requests.get()
        self.start = time.perf_counter()

    def on_step_end(self, args, state, control, **_):
        self.answers.put({"seconds": time.perf_counter() - self.start})


def prepare(job):
    torch.set_num_threads(job["threads"])
    lengths = []

    def reward(completion_ids, **_):
        lengths.extend(len(ids) for ids in completion_ids)
        return [float(sum(ids) % 2) for ids in completion_ids]

    settings = job["optimiser"]
    config = GRPOConfig(
        output_dir=tempfile.mkdtemp(prefix="sml-bench-trl-"),
        use_cpu=True,
        bf16=False,
        gradient_checkpointing=False,
        model_init_kwargs={"dtype": "float32", "attn_implementation": "sdpa"},
        per_device_train_batch_size=job["groupSize"] * len(job["prompts"]),
        gradient_accumulation_steps=1,
        num_iterations=1,
        num_generations=job["groupSize"],
        max_completion_length=job["tokens"],
        generation_kwargs={"min_new_tokens": job["tokens"], "max_new_tokens": job["tokens"]},
        temperature=1.0,
        top_k=0,
        beta=0.0,
        epsilon=0.2,
        loss_type="dapo",
        optim="adamw_torch_fused",
        learning_rate=settings["learningRate"],
        adam_beta1=settings["beta1"],
        adam_beta2=settings["beta2"],
        adam_epsilon=settings["epsilon"],
        weight_decay=settings["weightDecay"],
        max_grad_norm=settings["maxGradNorm"],
        lr_scheduler_type="constant",
        warmup_steps=0,
        max_steps=1_000_000,
        save_strategy="no",
        logging_strategy="no",
        report_to=[],
        disable_tqdm=True,
        shuffle_dataset=False,
    )
    gate = Gate()
    trainer = GRPOTrainer(
        model=job["checkpoint"],
        reward_funcs=reward,
        args=config,
        train_dataset=Dataset.from_dict(
            {"prompt": [" ".join(str(i) for i in prompt) for prompt in job["prompts"]]}
        ),
        processing_class=tokenizer_of(job["vocabularySize"]),
        callbacks=[gate],
    )

    def train():
        try:
            torch.set_num_threads(job["threads"])
            trainer.train()
            gate.answers.put({"error": "training ended"})
        except Exception as error:
            gate.answers.put({"error": f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"})

    threading.Thread(target=train, daemon=True).start()

    def run(_):
        lengths.clear()
        gate.requests.put(None)
        answer = gate.answers.get()
        if "error" not in answer and set(lengths) != {job["tokens"]}:
            return {"error": f"completions of {sorted(set(lengths))} tokens"}
        return {**answer, "completions": len(lengths)}

    # the first step allocates the optimiser's state
    warm = run(None)
    return warm, run


serve(prepare)
