"""What stands behind the parts of a tag tree: what a tag means, what an image is made of, who else has its layers."""

from collections.abc import Iterator

from pydock_lab.drawing import prints
from pydock_lab.drawing.branches import Branch, branches
from pydock_lab.drawing.detail import Detail, given
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.svg import clean
from pydock_lab.drawing.tags import catalog_command
from pydock_lab.views import BlobView, RepositoryView, TagTree

_SHARERS = 3  # named; more are an ellipsis


def tags(view: TagTree, speech: Speech) -> Iterator[Detail]:
    """Of each repository, tag and manifest."""
    for at, repository in enumerate(view.repositories):
        name = f"{clean(view.host)}/{clean(repository.name)}"
        total = len(repository.tags) + repository.others
        is_asked = not repository.closed
        facts = [
            (speech.say("fact-tags"), str(total) if is_asked or total else ""),
            (speech.say("fact-manifests"), str(len(repository.manifests)) if is_asked else ""),
            (speech.say("fact-access"), speech.say("private" if repository.private else "public") if is_asked else ""),
        ]
        command = f"docker pull --all-tags {name}"
        yield Detail(key=f"repository-{at}", title=clean(repository.name), facts=given(facts), command=command)
        yield from _branches(repository, at, name, _Users(view, repository.name, speech))
        if repository.others and is_asked:
            command = f"pydock registry tags {name}"
            title = speech.count("more-tags", repository.others)
            yield Detail(key=f"more-{at}", title=title, command=command)
    if view.others:
        command = catalog_command(clean(view.host))
        yield Detail(key="more", title=speech.count("more-repositories", view.others), command=command)


class _Users:
    """Who else in a registry has a layer, told from one repository of it."""

    def __init__(self, view: TagTree, repository: str, speech: Speech) -> None:
        self.speech = speech
        self._here = repository
        self._names: dict[str, list[tuple[str, str]]] = {}
        for one in view.repositories:
            for branch in branches(one):
                name = next(iter(branch.tags), prints.short(branch.digest))
                for layer in branch.manifest.layers if branch.manifest else ():
                    self._names.setdefault(layer.digest, []).append((branch.digest, _image(one.name, name)))

    def of(self, layer: BlobView, digest: str) -> str:
        """In words: its size and digest, whether it is here, and up to three others that have it."""
        others = list(dict.fromkeys(name for user, name in self._names.get(layer.digest, ()) if user != digest))
        words = [self.speech.size(layer.size), str(layer.digest)]
        if layer.local:
            words.append(self.speech.say("layer-is-here"))
        if others:
            names = ", ".join(map(clean, others[:_SHARERS])) + (", …" if len(others) > _SHARERS else "")
            words.append(self.speech.say("layer-also-in", names=names))
        return "  ".join(words)


def _image(repository: str, name: str) -> str:
    return f"{repository}@{name}" if name.startswith("sha256:") else f"{repository}:{name}"


def _branches(repository: RepositoryView, at: int, name: str, users: _Users) -> Iterator[Detail]:
    found, speech = branches(repository), users.speech
    for number, branch in enumerate(found):
        for position, tag in enumerate(branch.tags):
            others = ", ".join(clean(other) for other in branch.tags if other != tag)
            facts = given([(speech.say("fact-points-to"), branch.digest), (speech.say("fact-also-called"), others)])
            texts = ((speech.say("what-latest-is"), speech.say("latest-is")),) if tag == "latest" else ()
            key, command = f"tag-{at}-{number}-{position}", f"docker pull {name}:{clean(tag)}"
            yield Detail(key=key, title=clean(tag), facts=facts, command=command, texts=texts)
        yield _manifest(branch, f"manifest-{at}-{number}", name, users)
    if not found and not repository.closed:
        yield Detail(key=f"nothing-{at}", title=speech.say("empty-repository"))


def _manifest(branch: Branch, key: str, name: str, users: _Users) -> Detail:
    manifest, speech = branch.manifest, users.speech
    facts = [("digest", branch.digest)]
    if manifest:
        facts += [
            (speech.say("fact-platform"), manifest.platform),
            (speech.say("fact-created"), manifest.created),
            (speech.say("fact-media-type"), manifest.media_type),
            (speech.say("fact-compressed"), speech.size(sum(layer.size for layer in manifest.layers) or manifest.size)),
        ]
        facts += [
            (f"{speech.say('fact-layer')} {number}", users.of(layer, branch.digest))
            for number, layer in enumerate(manifest.layers, 1)
        ]
    title = ", ".join(map(clean, branch.tags)) or speech.say("untagged")
    return Detail(key=key, title=title, facts=given(facts), command=f"docker pull {name}@{branch.digest}")
