"""Blobs are whole or absent, and named by what they hold."""

import os
from typing import Any

import pytest

from pydock_lab.errors import Corrupt, InvalidDocument, NotFound
from pydock_lab.oci import Descriptor, Digest
from pydock_lab.store import blobs

WRONG = Digest.of(b"something else")


def test_what_is_put_is_read(store: Any) -> None:
    digest = store.blobs.put(b"content")
    assert store.blobs.path(digest) == store.root / "blobs" / "sha256" / Digest.of(b"content").hex
    assert (store.blobs.read(digest), store.blobs.size(digest), list(store.blobs)) == (b"content", 7, [digest])


@pytest.mark.parametrize(("expected", "size"), [(WRONG, None), (None, 3), (WRONG, 7)])
def test_a_blob_that_is_not_the_expected_one_is_not_kept(store: Any, expected: Any, size: Any) -> None:
    with store.blobs.writer() as writer:
        writer.write(b"content")
        with pytest.raises(Corrupt):
            writer.commit(expected, size)
    assert list(store.blobs) == []
    assert os.listdir(store.root / "ingest") == []


def test_nothing_stays_without_commit(store: Any) -> None:
    with store.blobs.writer() as writer:
        writer.write(b"content")
    assert list(store.blobs) == []
    assert os.listdir(store.root / "ingest") == []


def test_half_a_blob_is_told_by_its_size(store: Any) -> None:
    digest = store.blobs.put(b"content")
    store.blobs.path(digest).write_bytes(b"cont")
    with pytest.raises(Corrupt):
        store.blobs.open(Descriptor.of(b"content", "text/plain"))
    assert not store.blobs.has(digest, 7)


def test_changed_content_is_told_when_it_is_read(store: Any) -> None:
    digest = store.blobs.put(b"content")
    store.blobs.path(digest).write_bytes(b"CONTENT")
    with pytest.raises(Corrupt):
        store.blobs.read(digest)
    assert not store.blobs.recompute(digest)


def test_what_is_too_large_for_a_document_is_not_called_broken(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    descriptor = store.blobs.put(b"0123456789")
    monkeypatch.setattr(blobs, "MAX_DOCUMENT", 9)
    with pytest.raises(InvalidDocument, match="is 10 bytes long"):
        store.blobs.read(descriptor)
    monkeypatch.setattr(blobs, "MAX_DOCUMENT", 10)
    assert store.blobs.read(descriptor) == b"0123456789"


def test_what_is_not_here(store: Any) -> None:
    for ask in (store.blobs.open, store.blobs.read, store.blobs.size):
        with pytest.raises(NotFound):
            ask(WRONG)
    assert (store.blobs.has(WRONG), store.blobs.delete(WRONG)) == (False, 0)


def test_other_algorithms_have_their_own_directory(store: Any) -> None:
    with store.blobs.writer("sha512") as writer:
        writer.write(b"x")
        digest = writer.commit()
    assert digest.algorithm == "sha512"
    assert store.blobs.read(digest) == b"x"
