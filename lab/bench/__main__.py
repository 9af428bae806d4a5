"""Compare readers on clean and on spoilt pages: accuracy, seconds per page, memory. See lab/bench/README.md."""

from lab.bench.compare import main

if __name__ == "__main__":
    main()
