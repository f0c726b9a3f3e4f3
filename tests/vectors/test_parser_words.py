"""parser_words.json: words, and pairs of names and values."""

from vectors.cases import Case, EveryCase

from pydock_lab.dockerfile.arguments import pairs, words


def check_words(case: Case) -> None:
    assert list(words(case.input["text"], case.input["escape"])) == case.expect["words"]


def check_pairs(case: Case) -> None:
    def call() -> tuple[str, ...]:
        return pairs(case.input["instruction"], case.input["text"], case.input["escape"])

    if case.is_error:
        case.raises(call)
    else:
        assert list(call()) == case.expect["flat"]


def test_words(every_case: EveryCase) -> None:
    every_case("dockerfile/parser_words", check_words, "words")


def test_pairs(every_case: EveryCase) -> None:
    every_case("dockerfile/parser_words", check_pairs, "nameval")
