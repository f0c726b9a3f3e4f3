"""contenthash.json: the digests that keys of COPY hold, for files and for what patterns select."""

import pytest
from samples.trees import file, folder, link, tree

from pydock_lab.build.content_key import Selector, content_digest
from pydock_lab.errors import BuildError


def entry(said):
    if said["type"] == "symlink":
        return link(said["path"], said["target"])
    about = {"mode": int(said["mode"], 8), "uid": said["uid"], "gid": said["gid"], "mtime": said["mtime"]}
    return folder(said["path"], **about) if said["type"] == "dir" else file(said["path"], said["content"], **about)


def check(case):
    given, expect = case.input, case.expect
    source = tree([entry(said) for said in given["tree"]])
    selector = Selector(
        path=given["path"],
        wildcard=given["wildcard"],
        follow=given["follow_links"],
        include=tuple(given["include"]),
        exclude=tuple(given["exclude"]),
    )
    if not case.is_error:
        assert content_digest(source, selector) == expect["digest"]
        return
    with pytest.raises(BuildError) as caught:
        content_digest(source, selector)
    assert expect["error_full"] in caught.value.message("en")


def test_contenthash(every_case):
    every_case("dockerfile/contenthash", check)
