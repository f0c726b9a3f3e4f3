"""Explained builds as text, in both languages."""

from dataclasses import replace

import pytest
from samples.builds import Builder, File, Project
from samples.mutations import MAKERS, mutations, project

from pydock_lab import drawing, locale
from pydock_lab.build.explain.explanation import explain
from pydock_lab.drawing import explanations
from pydock_lab.drawing.speech import Speech

SHOP = "FROM lab/python\nARG V=1\nCOPY req.txt .\nRUN pip install -r req.txt\nCOPY . .\nRUN echo {word} > /version\n"
FILES = {"req.txt": File("flask\n"), "run.sh": File("run\n", mode=0o755), "old.txt": File("old\n")}
LATER = {"req.txt": File("flask\nnumpy\n"), "run.sh": File("run\n", mode=0o644), "new": File(target="req.txt")}

ENGLISH = """\
app:latest   4 of 5 steps were not in the cache
compared with the build build-1 of 2026-01-01 00:00:01

✗ step 3   COPY req.txt .                                            line 3
  1 file differs:
    ~ req.txt  other bytes, 6 B → 12 B
  └ so this was done again, without a change of its own: step 4, 12.5 s

✗ step 5   COPY . .                                                  line 5
  3 files differ:
    + new      new, 0 B
    - old.txt  gone, it had 4 B
    ~ run.sh   mode 0755 → 0644
  and it stands on step 4, which changed too

✗ step 6   RUN echo two > /version                                   line 6
  the command differs:
    echo [-one-] {+two+} > /version
  RUN is compared by these words and its variables alone: what it downloads is never looked at.
  and it stands on step 5, which changed too

What to do
  Copy first only what the next step needs (such as the list of packages), the rest below it; \
name in .dockerignore what the image does not need.
  Write commands that change often as low as possible: what stands above them keeps its cache.

The keys behind it: pydock explain app:latest --step 3"""


def shop():
    builder = Builder()
    first = builder.build(Project(dockerfile=SHOP.format(word="one"), files=FILES))
    seconds = {"RUN pip install -r req.txt": 12.5}
    second = builder.build(Project(dockerfile=SHOP.format(word="two"), files=LATER), seconds=seconds)
    return explain(first, second, builder.files)


def test_the_whole_text():
    assert drawing.to_text(shop(), language="en") == ENGLISH


@pytest.mark.parametrize("language", locale.LANGUAGES)
@pytest.mark.parametrize("mutation", [*mutations(len(MAKERS), seed=2)], ids=lambda one: one.what)
def test_every_kind_of_cause_has_its_words(mutation, language):
    builder = Builder()
    before = builder.build(project())
    text = drawing.to_text(explain(before, builder.build(mutation.after), builder.files), language=language)
    assert mutation.name in text
    assert "✗" in text


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"no_cache": True},
            ["--no-cache : elle ", "de même pour : 4-6", "Retirez --no-cache."],
        ),
        ({}, ["app:latest   Chaque étape était dans le cache."]),
    ],
)
def test_steps_for_which_the_same_holds_are_told_once(options, words):
    builder = Builder()
    first = builder.build(Project(dockerfile=SHOP, files=FILES))
    text = drawing.to_text(
        explain(first, builder.build(Project(dockerfile=SHOP, files=FILES), **options), builder.files), language="fr"
    )
    assert all(text.count(one) == 1 for one in words)


def test_hostile_words_stay_on_their_line():
    builder = Builder()
    first = builder.build(Project(dockerfile="FROM b\nENV A=1\nRUN x\n"))
    second = builder.build(Project(dockerfile='FROM b\nENV A="\x1b[31m\u202e{brace}"\nRUN x\n'))
    text = drawing.to_text(explain(first, second, builder.files), language="en")
    assert "{brace}" in text
    assert not set(text) & {"\x1b", "\u202e"}


def test_both_keys_and_what_differs():
    text = "\n".join(explanations.keys(shop().steps[-1], Speech.of("en")))
    marked = [line.split("≠")[1].strip() for line in text.splitlines() if "≠" in line]
    assert [line for line in marked if "echo" in line] == ['"echo one > /version"', '"echo two > /version"']
    assert text.count("sha256:") > 4
    assert "hashlib.sha256(" in text


@pytest.mark.parametrize(
    ("language", "follows", "lesson"),
    [
        ("en", "would be done again, without a change of its own: step 4\n", "1 more step would be done again"),
        ("fr", "à refaire aussi, sans changement propre : étape 4\n", "1 autre étape ne serait refaite"),
    ],
)
def test_a_forecast_speaks_of_what_would_be(language, follows, lesson):
    forecast = replace(shop(), predicted=True)
    assert follows in drawing.to_text(forecast, language=language)
    assert lesson in drawing.to_svg(forecast, language=language)
