"""What all stages of one build share: the workshop, where files come from, keys, copies, and the word to stop."""

import threading
from dataclasses import dataclass, field

from pydock_lab.build.cancelled import Cancelled
from pydock_lab.build.origins import Origins
from pydock_lab.build.step_keys import StepKeys
from pydock_lab.build.transfer import Transfer
from pydock_lab.build.workshop import Workshop
from pydock_lab.events import OnEvent


@dataclass(frozen=True, kw_only=True)
class Tools:
    """Shared by the threads of one build."""

    workshop: Workshop
    origins: Origins
    keys: StepKeys
    transfer: Transfer
    emit: OnEvent
    stopped: threading.Event = field(default_factory=threading.Event)

    def check_stopped(self) -> None:
        """Raise Cancelled where another stage has failed, or the user does not want to wait any more."""
        if self.stopped.is_set():
            raise Cancelled

    def stop(self) -> None:
        """Have every stage end soon: programs that run are killed."""
        self.stopped.set()
        self.origins.stop()
        self.workshop.runner.stop()
