"""What a build gives besides an image in the store: its outputs, and its cache for other stores.

Nothing of it is loaded for a build that asks for neither.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pydock_lab import locale
from pydock_lab.build.builder import BuiltImage
from pydock_lab.build.stage import StepResult
from pydock_lab.build.steps import Plan
from pydock_lab.engine.cache_exports import exported, inline, write
from pydock_lab.engine.home import Home
from pydock_lab.engine.options import BuildOptions, CacheKind, CacheStore
from pydock_lab.engine.outputs import export
from pydock_lab.engine.transfers import OpenClient
from pydock_lab.errors import PydockError
from pydock_lab.events import Noted, OnEvent
from pydock_lab.oci import Reference
from pydock_lab.store.leases import Lease


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """Delivers one build; `lease` protects what is made for it."""

    home: Home
    options: BuildOptions
    plan: Plan
    results: Sequence[StepResult]
    lease: Lease
    open_client: OpenClient
    on_event: OnEvent

    def deliver(self, built: BuiltImage) -> BuiltImage:
        """Write all that was asked for; the image, with its cache in it where that was asked for. Raises PydockError.

        Names are those of the build: an archive has them, too.
        """
        built = self._with_cache(built)
        for output in self.options.outputs:
            names = tuple(map(Reference.parse, dict.fromkeys((*self.options.tags, *output.names))))
            export(self.home, built, output, names, self.on_event)
        for target in self.options.cache_to:
            self._write_cache(target)
        return built

    def _with_cache(self, built: BuiltImage) -> BuiltImage:
        if all(target.kind is not CacheKind.INLINE for target in self.options.cache_to):
            return built
        return inline(built, exported(self.plan, self.results, is_whole=False), self.home, self.lease)

    def _write_cache(self, target: CacheStore) -> None:
        if target.kind is CacheKind.INLINE:
            return
        steps = exported(self.plan, self.results, is_whole=target.is_whole)
        try:
            write(target, steps, self.home, self.lease, self.open_client)
        except PydockError as error:
            if not target.ignore_error:
                raise
            text = locale.text("engine.cache-not-written", name=str(target), reason=error.message())
            self.on_event(Noted(text=text))
            return
        self.on_event(Noted(text=locale.text("engine.cache-written", name=str(target), count=len(steps))))
