"""Readers side by side on clean and on spoilt pages: accuracy, seconds a page, memory. See benchmarks/README.md."""

from __future__ import annotations

from benchmarks.compare import main

if __name__ == "__main__":
    main()
