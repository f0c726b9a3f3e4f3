"""log.jsonl: lines, halves of lines, rotation, crashes."""

import json
from pathlib import Path

import pytest

from pydock_lab.runtime import logs
from pydock_lab.runtime.logs import LOG_FILE, LogEntry, LogLimits, LogWriter


@pytest.fixture
def writer(tmp_path: Path) -> LogWriter:
    return LogWriter(str(tmp_path / LOG_FILE))


def texts(directory: Path) -> list[str]:
    return [entry.text for entry in logs.read(directory)]


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        ([b"a\nb\n"], ["a\n", "b\n"]),
        ([b"a", b"b\nc"], ["ab\n", "c"]),
        ([b"\n\n"], ["\n", "\n"]),
        ([b"\xc3", b"\xa9\n"], ["é\n"]),
        ([b"\xff\n"], ["\ufffd\n"]),
        ([b"x" * 20000 + b"\n"], ["x" * 20000 + "\n"]),
        ([b"x" * 20000, b"\n"], ["x" * 16384, "x" * 3616 + "\n"]),
        ([], []),
    ],
)
def test_lines(writer: LogWriter, tmp_path: Path, chunks: list[bytes], expected: list[str]) -> None:
    for chunk in chunks:
        writer.write("stdout", chunk)
    writer.flush()
    assert texts(tmp_path) == expected


def test_streams_have_their_own_halves(writer: LogWriter, tmp_path: Path) -> None:
    writer.write("stdout", b"o")
    writer.write("stderr", b"e\n")
    writer.write("stdout", b"ut\n")
    writer.flush()
    assert [(entry.stream, entry.text) for entry in logs.read(tmp_path)] == [("stderr", "e\n"), ("stdout", "out\n")]


def test_times_are_dockers_and_are_read_back(writer: LogWriter, tmp_path: Path) -> None:
    line = {"log": "x\n", "stream": "stdout", "time": "2025-01-31T12:00:00.250000000Z"}
    (tmp_path / LOG_FILE).write_text(json.dumps(line) + "\n")
    stamp = line["time"]
    assert list(logs.read(tmp_path)) == [LogEntry(stream="stdout", text="x\n", time=1738324800.25, stamp=stamp)]
    writer.flush()


def test_a_line_that_a_crash_cut_off_is_left_out(writer: LogWriter, tmp_path: Path) -> None:
    writer.write("stdout", b"whole\n")
    writer.flush()
    with (tmp_path / LOG_FILE).open("a") as file:
        file.write('{"log":"hal')
    assert texts(tmp_path) == ["whole\n"]


@pytest.mark.parametrize(("files", "least", "most"), [(1, 1, 4), (2, 4, 8), (3, 8, 12), (9, 20, 20)])
def test_rotation_keeps_so_many_files(tmp_path: Path, files: int, least: int, most: int) -> None:
    writer = LogWriter(str(tmp_path / LOG_FILE), LogLimits(max_size=250, max_files=files))
    for number in range(20):
        writer.write("stdout", f"{number}\n".encode())
    writer.flush()
    found = texts(tmp_path)
    assert found == [f"{number}\n" for number in range(20)][-len(found) :]
    assert least <= len(found) <= most
    assert len(list(tmp_path.iterdir())) <= files


def test_following_sees_what_comes_later(writer: LogWriter, tmp_path: Path) -> None:
    answers = iter([True, True, False])
    chunks = iter([b"one\n", b"two\n", b"three\n"])

    def goes_on() -> bool:
        writer.write("stdout", next(chunks))
        return next(answers)

    assert [entry.text for entry in logs.read(tmp_path, follow=goes_on)] == ["one\n", "two\n", "three\n"]
    writer.flush()


def test_no_log_is_an_empty_one(tmp_path: Path) -> None:
    assert texts(tmp_path) == []
