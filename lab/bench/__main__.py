"""Readers side by side on clean and on spoilt pages: accuracy, seconds a page, memory. See lab/bench/README.md."""

from __future__ import annotations

from lab.bench.compare import main

if __name__ == "__main__":
    main()
