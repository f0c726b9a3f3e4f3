"""Lines of records: made once, made anew where the record has changed, and never needed to be whole."""

import json
from dataclasses import dataclass

import pytest

from pydock_lab.oci.plain import Document
from pydock_lab.store.lines import Lines
from pydock_lab.store.records import Collection


@dataclass(frozen=True, kw_only=True, slots=True)
class Line(Document):
    name: str
    marks: tuple[str, ...] = ()


@pytest.fixture
def things(tmp_path):
    return Collection(tmp_path, "things", "thing.json")


@pytest.fixture
def made():
    return []


@pytest.fixture
def open_lines(things, made):
    def do(form=1):
        def make(document):
            made.append(document["name"])
            return Line(name=document["name"], marks=(f"form {form}",))

        return Lines(things, Line, make, form=form)

    return do


def fill(things, count):
    for number in range(count):
        things.write(f"key{number}", {"name": f"thing{number}"})


def names(lines):
    return {line.name for line in lines.all()}


def test_a_collection_that_is_not_there_has_no_lines(open_lines):
    assert open_lines().all() == []


def test_only_what_has_changed_is_read_again(things, open_lines, made):
    fill(things, 3)
    lines = open_lines()
    assert names(lines) == {"thing0", "thing1", "thing2"}
    made.clear()
    things.write("key1", {"name": "other"})
    things.remove("key2")
    assert names(lines) == {"thing0", "other"}
    assert made == ["other"]


def test_many_are_kept_for_the_next_process(things, open_lines, made):
    fill(things, 30)
    assert len(names(open_lines())) == 30
    made.clear()
    things.write("key1", {"name": "other"})
    assert "other" in names(open_lines())
    assert made == ["other"]
    assert len(list(things)) == 30  # the file beside the records is none of them


@pytest.mark.parametrize(
    "spoilt", ["", "[]", "{}", '{"format": 1, "lines": {"key1": ["?"]}}', '{"format": 1, "lines": []}']
)
def test_a_spoilt_file_is_not_believed(things, open_lines, spoilt):
    fill(things, 30)
    open_lines().all()
    (things.directory / ".lines.json").write_text(spoilt)
    assert len(names(open_lines())) == 30


def test_two_kinds_of_records_in_one_folder_are_kept_apart(things, open_lines, made, tmp_path):
    def make(document):
        made.append(document["mood"])
        return Line(name=document["mood"])

    def moods():
        return Lines(Collection(tmp_path, "things", "mood.json"), Line, make, form=1, file=".moods.json")

    fill(things, 30)
    for number in range(25):
        things.write(f"key{number}", {"mood": f"mood{number}"}, "mood.json")
    assert len(open_lines().by_key()) == 30
    assert moods().by_key()["key7"] == Line(name="mood7")
    made.clear()
    things.write("key7", {"mood": "other"}, "mood.json")
    assert moods().by_key()["key7"] == Line(name="other")
    assert len(open_lines().by_key()) == 30
    assert made == ["other"]


def test_lines_of_another_form_are_made_anew(things, open_lines):
    fill(things, 30)
    open_lines().all()
    assert {line.marks for line in open_lines(form=2).all()} == {("form 2",)}


def test_a_record_that_cannot_be_read_is_left_out(things, open_lines):
    fill(things, 2)
    things.path("key0").joinpath("thing.json").write_text("{")
    things.path("half").mkdir()
    things.write("bare", {"title": "no name"})
    assert names(open_lines()) == {"thing1"}


def test_a_record_replaced_by_one_of_the_same_size_is_seen(things, open_lines):
    fill(things, 1)
    lines = open_lines()
    assert names(lines) == {"thing0"}
    things.write("key0", json.loads('{"name": "gniht0"}'))
    assert names(lines) == {"gniht0"}
