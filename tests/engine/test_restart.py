"""Restart policies in Python: as on the command line."""

from typing import Any

import pytest

from pydock_lab.engine.face import Engine
from pydock_lab.errors import CommandError

BOX = "lab/busybox"


@pytest.mark.usefixtures("containers")
def test_a_policy_as_text(engine: Engine) -> None:
    engine.run(BOX, "sleep", "60", name="one", detach=True, restart="on-failure:3")
    policy: Any = engine.full.inspect_container("one")["HostConfig"]
    assert policy["RestartPolicy"] == {"Name": "on-failure", "MaximumRetryCount": 3}
    engine.container("one").remove(force=True)


@pytest.mark.parametrize("nonsense", ["sometimes", "always:3", None])
def test_none_that_there_is(engine: Engine, nonsense: Any) -> None:
    with pytest.raises(CommandError) as caught:
        engine.run(BOX, "true", restart=nonsense)
    assert caught.value.key == "runtime.bad-restart"
    assert str(nonsense) in caught.value.message("fr")
