"""Proxies of the build: programs read them, and they are no part of an image nor of a cache key.

A build argument of such a name needs no ARG. Programs look for them in capitals or in small letters, so both are
set. Source: Dockerfile reference, "Predefined ARGs".
"""

from collections.abc import Mapping

_NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY")


def proxies(build_args: Mapping[str, str]) -> tuple[str, ...]:
    """The variables that RUN gets, as `NAME=value`."""
    # Of two spellings the later one in byte order counts: small letters before capitals.
    given = {name.upper(): build_args[name] for name in sorted(build_args)}
    return tuple(f"{spelling}={given[name]}" for name in _NAMES if given.get(name) for spelling in (name, name.lower()))
