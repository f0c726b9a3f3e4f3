"""All that a container costs, each part in a process of its own; the last line is `run ratio=R`, of `start`."""

import subprocess
import sys

PARTS = ("network", "ps", "many", "exec", "whole", "rootless", "start")


def main() -> None:
    """Print the tables of all parts."""
    for part in PARTS:
        print(f"\n---- {part}", flush=True)
        # Some enter namespaces that no other part is to see. A peer that is missing is named, and the rest goes on.
        subprocess.run([sys.executable, "-m", "benchmarks", part], check=part == PARTS[-1])
