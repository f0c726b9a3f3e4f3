"""What a RUN step's program writes: events as it comes, and the last lines for the error."""

import codecs
import os
import threading
from collections import deque
from typing import Self

from pydock_lab.events import OnEvent, StepOutput, Stream

_CHUNK = 65536
_TAIL_LINES = 20
_TAIL_BYTES = 4000


class StepOutputs:
    """Two pipes that are read in threads; `stdout` and `stderr` are their ends for the program."""

    def __init__(self, step: int, on_event: OnEvent) -> None:
        self._step, self._on_event = step, on_event
        self._tail: deque[str] = deque(maxlen=_TAIL_LINES)
        self._threads: list[threading.Thread] = []
        self.stdout, self.stderr = (self._open(stream) for stream in Stream)
        self._open_ends = [self.stdout, self.stderr]

    def _open(self, stream: Stream) -> int:
        reader, writer = os.pipe()
        thread = threading.Thread(target=self._read, args=(reader, stream), name="pydock-output", daemon=True)
        thread.start()
        self._threads.append(thread)
        return writer

    def __enter__(self) -> Self:
        return self

    def close(self) -> None:
        """Let go of the program's ends, once it has them itself."""
        for descriptor in self._open_ends:
            os.close(descriptor)
        self._open_ends.clear()

    def __exit__(self, *_error: object) -> None:
        self.close()
        for thread in self._threads:
            thread.join(timeout=2)

    def tail(self) -> str:
        """The last lines of both outputs."""
        return "".join(self._tail)[-_TAIL_BYTES:].rstrip()

    def _read(self, reader: int, stream: Stream) -> None:
        # A read may end within a character: the rest of it comes with the next one.
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        with os.fdopen(reader, "rb", buffering=0) as pipe:
            while chunk := pipe.read(_CHUNK):
                text = decoder.decode(chunk)
                self._tail.extend(text.splitlines(keepends=True))
                self._on_event(StepOutput(step=self._step, stream=stream, text=text))
