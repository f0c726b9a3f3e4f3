"""What process 1 is told: the table of the Dockerfile reference, and what Docker does beyond it."""

import pytest

from pydock_lab.engine.argument_vectors import argument_vector, from_texts
from pydock_lab.engine.face import Engine
from pydock_lab.errors import CommandError
from pydock_lab.oci.config import ContainerConfig
from pydock_lab.views import ArgumentVector

SH = ("/bin/sh", "-c")


def told(view: ArgumentVector) -> list[str]:
    return [f"{word.source[0]}:{word.text}{'!' if word.is_ignored else ''}" for word in view.result]


# "Understand how CMD and ENTRYPOINT interact"; ! is what stands behind the text of a shell, and is not read by it.
@pytest.mark.parametrize(
    ("entrypoint", "cmd", "expected"),
    [
        ("", "", []),
        ("", '["exec_cmd", "p1_cmd"]', ["c:exec_cmd", "c:p1_cmd"]),
        ("", "exec_cmd p1_cmd", ["c:/bin/sh", "c:-c", "c:exec_cmd p1_cmd"]),
        ("exec_entry p1_entry", "", ["e:/bin/sh", "e:-c", "e:exec_entry p1_entry"]),
        ("exec_entry", '["exec_cmd", "p1"]', ["e:/bin/sh", "e:-c", "e:exec_entry", "c:exec_cmd!", "c:p1!"]),
        ("exec_entry", "exec_cmd", ["e:/bin/sh", "e:-c", "e:exec_entry", "c:/bin/sh!", "c:-c!", "c:exec_cmd!"]),
        ('["exec_entry", "p1_entry"]', "", ["e:exec_entry", "e:p1_entry"]),
        ('["exec_entry"]', '["exec_cmd", "p1"]', ["e:exec_entry", "c:exec_cmd", "c:p1"]),
        ('["exec_entry"]', "exec_cmd p1", ["e:exec_entry", "c:/bin/sh", "c:-c", "c:exec_cmd p1"]),
    ],
)
def test_the_reference_s_table(entrypoint: str, cmd: str, expected: list[str]) -> None:
    assert told(from_texts(entrypoint, cmd, "")) == expected


@pytest.mark.parametrize(
    ("words", "option", "expected"),
    [
        ("", None, ["e:echo", "c:hello"]),
        ("good 'bye now'", None, ["e:echo", "r:good", "r:bye now"]),
        ("", "cat", ["o:cat"]),
        ("/etc/hosts", "cat", ["o:cat", "r:/etc/hosts"]),
        ("ls", "", ["r:ls"]),
        ("", "", []),
    ],
)
def test_words_and_options_of_run(words: str, option: str | None, expected: list[str]) -> None:
    assert told(from_texts('["echo"]', '["hello"]', words, option)) == expected


@pytest.mark.parametrize(
    ("texts", "first", "others"),
    [
        (("", "", ""), "nothing", []),
        (("echo", '["a"]', ""), "ignored", ["shell-is-first", "is-first"]),
        (('["echo"]', "a b", ""), "shell-as-words", ["is-first"]),
        (('["echo"]', '["a"]', "b"), "words-replace-cmd", ["is-first"]),
        (("", "sleep 60", ""), "shell-is-first", ["is-first"]),
        (("", "exec sleep 60", ""), "is-first", []),
        (('["echo", "$HOME"]', "", ""), "no-variables", ["is-first"]),
        (("", "echo $HOME", ""), "shell-is-first", ["is-first"]),
    ],
)
def test_what_is_worth_knowing(texts: tuple[str, str, str], first: str, others: list[str]) -> None:
    assert from_texts(*texts).notes == (first, *others)


def test_an_option_takes_cmd_along() -> None:
    assert from_texts('["echo"]', '["a"]', "", "cat").notes[0] == "option-drops-cmd"


def test_texts_that_cannot_be_read() -> None:
    with pytest.raises(CommandError) as caught:
        from_texts("", "", "'open")
    assert caught.value.key == "engine.words"


def test_an_image(engine: Engine) -> None:
    """What is shown is what happens."""
    engine.build('FROM lab/busybox\nENTRYPOINT ["echo", "-n"]\nCMD ["hello", "you"]\n', "app")
    assert told(engine.argv("app")) == ["e:echo", "e:-n", "c:hello", "c:you"]
    assert told(engine.argv("app", "good bye")) == ["e:echo", "e:-n", "r:good bye"]
    view = engine.argv("app", "-c", "echo $#", entrypoint="sh")
    assert told(view) == ["o:sh", "r:-c", "r:echo $#"]
    config = ContainerConfig(entrypoint=(*SH, "tr '\\0' '|' < /proc/1/cmdline"), cmd=("x",))
    assert [word.is_ignored for word in argument_vector("app", config).result] == [False, False, False, True]
