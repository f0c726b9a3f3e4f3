"""What `import pydock_lab` costs: whole processes, over `python -c pass`."""

import statistics
import subprocess
import sys

from benchmarks.table import measure, show

ROUNDS = 40
ALLOWED_MS = 25.0


def main() -> None:
    """Print the table; the last line is `import ratio=R`, the cost divided by the 25 ms that are allowed."""

    def python(program: str) -> None:
        subprocess.run([sys.executable, "-c", program], check=True)

    times = measure(
        {"python -c pass": lambda: python("pass"), "import pydock_lab": lambda: python("import pydock_lab")}, ROUNDS
    )
    show(times)
    cost = statistics.median(times["import pydock_lab"]) - statistics.median(times["python -c pass"])
    print(f"over bare Python: {cost:.2f} ms")
    print(f"import ratio={cost / ALLOWED_MS:.3f}")
