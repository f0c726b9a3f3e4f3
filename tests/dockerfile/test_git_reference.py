"""Addresses of repositories, and what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pydock_lab.dockerfile.git_reference import find_git_reference, parse_git_reference
from pydock_lab.errors import DockerfileError

REMOTES = {
    "https://h/r.git#main:docs": ("https://h/r.git", "r", "main", "docs"),
    "HTTPS://h/r.git?tag=v1": ("https://h/r.git", "r", "refs/tags/v1", ""),
    "https://h/a%20b.git?ref=x#x:%2Fy": ("https://h/a%20b.git", "a%20b", "x", "/y"),
    "ssh://git@h:22/g/r#1": ("ssh://git@h:22/g/r", "r", "1", ""),
    "git@h:g/r.git?branch=refs/heads/b": ("git@h:g/r.git", "r", "refs/heads/b", ""),
    "https://h/r.git?commit=abc": ("https://h/r.git", "r", "abc", ""),
}


@pytest.mark.parametrize(("text", "expected"), REMOTES.items())
def test_remote_and_place(text, expected):
    found = parse_git_reference(text)
    assert (found.remote, found.short_name, found.ref, found.sub_dir) == expected


@pytest.mark.parametrize("text", ["file.txt", "./r.git", "https://h/file.tar.gz", "s3://h/r.git", "github.com/a/b"])
def test_a_source_that_is_no_repository(text):
    assert find_git_reference(text) is None


@pytest.mark.parametrize(
    ("query", "key"),
    [
        ("ref=", "git-no-value"),
        ("ref=a&ref=b", "git-twice"),
        ("ref=a&tag=b", "git-conflict"),
        ("subdir=a#:b", "git-conflict"),
        ("tag=a&branch=a", "git-branch-tag"),
        ("submodules=2", "git-switch"),
        ("mtime=now", "git-time"),
        ("colour=red", "git-unexpected"),
    ],
)
def test_options_that_mean_nothing(query, key):
    with pytest.raises(DockerfileError) as caught:
        find_git_reference(f"https://h/r.git?{query}")
    assert caught.value.key == f"dockerfile.{key}"


def test_switches_stand_alone():
    found = parse_git_reference("git://h/r?keep-git-dir&submodules=0&fetch-by-commit")
    assert (found.keep_git_dir, found.submodules, found.fetch_by_commit) == (True, False, True)
    assert found.is_unencrypted


@given(some.text(alphabet="https://git@:?#&=%.\x00\udc80 é[]", max_size=40))
def test_any_text(text):
    for address in (text, f"https://h/r.git?{text}", f"git@h:{text}"):
        try:
            found = parse_git_reference(address)
        except DockerfileError as error:
            error.message("fr")  # KeyError where it has no words
        else:
            assert found.remote
