"""What every peer does: a job in, answers out, one JSON object per line on standard output.

The first line of standard input is the job; the answer says that the peer is ready. Every further
line asks for one timed repetition. What libraries print goes to standard error.
"""

import importlib.metadata
import json
import os
import sys
import traceback


def serve(prepare):
    """prepare(job) -> (answer, run); run(request) -> answer."""
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    def say(answer):
        out.write(json.dumps(answer) + "\n")

    job = json.loads(sys.stdin.readline())
    try:
        answer, run = prepare(job)
        say({"versions": versions(), **answer})
        for line in sys.stdin:
            say(run(json.loads(line)))
    except Exception as error:
        traceback.print_exc()
        text = " ".join(str(error).split())
        say({"error": f"{type(error).__name__}: {text[:300]}"})
    # threads of a trainer that waits for a step end with the process
    sys.stderr.flush()
    os._exit(0)


def versions():
    found = {"python": ".".join(str(part) for part in sys.version_info[:3])}
    for name in ("torch", "transformers", "trl"):
        if name in sys.modules:
            found[name] = sys.modules[name].__version__
    if "math_verify" in sys.modules:
        found["math-verify"] = importlib.metadata.version("math-verify")
    return found
