"""Restart policies: the rules, as tables."""

import pytest

from pydock_lab.runtime.restart import RestartKind, RestartPolicy, pause

NO = RestartPolicy()
TWICE = RestartPolicy(kind=RestartKind.ON_FAILURE, maximum=2)
ON_FAILURE = RestartPolicy(kind=RestartKind.ON_FAILURE)
ALWAYS = RestartPolicy(kind=RestartKind.ALWAYS)
UNLESS = RestartPolicy(kind=RestartKind.UNLESS_STOPPED)


@pytest.mark.parametrize(
    ("policy", "code", "count", "by_hand", "again"),
    [
        (NO, 1, 0, False, False),
        (ON_FAILURE, 0, 0, False, False),
        (ON_FAILURE, 1, 99, False, True),
        (TWICE, 1, 1, False, True),
        (TWICE, 1, 2, False, False),
        (ALWAYS, 0, 99, False, True),
        (ALWAYS, 0, 0, True, False),
        (UNLESS, 137, 3, False, True),
        (UNLESS, 0, 0, True, False),
    ],
)
def test_who_is_started_again(policy: RestartPolicy, code: int, count: int, by_hand: bool, again: bool) -> None:  # noqa: FBT001 - a column
    assert policy.wants_again(code, count, by_hand=by_hand) is again


@pytest.mark.parametrize(
    ("policy", "by_hand", "again"),
    [
        (NO, False, False),
        (ON_FAILURE, False, False),
        (ALWAYS, False, True),
        (ALWAYS, True, True),
        (UNLESS, False, True),
        (UNLESS, True, False),
    ],
)
def test_who_comes_back_after_a_crash(policy: RestartPolicy, by_hand: bool, again: bool) -> None:  # noqa: FBT001 - a column
    assert policy.survives_engine(by_hand=by_hand) is again


def test_pauses_double_up_to_a_minute_and_begin_anew_after_a_long_run() -> None:
    pauses = [0.0]
    for _ in range(12):
        pauses.append(pause(pauses[-1], ran=0.5))
    assert pauses[1:5] == [0.1, 0.2, 0.4, 0.8]
    assert pauses[-1] == 60.0
    assert pause(30.0, ran=10.0) == 0.1


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("", RestartPolicy()),
        ("no", RestartPolicy()),
        ("always", RestartPolicy(kind=RestartKind.ALWAYS)),
        ("on-failure:3", RestartPolicy(kind=RestartKind.ON_FAILURE, maximum=3)),
        ("unless-stopped", RestartPolicy(kind=RestartKind.UNLESS_STOPPED)),
    ],
)
def test_policies_as_people_write_them(text: str, policy: RestartPolicy) -> None:
    assert RestartPolicy.parse(text) == policy
