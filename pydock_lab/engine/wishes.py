"""From the options of `docker run` and `docker exec` to what the runtime's bundle takes: words become values."""

import os
import posixpath
import resource
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from pydock_lab.engine import processors
from pydock_lab.engine.run_options import DeviceWish, ExecOptions, HealthWish, LimitWishes, RunOptions
from pydock_lab.errors import ContainerError
from pydock_lab.oci.config import Healthcheck
from pydock_lab.oci.runtime_spec import ContainerSpec, Device, Limits, Mount, MountKind, Namespaces, Network, Rlimit
from pydock_lab.runtime import sysctls
from pydock_lab.runtime.bundle import Security, Wishes
from pydock_lab.runtime.health import HealthCheck
from pydock_lab.runtime.logs import LogLimits

_LEAST_MEMORY = 6 * 1024 * 1024  # bytes; Docker's own limit: with less nothing starts
_BYTES = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_NANO = 1_000_000_000
_LONGEST_HOSTNAME = 64  # bytes: HOST_NAME_MAX of limits.h
# Those of a tmpfs that are done, and those that say what is so anyway, or are of no matter there (mount(8)).
_OF_TMPFS = frozenset(
    {
        *("size", "nr_inodes", "mode", "uid", "gid", "ro", "exec", "suid"),
        *("rw", "noexec", "nosuid", "nodev", "nomand", "sync", "async", "dirsync", "defaults", "private", "rprivate"),
        *("atime", "noatime", "relatime", "norelatime", "diratime", "nodiratime", "strictatime", "nostrictatime"),
    }
)
_DEFAULT_RETRIES = 3


def run_wishes(
    options: RunOptions, volumes: Sequence[Mount], network: Network, namespaces: Namespaces, security: Security
) -> Wishes:
    """What `docker run` asks for, with volumes, a network and namespaces that are there; raises ContainerError."""
    sysctls.check(options.sysctls, namespaces, network)
    _check_folder(options.working_dir)
    if len(os.fsencode(options.hostname)) > _LONGEST_HOSTNAME:
        raise ContainerError("engine.hostname", value=options.hostname, most=_LONGEST_HOSTNAME)
    if options.devices:
        from pydock_lab.runtime import devices  # noqa: PLC0415 - few containers ask for one

        devices.check(tuple(map(_device, options.devices)))
    return Wishes(
        command=options.command,
        entrypoint=options.entrypoint,
        hostname=options.hostname,
        domainname=options.domainname,
        env=options.env,
        working_dir=options.working_dir,
        user=options.user,
        groups=options.groups,
        terminal=options.terminal,
        mounts=(*volumes, *map(tmpfs, options.tmpfs), *_outside_dev(options.devices)),
        namespaces=namespaces,
        network=network,
        limits=limits(options.limits),
        rlimits=tuple(map(rlimit, options.ulimits)),
        oom_score_adj=options.oom_score_adj,
        cgroup_parent=options.cgroup_parent,
        devices=tuple(_device(one) for one in options.devices if _is_in_dev(one)),
        sysctls=options.sysctls,
        read_only=options.read_only,
        init=options.init,
        cap_add=options.cap_add,
        cap_drop=options.cap_drop,
        privileged=options.privileged,
        security=security,
        stop_signal=options.stop_signal,
        shm_size=options.shm_size,
        annotations=options.annotations,
    )


def exec_wishes(spec: ContainerSpec, options: ExecOptions) -> Wishes:
    """What `docker exec` asks for, on top of what the container was started with; raises ContainerError."""
    _check_folder(options.working_dir)
    started_with = dict(entry.partition("=")[::2] for entry in spec.process.env)
    return Wishes(
        command=options.command,
        env=started_with | dict(options.env),
        working_dir=options.working_dir or spec.process.cwd,
        user=options.user or spec.process.user,
        groups=() if options.user else spec.process.groups,
        terminal=options.terminal,
        privileged=options.privileged,
        security=Security(
            no_new_privileges=spec.process.no_new_privileges,
            seccomp=spec.process.seccomp,
            seccomp_profile=spec.process.seccomp_profile,
        ),
    )


def _check_folder(path: str) -> None:
    if path and not path.startswith("/"):
        raise ContainerError("engine.working-folder", path=path)


def tmpfs(text: str) -> Mount:
    """`PATH[:OPTIONS]`, the options being those of mount(8) for a tmpfs; raises ContainerError."""
    target, _, said = text.partition(":")
    given = dict(word.partition("=")[::2] for word in said.split(",") if word)
    if not given.keys() <= _OF_TMPFS or not target.startswith("/"):
        raise ContainerError("engine.tmpfs", value=text)
    try:
        found = Mount(
            target=posixpath.normpath(target),
            kind=MountKind.TMPFS,
            size=_bytes(given.get("size", "0")),
            inodes=_bytes(given.get("nr_inodes", "0")),
            mode=int(given.get("mode", "1777"), 8),
            uid=int(given.get("uid", "0")),
            gid=int(given.get("gid", "0")),
            read_only="ro" in given,
            is_executable="exec" in given,
            allows_setuid="suid" in given,
        )
    except ValueError:
        raise ContainerError("engine.tmpfs", value=text) from None
    if min(found.size, found.inodes, found.mode, found.uid, found.gid) < 0:
        raise ContainerError("engine.tmpfs", value=text)
    return found


