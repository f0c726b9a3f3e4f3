"""Trust for the certificate that a registry made itself, for as long as it runs: in `certs.d` of a store."""

import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from pydock_lab.registry.server.tls import Certificate
from pydock_lab.store.home import make_private

_FILE = "pydock-registry.crt"  # ours to write, and to remove: what others put there has another name


class Trust:
    """What the clients of a store trust a registry by, under the names that it is reached by on this machine."""

    def __init__(self, store: Path | None, names: Iterable[str], certificate: Certificate | None) -> None:
        self._places = [store / "certs.d" / name / _FILE for name in dict.fromkeys(names)] if store else []
        self._authority = certificate.authority if certificate else None

    def begin(self) -> None:
        """Put it there; without a certificate, remove what one that was killed has left."""
        self.end()
        for place in self._places if self._authority else ():
            make_private(place.parent)
            shutil.copyfile(self._authority or "", place)

    def end(self) -> None:
        """Remove it."""
        for place in self._places:
            place.unlink(missing_ok=True)
            with suppress(OSError):  # there are others in it, or there is none
                place.parent.rmdir()
