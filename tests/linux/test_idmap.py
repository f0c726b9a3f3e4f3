"""Ranges of ids: from the text of subuid(5) to the words of newuidmap(1)."""

import pytest

from pydock_lab.linux import idmap

TEXT = "ada:100000:65536\n1000:300000:10\nbob:200000:65536\n# nothing\nada:oops:1\nada:500000:500\n"


@pytest.mark.parametrize(
    ("owners", "expected"),
    [
        (("ada",), [(100000, 65536), (500000, 500)]),
        (("ada", "1000"), [(100000, 65536), (300000, 10), (500000, 500)]),
        (("eve", "7"), []),
    ],
)
def test_ranges_of_an_owner(owners: tuple[str, ...], expected: list[tuple[int, int]]) -> None:
    assert idmap.parse(TEXT, owners) == expected


def test_the_user_is_root_inside_and_the_ranges_follow() -> None:
    mapped = idmap.mapping(1000, [(100000, 65536), (500000, 500)])
    words = [word for one in mapped for word in one.words()]
    assert words == ["0", "1000", "1", "1", "100000", "65536", "65537", "500000", "500"]
    assert idmap.is_complete(mapped)


@pytest.mark.parametrize("ranges", [[], [(100000, 10)]])
def test_too_few_ids_are_none(ranges: list[tuple[int, int]]) -> None:
    assert idmap.mapping(1000, ranges) == ()


def test_a_missing_file_is_no_range(tmp_path: object) -> None:
    assert idmap.of_user(f"{tmp_path}/subuid", 1000) == ()
