"""A plan as BuildKit writes it: a graph of operations, each with the outputs of others that it works on.

    source   an image, the build context, an address
    exec     RUN
    file     COPY, ADD, WORKDIR: actions one after the other
    merge    COPY --link: layers laid on each other

Two operations with the same content are one, whose name is the last one given.
"""

import json
import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import singledispatchmethod

from pydock_lab.build.paths import clean
from pydock_lab.build.steps import ConfigStep, CopyStep, FolderStep, GitSource, PathSource, RunStep
from pydock_lab.dockerfile.git_reference import parse_git_reference
from pydock_lab.dockerfile.instructions import Network
from pydock_lab.dockerfile.mounts import MountType
from pydock_lab.oci import Reference

INLINE = "[internal] preparing inline document"
CONTEXT = "[internal] load build context"
CACHE = "[internal] setting cache mount permissions"


@dataclass(eq=False)
class Vertex:
    """An operation: `write` gives it, asking a function for the place of each input among all of them (-1: none).

    `order` is in which order the inputs are written down, where that is another one.
    """

    name: str
    write: Callable[[Callable], dict]
    inputs: list = field(default_factory=list)
    order: list | None = None


def source(name, identifier, attributes=None, platform=None):
    where = {"platform": platform} if platform else {}
    return Vertex(name, lambda _at: {"source": {"id": identifier, "attrs": attributes or {}}} | where)


def made(name, kind, operation, below=None):
    """A file or folder that is nowhere else."""

    def write(at):
        return {"file": [{kind: operation, "input": at(below), "secondary_input": -1}]}

    return Vertex(name, write, [below])


def new_file(name, data, mode):
    return made(INLINE, "mkfile", {"path": clean(name), "data": data, "mode": mode})


def owner(text):
    user, colon, group = text.partition(":")
    return {"owner": {"user": identity(user), "group": identity(group) if colon else None}} if text else {}


def identity(text):
    return 0 if text in ("", "root") else int(text) if text.isdigit() else text


class Graph:
    def __init__(self, plan):
        self.plan = plan
        self.context = source(CONTEXT, "local://context", {"local.sharedkeyhint": "context"} | follow(plan))
        self.ends = {}
        for stage in plan.stages:
            self.ends[stage.index] = self.stage(stage)

    def document(self):
        """The nodes in the order in which they are needed; the last one is the result."""
        end = self.ends[self.plan.target]
        if end is None:
            return []
        found, numbers = {}, {None: None}
        self.add(end, found, numbers)
        nodes = [node | {"i": at} for at, node in enumerate(found.values())]
        return [*nodes, {"final": True, "i": len(nodes), "inputs": [[numbers[end], 0]]}]

    def add(self, vertex, found, numbers):
        if vertex in numbers:
            return
        for one in vertex.order or vertex.inputs:
            self.add(one, found, numbers)
        inputs = list(dict.fromkeys(numbers[one] for one in vertex.inputs if one))
        operation = vertex.write(lambda one: inputs.index(numbers[one]) if one else -1)
        node = {"inputs": [[number, 0] for number in inputs]} | operation
        key = json.dumps(node, sort_keys=True)
        found[key] = node | {"name": vertex.name}
        numbers[vertex] = list(found).index(key)

    # ---- where files are

    def stage(self, stage):
        below = None
        if isinstance(stage.base, int):
            below = self.ends[stage.base]
        elif stage.base is not None and stage.label:
            below = image(stage.base, stage.label, stage.platform)
        for step in stage.steps:
            below = self.step(step, below)
        return below

    def origin(self, origin):
        if origin is None:
            return self.context
        if isinstance(origin, int):
            return self.ends[origin]
        return None if origin == "scratch" else image(origin, f"FROM {Reference.parse(origin)}", self.platform)

    @property
    def platform(self):
        return str(self.plan.stage(self.plan.target).base_config.platform)

    # ---- what is done

    @singledispatchmethod
    def step(self, step, below):
        raise TypeError(step, below)

    @step.register
    def _(self, _step: ConfigStep, below):
        return below

    @step.register
    def _(self, step: FolderStep, below):
        folder = {"path": clean(step.path), "mode": "0755", "parents": True} | owner(step.user)
        return made(step.label, "mkdir", folder, below)

    @step.register
    def _(self, step: CopyStep, below):
        is_linked = step.link and not step.chmod
        start = None if is_linked else below
        copies = [self.copy(step, part) for part in step.parts]
        copies += [(new_file(one.name, one.data, "0644"), plain(clean(one.name), unpack=False)) for one in step.inline]
        origins = [origin for origin, _ in copies]

        def write(at):
            # An action works on what the one before it has made, which is numbered after the inputs.
            after = 1 + max(map(at, [start, *origins]))
            inputs = [at(start), *range(after, after + len(copies) - 1)]
            actions = [copied | {"dest": step.to} | flags(step) for _, copied in copies]
            seconds = map(at, origins)
            return {
                "file": [
                    {"input": one, "secondary_input": second, "copy": action}
                    for one, second, action in zip(inputs, seconds, actions, strict=True)
                ]
            }

        vertex = Vertex(step.label, write, [start, *origins], [start, *reversed(origins)])
        if not is_linked or below is None:
            return vertex
        place, _, text = step.label.partition("] ")
        return Vertex(f"{place}] LINK {text}", lambda at: {"merge": [at(below), at(vertex)]}, [below, vertex])

    def copy(self, step, part):
        if isinstance(part, PathSource):
            patterns = {"include": [part.include]} if step.parents else {}
            patterns |= {"required_paths": [part.required]} if part.required else {}
            return self.origin(step.origin), clever(part.path, unpack=step.unpack) | patterns
        if isinstance(part, GitSource):
            return repository(step.label, part), plain("/", unpack=False)
        attributes = {"http.filename": part.filename}
        attributes |= {"http.checksum": part.checksum} if part.checksum else {}
        return source(step.label, part.url, attributes), plain(clean(part.filename), unpack=step.unpack_remote)

    @step.register
    def _(self, step: RunStep, below):
        mounted = [(step_mount("/", "bind", 0, read_only=False), below)]
        mounted += [self.mount(one) for one in step.mounts if one.type.value in ("bind", "cache", "tmpfs")]
        if step.script:
            script = new_file(posixpath.basename(step.args[-1]), step.script, "0755")
            mounted.append((step_mount("/dev/pipes/", "bind", -1, read_only=True, selector="/"), script))
        mounted.sort(key=lambda one: one[0]["dest"])

        def write(at):
            mounts = [mount | {"input": at(origin)} for mount, origin in mounted]
            mounts += [mount for kind in (MountType.SECRET, MountType.SSH) for mount in private(step, kind)]
            return {"exec": program(step) | {"mounts": mounts}, "platform": step.platform}

        return Vertex(step.label, write, [origin for _, origin in mounted])

    def mount(self, mount):
        origin = self.origin(mount.origin)
        found = step_mount(mount.target, mount.type.value, -1, read_only=mount.read_only)
        if mount.type is MountType.TMPFS:
            return found | {"tmpfs_size": mount.size_limit}, None
        if mount.type is MountType.CACHE:
            found |= {"cache": {"id": f"/{mount.cache_id}", "sharing": mount.sharing.value}}
        if mount.source != "/":
            return found | {"selector": mount.source}, origin
        if (mount.mode, mount.uid, mount.gid) == (None, None, None):
            return found, origin
        mode = 0o755 if mount.mode is None else mount.mode
        folder = {"path": "/cache", "mode": f"{mode:04o}", "parents": False}
        folder |= {"owner": {"user": mount.uid or 0, "group": mount.gid or 0}}
        return found | {"selector": "/cache"}, made(CACHE, "mkdir", folder, origin)


