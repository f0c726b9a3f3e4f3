"""Measured times as a table, and the one line that tells."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from time import perf_counter, sleep


def measure(actions: Mapping[str, Callable[[], object]], rounds: int, pause: float = 0) -> dict[str, list[float]]:
    """Milliseconds of each action, taken in turn (A B C A B C ...), so that a change of the machine's mood hits all.

    `pause`: seconds of rest before each, not measured, so that none pays for what the one before left behind.
    """
    times: dict[str, list[float]] = {name: [] for name in actions}
    for action in actions.values():
        action()  # the first one pays for what is made once
    for _ in range(rounds):
        for name, action in actions.items():
            sleep(pause)
            began = perf_counter()
            action()
            times[name].append((perf_counter() - began) * 1000)
    return times


def show(times: Mapping[str, Sequence[float]]) -> None:
    """Median, tenth and ninetieth percentile of each, in milliseconds."""
    width = max(map(len, times))
    print(f"{'':{width}}  {'median':>9} {'p10':>9} {'p90':>9}   ms, n={len(next(iter(times.values())))}")
    for name, values in times.items():
        ordered = sorted(values)
        p10, p90 = ordered[len(ordered) // 10], ordered[len(ordered) * 9 // 10]
        print(f"{name:{width}}  {statistics.median(values):9.2f} {p10:9.2f} {p90:9.2f}")


def ratio(name: str, ours: Sequence[float], theirs: Sequence[float]) -> None:
    """The last line: our median divided by theirs; below 1 is quicker."""
    print(f"{name} ratio={statistics.median(ours) / statistics.median(theirs):.3f}")
