"""What results of a check make of a container's health, as tables."""

import pytest

from pydock_lab.runtime.health import Health, HealthCheck, HealthResult, HealthState

CHECK = HealthCheck(command=("true",), interval=30, retries=2, start_period=5, start_interval=1)


def result(code: int) -> HealthResult:
    return HealthResult(start=1.0, end=2.0, exit_code=code, output=f"ended with {code}")


@pytest.mark.parametrize(
    ("codes", "starting", "status", "streak"),
    [
        ([], False, Health.STARTING, 0),
        ([0], False, Health.HEALTHY, 0),
        ([1], False, Health.STARTING, 1),
        ([1, 1], False, Health.UNHEALTHY, 2),
        ([-1, 1], False, Health.UNHEALTHY, 2),
        ([1, 1, 1, 0], False, Health.HEALTHY, 0),
        ([0, 1, 0, 1], False, Health.HEALTHY, 1),
        ([1, 1, 1], True, Health.STARTING, 0),
        ([0, 1, 1], True, Health.UNHEALTHY, 2),
    ],
)
def test_health(codes: list[int], starting: bool, status: Health, streak: int) -> None:  # noqa: FBT001 - a column
    state = HealthState()
    for code in codes:
        state = state.after(result(code), CHECK, in_start_period=starting)
    assert (state.status, state.failing_streak) == (status, streak)
    assert HealthState.from_json(state.to_json()) == state


def test_the_last_five_results_are_kept_and_long_output_is_cut() -> None:
    state = HealthState()
    for code in range(8):
        state = state.after(result(code), CHECK, in_start_period=False)
    assert [one.exit_code for one in state.log] == [3, 4, 5, 6, 7]
    long = HealthResult(start=0, end=0, exit_code=0, output="x" * 9999)
    assert len(state.after(long, CHECK, in_start_period=False).log[-1].output) == 4096


def test_the_check_is_asked_more_often_while_the_container_starts() -> None:
    assert HealthState().next_in(CHECK, in_start_period=True) == 1
    assert HealthState().next_in(CHECK, in_start_period=False) == 30
    assert HealthState(status=Health.HEALTHY).next_in(CHECK, in_start_period=True) == 30
