"""Makes formats.gguf (one tensor of two rows per element type, written by llama.cpp's own Python
package) and formats.json, the weights that the package itself reads from it.

    pip install gguf==0.19.0
    python makeGgufFormats.py
"""

import json
from pathlib import Path

import gguf
import numpy as np
from gguf import GGMLQuantizationType as T

here = Path(__file__).parent
draw = np.random.default_rng(7)
file = str(here / "formats.gguf")
writer = gguf.GGUFWriter(file, "test")
writer.add_uint8("test.byte", 200)
writer.add_int32("test.negative", -5)
writer.add_uint64("test.wide", 2**60)
writer.add_bool("test.flag", True)
writer.add_float32("test.half", 0.5)
writer.add_array("test.words", ["a", "é", ""])
writer.add_array("test.numbers", [1, 2, 3])

for kind in ("F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q4_K", "Q5_K", "Q6_K"):
    block, size = gguf.GGML_QUANT_SIZES[T[kind]]
    if block == 256:
        # the package cannot write these: any bytes are weights, where the scales are finite halves
        data = draw.integers(0, 256, (2, size), dtype=np.uint8)
        scales = draw.uniform(-0.01, 0.01, (2, 2)).astype(np.float16).view(np.uint8)
        if kind == "Q6_K":
            data[:, -2:] = scales[:, :2]
        else:
            data[:, :4] = scales
    else:
        width = 64 if block == 32 else 5
        weights = draw.normal(size=(2, width)).astype(np.float32)
        data = gguf.quants.quantize(weights, T[kind])
    writer.add_tensor(kind, data, raw_dtype=T[kind])
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()

weights = {
    t.name: gguf.quants.dequantize(t.data, t.tensor_type).astype(np.float64).tolist()
    for t in gguf.GGUFReader(file).tensors
}
(here / "formats.json").write_text(json.dumps(weights) + "\n")
