"""Sampling with transformers' generate: one static batch, left-padded, with its key-value cache."""

import time

from generation import SAMPLING, batch, load
from peer import serve


def prepare(job):
    generate, greedy = load(job)
    ids, mask = batch(job["prompts"])
    generate(ids, mask, 4, **SAMPLING)

    def run(request):
        start = time.perf_counter()
        out = generate(ids, mask, job["tokens"], **SAMPLING)
        return {"seconds": time.perf_counter() - start, "tokens": out.numel()}

    return {"greedy": greedy}, run


serve(prepare)
