"""build_semantics.json: small builds, really done: which files come out, which configuration, which error."""

import re

import pytest
from samples.base_images import image_tree
from vectors.real_builds import asked_images, take_images, write_context

from pydock_lab.archive.entry import EntryType
from pydock_lab.build.source import clean, resolve
from pydock_lab.engine.face import Engine
from pydock_lab.engine.options import BuildOptions, SecretSource
from pydock_lab.errors import PydockError


@pytest.fixture
def build_case(tmp_path):
    """Builds a case in a store of its own; the secrets it is given are files."""
    engine = Engine(tmp_path / "home")

    def build(case, number):
        given = case.input
        context = tmp_path / f"context{number}"
        context.mkdir()
        name = given.get("filename", "Dockerfile")
        (context / "Dockerfile").write_text(given["dockerfile"])
        write_context(context, given["context"])
        secrets = []
        for key, value in given.get("secrets", {}).items():
            (tmp_path / key).write_text(value)
            secrets.append(SecretSource(id=key, path=tmp_path / key))
        text = (context / name).read_text()
        args, target = given.get("build_args", {}), given.get("target", "")
        take_images(engine, asked_images(text, build_args=args, target=target))
        options = BuildOptions(
            dockerfile=text,
            dockerfile_name=name,
            context=context,
            tags=(f"case:{number}",),
            build_args=args,
            target=target,
            secrets=tuple(secrets),
        )
        engine.full.build(options)
        return engine, f"case:{number}"

    return build


def check_error(case, error):
    expect, said = case.expect, str(error)
    if expect.get("error_strict"):
        for part in [expect["error_contains"], *expect.get("error_contains_all", [])]:
            assert part.lower() in said.lower()  # our hints are sentences
    if "error_regexp" in expect:
        assert re.search(expect["error_regexp"], said)
    if "error_lines" in expect:
        assert error.fields["line"] == expect["error_lines"][0]


def check_file(tree, path, expect):
    place = clean(path)
    entry = tree.entry(place if "symlink" in expect else resolve(tree, place))
    if expect.get("absent"):
        assert entry is None, path
        return
    assert entry is not None, path
    content = tree.read(entry.path).decode()
    if "content" in expect:
        assert content == expect["content"], path
    if "contains" in expect:
        assert expect["contains"] in content, path
    if "not_contains" in expect:
        assert expect["not_contains"] not in content, path
    if "symlink" in expect:
        assert entry.target.decode() == expect["symlink"], path
    if expect.get("dir"):
        assert entry.type is EntryType.DIRECTORY, path
    if expect.get("empty"):
        assert not tree.children(entry.path), path


@pytest.mark.usefixtures("containers")
def test_builds(every_case, build_case):
    numbers = iter(range(10_000))

    def check(case):
        if case.expect["build"] == "error":
            with pytest.raises(PydockError) as caught:
                build_case(case, next(numbers))
            check_error(case, caught.value)
            return
        engine, image = build_case(case, next(numbers))
        config = engine.image(image).details.config.config.to_json()
        assert {key: config.get(key) for key in case.expect.get("config", {})} == case.expect.get("config", {})
        tree = image_tree(engine, image)
        for path, expect in case.expect.get("files", {}).items():
            check_file(tree, path, expect)

    every_case("dockerfile/build_semantics", check)
