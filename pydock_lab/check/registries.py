"""Assertions about a repository of a registry."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydock_lab.check.result import Examination, Result

if TYPE_CHECKING:
    from pydock_lab.engine.face import Engine


def registry(
    repository: str,
    *,
    tags: Sequence[str] = (),
    without: Sequence[str] = (),
    same: Sequence[tuple[str, str]] = (),
    differ: Sequence[tuple[str, str]] = (),
    platforms: Sequence[str] = (),
    engine: "Engine | None" = None,
) -> Result:
    """Examine `HOST/REPOSITORY`: its tags, and those that it must not have.

    `same` and `differ` are pairs of tags that must, or must not, mean one image; `platforms` are those that `latest`
    (else its first tag) must have. Without any of them: that it is there.
    """
    from pydock_lab.engine.face import Engine  # noqa: PLC0415 - only for who examines

    the_engine = engine or Engine()
    exam = Examination(repository)
    count = len(tags) + len(without) + len(same) + len(differ) + len(platforms)

    def digest(tag: str) -> str:
        return the_engine.full.remote_manifest(f"{repository}:{tag}").descriptor.digest

    def examine() -> None:
        known = the_engine.tags(repository)
        if not count:
            exam.holds(True, "there", name=repository)
        for tag in tags:
            exam.holds(tag in known, "tag", tag=tag)
        for tag in without:
            exam.holds(tag not in known, "without", tag=tag)
        for pairs, key in ((same, "same"), (differ, "differ")):
            for one, other in pairs:
                is_there = one in known and other in known
                is_same = is_there and digest(one) == digest(other)
                exam.holds(is_there and is_same is (key == "same"), key, one=one, other=other)
        if platforms:
            tag = "latest" if "latest" in known or not known else known[0]
            details = {one.name: one for one in the_engine.full.remote_tag_details(repository)}
            there = details[tag].platforms if tag in details else ()
            for platform in platforms:
                exam.holds(platform in there, "platform", platform=platform, tag=tag)

    exam.attempt(max(count, 1), examine)
    return exam.result()
