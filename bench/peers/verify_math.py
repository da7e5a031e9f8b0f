"""Short answers judged by Math-Verify, one after the other."""

import time

from math_verify import parse, verify
from peer import serve


def prepare(job):
    pairs = job["pairs"]

    def judge(pair):
        # the same reading that its own grader does: a reference in LaTeX, a boxed prediction
        gold = parse("$" + pair["gold"] + "$", parsing_timeout=None)
        return bool(verify(gold, parse(pair["text"], parsing_timeout=None), timeout_seconds=None))

    disagreements = sum(judge(pair) != pair["equal"] for pair in pairs[:200])

    def run(request):
        some = pairs[:500]
        start = time.perf_counter()
        for pair in some:
            judge(pair)
        return {"rate": len(some) / (time.perf_counter() - start)}

    return {"disagreements": disagreements}, run


serve(prepare)