def image(name, label, platform):
    return source(label, f"docker-image://{Reference.parse(name)}", platform=platform)


def repository(label, part):
    reference = parse_git_reference(part.reference)
    host, path = re.fullmatch(r"(?:\w+://)?(?:[^@/]*@)?([^/:]+(?::\d+)?)[:/](.*)", reference.remote).groups()
    below = f":{reference.sub_dir}" if reference.sub_dir else ""
    place = f"#{reference.ref}{below}" if reference.ref or below else ""
    attributes = {
        "git.fullurl": reference.remote,
        "git.authtokensecret": "GIT_AUTH_TOKEN",
        "git.authheadersecret": "GIT_AUTH_HEADER",
    }
    attributes |= named("git.keepgitdir", "true" * part.keep_git_dir) | named("git.checksum", part.checksum)
    attributes |= named("git.skipsubmodules", "true" * (reference.submodules is False))
    attributes |= named("git.mountsshsock", "default" * (not re.match("https?:|git:", reference.remote)))
    return source(label, f"git://{host}{clean(path)}{place}", attributes)


def follow(plan):
    paths = plan.context_paths
    return {"local.followpaths": list(paths)} if paths else {}


def clever(path, *, unpack):
    """A copy as COPY does it: of patterns, through links, and of what is in a folder."""
    wise = dict.fromkeys(("wildcard", "allow_empty_wildcard", "follow_symlink", "dir_contents_only"), True)
    return {"src": path, "unpack": unpack, "create_dest_path": True} | wise


def plain(path, *, unpack):
    return clever(path, unpack=unpack) | dict.fromkeys(
        ("wildcard", "allow_empty_wildcard", "follow_symlink", "dir_contents_only"), False
    )


def flags(step):
    is_octal = step.chmod[:1].isdigit()
    mode = {"mode": f"{int(step.chmod, 8):04o}"} if is_octal else named("mode_str", step.chmod)
    return owner(step.chown) | mode | named("exclude", list(step.excludes))


def named(name, value):
    return {name: value} if value else {}


def program(step):
    found = {
        "args": list(step.args),
        "env": list(step.env),
        "cwd": step.cwd,
        "user": step.user,
        "network": "unset" if step.network is Network.DEFAULT else step.network.value,
        "security": step.security.value,
    }
    return found | named("secret_env", secret_variables(step)) | named("proxy_env", proxy_variables(step))


def step_mount(target, kind, output, *, read_only, **more):
    return {"dest": target, "type": kind, "output": output, "readonly": read_only} | more


def private(step, kind):
    """Secrets and agents: no operation makes them."""
    usual = 0o400 if kind is MountType.SECRET else 0o600
    for mount in step.mounts:
        if mount.type is kind and mount.target:
            mode = usual if mount.mode is None else mount.mode
            about = {"id": mount.cache_id, "optional": not mount.required, "mode": mode}
            about |= {"uid": mount.uid or 0, "gid": mount.gid or 0}
            yield step_mount(mount.target, kind.value, 0, read_only=False) | {"input": -1, kind.value: about}


def secret_variables(step):
    secrets = (mount for mount in step.mounts if mount.env)
    return [{"id": one.cache_id, "name": one.env, "optional": not one.required} for one in secrets]


def proxy_variables(step):
    pairs = (entry.partition("=") for entry in step.proxies)
    return {name: value for name, _, value in pairs if name.islower()}
