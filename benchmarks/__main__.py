"""`python -m benchmarks NAME`."""

import sys

from benchmarks import build, import_time, network, ps, run, traced

BENCHMARKS = {
    "run": run.main,
    "build": build.main,
    "import": import_time.main,
    "network": network.main,
    "ps": ps.main,
    "traced": traced.main,
}


def main() -> None:
    """Do the benchmark that the first word names."""
    if len(sys.argv) != 2 or sys.argv[1] not in BENCHMARKS:
        raise SystemExit(f"usage: python -m benchmarks {'|'.join(BENCHMARKS)}")
    BENCHMARKS[sys.argv[1]]()


main()
