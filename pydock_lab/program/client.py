"""Who asks the server: it hands over all that it has, passes signals on, and ends as the command did.

    client                                          server
      connect  ------------------------------------------->  fork: the child warms up
      when our code was changed, settings, words, files --> the child takes them up
      <---  YES and a pidfd of the child, or nothing         (it stands elsewhere, or has just ended)
      GO    ---------------------------------------------->  the child begins: now it is done there, and only there
      signals  -------------------------------------------->  the child
      <---  its wait status                                   the server, its parent

Terminals notify only the processes in front of them, and the child is in no terminal's session: so what is said to this
process is said to the child. Ctrl-Z stops both. Killed, it takes the child along: the server sees its end go away.
"""

import marshal
import os
import signal
import socket
import sys
from types import FrameType

from pydock_lab.program.place import Place
from pydock_lab.version import newest_source

YES, GO = b"+", b"!"
STATUS_BYTES = 4
MAX_FILES = 64
_PASSED_ON = ("HUP", "INT", "QUIT", "TERM", "USR1", "USR2", "WINCH")
_SERVER_GONE = 125
_PATIENCE_SECONDS = 2.0  # a server forks in a few milliseconds, unless it was stopped


def ask(place: Place) -> None:
    """Have the server do the command of this process, and end as that did; come back where no server will."""
    if len(place.files) >= MAX_FILES:
        return
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    line.settimeout(_PATIENCE_SECONDS)
    try:
        line.connect(place.socket)
    except OSError:
        line.close()
        return
    signals = _Signals()
    try:
        _send(line, place, signals.ignored)
        answer, children, _, _ = socket.recv_fds(line, len(YES), 1)
        is_taken = answer == YES
        if is_taken:
            line.sendall(GO)
    except OSError:
        is_taken = False
    if not is_taken:
        line.close()
        signals.let_go()
        return
    signals.reach(children[0])
    line.settimeout(None)
    _end_as(_status(line))


def _send(line: socket.socket, place: Place, ignored: list[int]) -> None:
    umask = os.umask(0)
    os.umask(umask)
    words = [os.fsencode(word) for word in sys.argv]
    said = (newest_source(), place.settings, words, dict(os.environb), umask, ignored, place.files)
    body = marshal.dumps(said)
    here = os.open(".", os.O_PATH | os.O_DIRECTORY)
    try:
        socket.send_fds(line, [len(body).to_bytes(STATUS_BYTES, "big")], [here, *place.files])
        line.sendall(body)
    finally:
        os.close(here)


class _Signals:
    """What this process is told by signals, passed on to the child as soon as there is one."""

    def __init__(self) -> None:
        self._child = -1
        self._early: list[int] = []
        self.ignored: list[int] = []
        self._before: dict[int, object] = {}
        for name in (*_PASSED_ON, "TSTP"):
            number = getattr(signal, f"SIG{name}")
            if signal.getsignal(number) is signal.SIG_IGN:
                self.ignored.append(int(number))
            else:
                self._before[number] = signal.signal(number, self._stop if name == "TSTP" else self._hear)

    def reach(self, child: int) -> None:
        """The child is there."""
        self._child = child
        for number in self._early:
            self._pass_on(number)

    def let_go(self) -> None:
        """There is none: signals mean what they did, those that have come, too."""
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type] # what it was
        for number in self._early:
            signal.raise_signal(number)

    def _hear(self, number: int, _frame: FrameType | None) -> None:
        if self._child < 0:
            self._early.append(number)
        else:
            self._pass_on(number)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        """Ctrl-Z, until somebody types `fg`."""
        self._pass_on(signal.SIGSTOP)
        os.kill(os.getpid(), signal.SIGSTOP)
        self._pass_on(signal.SIGCONT)

    def _pass_on(self, number: int) -> None:
        try:
            if self._child >= 0:
                signal.pidfd_send_signal(self._child, number)
        except ProcessLookupError:
            pass  # it has just ended, and the server is telling us


def _status(line: socket.socket) -> int | None:
    """How the child ended, as wait(2) says it; None: the server has gone, and the child with it."""
    content = b""
    while len(content) < STATUS_BYTES:
        try:
            chunk = line.recv(STATUS_BYTES - len(content))
        except OSError:
            chunk = b""
        if not chunk:
            return None
        content += chunk
    return int.from_bytes(content, "big")


def _end_as(status: int | None) -> None:
    """End as the child did, by a signal where it was one."""
    if status is None:
        os.write(2, b"pydock: the server of this command was killed\n")
        os._exit(_SERVER_GONE)
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code if code >= 0 else 128 - code)
