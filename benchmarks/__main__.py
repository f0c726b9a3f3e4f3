"""`python -m benchmarks NAME`."""

import sys

from benchmarks import (
    build,
    execs,
    import_time,
    many,
    network,
    ps,
    registry,
    rootless,
    run,
    start,
    tags,
    traced,
    whole,
    widgets,
)

BENCHMARKS = {
    "run": run.main,
    "start": start.main,
    "exec": execs.main,
    "whole": whole.main,
    "rootless": rootless.main,
    "many": many.main,
    "build": build.main,
    "import": import_time.main,
    "network": network.main,
    "ps": ps.main,
    "registry": registry.main,
    "tags": tags.main,
    "traced": traced.main,
    "widgets": widgets.main,
}


def main() -> None:
    """Do the benchmark that the first word names."""
    if len(sys.argv) != 2 or sys.argv[1] not in BENCHMARKS:
        raise SystemExit(f"usage: python -m benchmarks {'|'.join(BENCHMARKS)}")
    BENCHMARKS[sys.argv[1]]()


main()