def _bytes(text: str) -> int:
    unit = _BYTES.get(text[-1:].lower(), 0)
    return int(text[:-1]) * unit if unit else int(text)


def _is_in_dev(wish: DeviceWish) -> bool:
    return wish.path.startswith("/dev/")


def _device(wish: DeviceWish) -> Device:
    return Device(source=wish.source, path=wish.path, access=wish.access)


def _outside_dev(wishes: Sequence[DeviceWish]) -> list[Mount]:
    """A device at another place than below /dev is bound there."""
    return [Mount(target=one.path, source=one.source) for one in wishes if not _is_in_dev(one)]


def rlimit(text: str) -> Rlimit:
    """`NAME=SOFT[:HARD]`, -1 being no limit; raises ContainerError."""
    name, equals, values = text.partition("=")
    soft, _, hard = values.partition(":")
    if not hasattr(resource, f"RLIMIT_{name.upper()}"):
        raise ContainerError("runtime.unknown-ulimit", ulimit=name)
    try:
        found = Rlimit(name=name, soft=int(soft), hard=int(hard or soft))
    except ValueError:
        raise ContainerError("engine.ulimit", value=text) from None
    highest = [float("inf") if value < 0 else value for value in (found.soft, found.hard)]
    if not equals or highest[0] > highest[1]:
        raise ContainerError("engine.ulimit", value=text)
    return found


def limits(wishes: LimitWishes, before: Limits | None = None) -> Limits:
    """Limits that make sense together, and with those `before`; raises ContainerError with Docker's own reasons."""
    said = {one.name: getattr(wishes, one.name) for one in fields(wishes)}
    found = Limits(**said) if before is None else _merged(before, said)
    if found.memory is not None and 0 < found.memory < _LEAST_MEMORY:
        raise ContainerError("engine.memory-too-small", least="6MB")
    if 0 < (found.memory_reservation or 0) < _LEAST_MEMORY:
        raise ContainerError("engine.reservation-too-small", least="6MB")
    if found.memory_swap is not None and found.memory_swap > 0:
        if not found.memory:
            raise ContainerError("engine.swap-without-memory")
        if found.memory_swap < found.memory:
            raise ContainerError("engine.swap-below-memory")
    if found.memory_reservation and found.memory and found.memory_reservation > found.memory:
        raise ContainerError("engine.reservation-above-memory")
    if found.cpus is not None and (found.cpu_quota is not None or found.cpu_period is not None):
        raise ContainerError("engine.cpus-and-quota")
    processors.check(wishes)
    return found


def _merged(before: Limits, wanted: Mapping[str, Any]) -> Limits:
    """What was in force, with what is said now: of two ways to say it, the new one."""
    said = {name: value for name, value in wanted.items() if value not in (None, "")}
    if "cpus" in said:
        said = {"cpu_quota": None, "cpu_period": None} | said
    elif "cpu_quota" in said or "cpu_period" in said:
        said = {"cpus": None} | said
    return replace(before, **said)


def log_limits(driver: str, options: Mapping[str, str]) -> LogLimits:
    """`--log-driver` and `--log-opt`; raises ContainerError for what there is not."""
    if driver not in ("", "json-file", "local", "none"):
        raise ContainerError("engine.log-driver", driver=driver)
    unknown = options.keys() - {"max-size", "max-file", "mode", "compress", "labels", "env", "tag"}
    if unknown:
        raise ContainerError("engine.log-option", option=min(unknown))
    try:
        size = _bytes(options["max-size"]) if "max-size" in options else 0
        files = int(options.get("max-file", "1" if size else "2"))
    except ValueError:
        raise _log_size(options) from None
    if files < 1 or size < 0:
        raise _log_size(options)
    default = LogLimits()
    return LogLimits(max_size=size or default.max_size, max_files=files, is_off=driver == "none")


def _log_size(options: Mapping[str, str]) -> ContainerError:
    sizes = (f"{name}={options[name]}" for name in ("max-size", "max-file") if name in options)
    return ContainerError("engine.log-size", value=" ".join(sizes))


def health_check(wish: HealthWish, declared: Healthcheck | None, shell: Sequence[str] | None) -> HealthCheck | None:
    """The image's HEALTHCHECK and `--health-*` together; None where nothing is checked. Raises ContainerError.

    `shell` is the image's SHELL, which understands a command that is one text; None: it says nothing of one.
    """
    test = declared.test if declared else ()
    if wish.command is not None:
        test = ("CMD-SHELL", wish.command)
    if wish.is_off:
        if wish.command is not None:
            raise ContainerError("engine.health-off")
        return None
    if not test or test[0] == "NONE":
        return None
    command = (*(shell or ("/bin/sh", "-c")), *test[1:]) if test[0] == "CMD-SHELL" else test[1:]
    said = {name: getattr(wish, name) for name in ("interval", "timeout", "start_period", "start_interval")}
    for name, value in said.items():
        if value is None and declared and getattr(declared, name):
            said[name] = getattr(declared, name) / _NANO
    given = {name: value for name, value in said.items() if value}
    retries = wish.retries or (declared.retries if declared else 0) or _DEFAULT_RETRIES
    return HealthCheck(command=command, retries=retries, **given)
