"""Writes model.gguf, a random Llama of the vocabulary of tokenizer-llama-bpe.gguf with a chat template.

    pip install gguf==0.19.0
    python makeGgufModel.py
"""

import pathlib

import numpy as np
from gguf import GGUFReader, GGUFWriter

here = pathlib.Path(__file__).parent
fields = GGUFReader(here / "tokenizer-llama-bpe.gguf").fields
tokens = fields["tokenizer.ggml.tokens"].contents()
width, inner, heads, shared, head = 16, 24, 4, 2, 4
draw = np.random.default_rng(11)

writer = GGUFWriter(here / "model.gguf", "llama")
writer.add_context_length(64)
writer.add_embedding_length(width)
writer.add_block_count(1)
writer.add_feed_forward_length(inner)
writer.add_head_count(heads)
writer.add_head_count_kv(shared)
writer.add_layer_norm_rms_eps(1e-5)
writer.add_rope_freq_base(10000.0)
writer.add_rope_dimension_count(head)
writer.add_vocab_size(len(tokens))
writer.add_tokenizer_model("gpt2")
writer.add_tokenizer_pre("llama-bpe")
writer.add_token_list(tokens)
writer.add_token_types(fields["tokenizer.ggml.token_type"].contents())
writer.add_token_merges(fields["tokenizer.ggml.merges"].contents())
writer.add_bos_token_id(tokens.index("<|endoftext|>"))
writer.add_eos_token_id(tokens.index("<|endoftext|>"))
writer.add_eot_token_id(tokens.index("<|im_end|>"))
writer.add_add_bos_token(True)
writer.add_float32("general.sampling.temp", 0.7)
writer.add_int32("general.sampling.top_k", 20)
writer.add_float32("general.sampling.top_p", 0.8)
writer.add_chat_template(
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] "
    "+ '<|im_end|>' + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def weight(name, *shape):
    data = np.ones(shape) if len(shape) == 1 else draw.normal(0, 0.4, shape)
    # 16 bits: the file is committed
    writer.add_tensor(name, data.astype(np.float32 if len(shape) == 1 else np.float16))


weight("token_embd.weight", len(tokens), width)
weight("blk.0.attn_norm.weight", width)
weight("blk.0.attn_q.weight", heads * head, width)
weight("blk.0.attn_k.weight", shared * head, width)
weight("blk.0.attn_v.weight", shared * head, width)
weight("blk.0.attn_output.weight", width, heads * head)
weight("blk.0.ffn_norm.weight", width)
weight("blk.0.ffn_gate.weight", inner, width)
weight("blk.0.ffn_up.weight", inner, width)
weight("blk.0.ffn_down.weight", width, inner)
weight("output_norm.weight", width)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
