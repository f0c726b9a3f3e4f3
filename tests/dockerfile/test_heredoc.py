import pytest

from pydock_lab.dockerfile.heredoc import Heredoc, announced, heredoc
from pydock_lab.errors import DockerfileError


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("<<EOF", Heredoc(name="EOF")),
        ("3<<-EOF", Heredoc(name="EOF", chomp=True, descriptor=3)),
        ("<<'EOF'", Heredoc(name="EOF", expand=False)),
        ('<<E"O"F', Heredoc(name="EOF", expand=False)),
        ("<<eo\\'f", Heredoc(name="eo'f")),
        ("<<", None),
        ("a<<EOF", None),
        ("<<a b", None),
        ("<<<a", None),
    ],
)
def test_words(word: str, found: Heredoc | None) -> None:
    assert heredoc(word) == found


def test_a_descriptor_is_a_small_number() -> None:
    with pytest.raises(DockerfileError):
        heredoc("1" * 30 + "<<EOF")


@pytest.mark.parametrize(
    ("line", "names"),
    [("RUN cat <<A 3<<B > /c", ["A", "B"]), ("RUN echo '<<A'", []), ("RUN echo it's <<A", []), ("RUN a << b c", ["b"])],
)
def test_lines(line: str, names: list[str]) -> None:
    assert [each.name for each in announced(line)] == names


def test_leading_tabs_go_with_the_dash() -> None:
    assert Heredoc(name="E", content="\t\ta\n\tb\n c\n", chomp=True).data == "a\nb\n c\n"
