"""Writes a tiny model, adapters of it by PEFT, and what PEFT merges each of them into.

    python makeLoraGolden.py       (torch 2.13, transformers 5.23, peft 0.21.2)
"""

import pathlib
import shutil

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, Qwen3Config, Qwen3ForCausalLM

here = pathlib.Path(__file__).parent
torch.manual_seed(5)

base = here / "base"
model = Qwen3ForCausalLM(
    Qwen3Config(
        vocab_size=12,
        hidden_size=8,
        intermediate_size=10,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=4,
        max_position_embeddings=32,
        tie_word_embeddings=False,
    )
)
model.save_pretrained(base)

adapters = {
    "patterns": LoraConfig(
        r=2,
        lora_alpha=3,
        lora_dropout=0.1,
        use_rslora=True,
        target_modules=["q_proj", "mlp.up_proj", "model.layers.1.mlp.down_proj", "absent"],
        rank_pattern={"layers.1.*q_proj": 3},
        alpha_pattern={"up_proj": 5},
    ),
    "expression": LoraConfig(
        r=2, lora_alpha=4, target_modules=r".*\.[01]\.self_attn\.(k|o)_proj|lm_head"
    ),
    "layers": LoraConfig(
        r=1,
        lora_alpha=2,
        target_modules=["v_proj", "gate_proj", "up_proj"],
        exclude_modules=["up_proj"],
        layers_to_transform=[1],
    ),
    "linear": LoraConfig(r=2, lora_alpha=4, target_modules="all-linear"),
}

for name, config in adapters.items():
    config.task_type = "CAUSAL_LM"
    adapted = get_peft_model(AutoModelForCausalLM.from_pretrained(base), config)
    for key, parameter in adapted.named_parameters():
        if "lora_B" in key:
            torch.nn.init.normal_(parameter, std=0.3)
    folder = here / name
    shutil.rmtree(folder, ignore_errors=True)
    # without copies of base weights
    adapted.save_pretrained(folder, save_embedding_layers=False)
    (folder / "README.md").unlink()
    config_file = folder / "adapter_config.json"
    config_file.write_text(config_file.read_text().replace(str(base), "base"))
    merged = adapted.merge_and_unload()
    merged.save_pretrained(folder / "merged")
    for other in ["config.json", "generation_config.json"]:
        (folder / "merged" / other).unlink(missing_ok=True)
