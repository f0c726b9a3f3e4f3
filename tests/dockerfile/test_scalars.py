import pytest

from pydock_lab.dockerfile.scalars import boolean, duration, fields, size, unsigned
from pydock_lab.errors import DockerfileError

SECOND = 10**9


@pytest.mark.parametrize(("text", "value"), [("true", True), ("T", True), ("0", False), ("yes", None), ("", None)])
def test_booleans(text: str, value: bool | None) -> None:  # noqa: FBT001 - a table's column
    assert boolean(text) is value


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("0", 0),
        ("1h30m", 5400 * SECOND),
        ("1.5s", 1_500_000_000),
        (".5s", 500_000_000),
        ("-2ms", -2_000_000),
        ("1µs", 1000),
    ],
)
def test_durations(text: str, nanoseconds: int) -> None:
    assert duration(text) == nanoseconds


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("", "duration-invalid"),
        ("x", "duration-invalid"),
        (".s", "duration-invalid"),
        ("5", "duration-unit-missing"),
        ("1d", "duration-unit-unknown"),
        ("9" * 19 + "h", "duration-invalid"),
    ],
)
def test_wrong_durations(text: str, key: str) -> None:
    with pytest.raises(DockerfileError) as caught:
        duration(text)
    assert caught.value.key == f"dockerfile.{key}"


@pytest.mark.parametrize(
    ("text", "count"), [("128m", 128 << 20), ("1.5GiB", 3 << 29), ("7", 7), ("7b", 7), ("1 k", 1024), ("m", None)]
)
def test_sizes(text: str, count: int | None) -> None:
    assert size(text) == count


@pytest.mark.parametrize(
    ("text", "base", "number"),
    [("0755", 8, 0o755), ("9", 8, None), ("4294967295", 10, 2**32 - 1), ("4294967296", 10, None), ("1_0", 10, None)],
)
def test_numbers(text: str, base: int, number: int | None) -> None:
    assert unsigned(text, base=base) == number


@pytest.mark.parametrize(
    ("text", "found"),
    [("a,b=c", ("a", "b=c")), ('"a,b",c', ("a,b", "c")), ('"a""b"', ('a"b',)), ("a,", ("a", "")), (",", ("", ""))],
)
def test_fields(text: str, found: tuple[str, ...]) -> None:
    assert fields(text, what="mounts") == found


@pytest.mark.parametrize(
    ("text", "key", "column"),
    [('a"b', "csv-bare-quote", 2), ('x,"a"b', "csv-quote", 5), ('"a', "csv-quote", 3), ("", "csv-empty", None)],
)
def test_wrong_fields(text: str, key: str, column: int | None) -> None:
    with pytest.raises(DockerfileError) as caught:
        fields(text, what="mounts")
    assert (caught.value.key, caught.value.fields.get("column")) == (f"dockerfile.{key}", column)
