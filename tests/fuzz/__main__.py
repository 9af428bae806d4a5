"""Fuzzing with coverage: ``python -m tests.fuzz [--seconds N] [TARGET...]``, each target in a process of its own.

Needs atheris, which ``make fuzz`` installs. What is found is kept in ``build/fuzz/TARGET``, so that the next
run goes on from there; an input that breaks a promise is written to ``build/fuzz/TARGET-crash-...``.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path

FOLDER = Path("build/fuzz")
_MAX_INPUT_BYTES = 1 << 18
_MAX_MEMORY_MB = 3072
_MAX_RUN_S = 20


def fuzz(target: str, seconds: int) -> None:
    """Run one target in this process; libFuzzer ends it."""
    import atheris

    with atheris.instrument_imports(include=["ingestd", "PIL", "yaml"]):
        from tests.support import hostile

    corpus = FOLDER / target
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(hostile.seeds(target)):
        (corpus / f"seed-{number}").write_bytes(seed)
    options = {
        "max_total_time": seconds,
        "max_len": _MAX_INPUT_BYTES,
        "rss_limit_mb": _MAX_MEMORY_MB,
        "timeout": _MAX_RUN_S,
        "artifact_prefix": f"{FOLDER}/{target}-",
        "print_final_stats": 1,
        "verbosity": 1,
    }
    atheris.Setup(
        ["fuzz", *(f"-{name}={value}" for name, value in options.items()), str(corpus)], hostile.TARGETS[target]
    )
    atheris.Fuzz()


def main() -> int:
    """Run the targets one after the other and print one line for each."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=int, default=300, help="for all targets together")
    arguments.add_argument("--one", metavar="TARGET", help=argparse.SUPPRESS)
    arguments.add_argument("targets", nargs="*", metavar="TARGET", help="of tests/support/hostile.py; default: all")
    given = arguments.parse_args()
    if given.one:  # before anything is imported that is to be instrumented
        fuzz(given.one, given.seconds)
        return 0
    from tests.support.hostile import TARGETS

    targets = given.targets or list(TARGETS)
    failed = []
    for target in targets:
        share = max(1, given.seconds // len(targets))
        command = [sys.executable, "-m", "tests.fuzz", "--one", target, "--seconds", str(share)]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        runs = re.search(r"number_of_executed_units:\s*(\d+)", done.stdout)
        peak = re.search(r"peak_rss_mb:\s*(\d+)", done.stdout)
        print(
            f"{target:10} {runs[1] if runs else '?':>9} runs  {peak[1] if peak else '?':>5} MiB  exit {done.returncode}"
        )
        if done.returncode:
            failed.append(target)
            print(done.stdout[-3000:])
    print(
        f"{len(targets)} targets, {len(failed)} failed"
        + (f": {', '.join(failed)}; inputs in {FOLDER}" if failed else "")
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
