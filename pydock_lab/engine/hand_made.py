"""What a container made by hand is to have (see by_hand.py)."""

from dataclasses import dataclass

# In the order of a lesson; `proc` and `root` are no namespaces, but what one does in a mount namespace.
STEPS = ("user", "uts", "pid", "proc", "root", "net", "ipc", "cgroup")


@dataclass(frozen=True, kw_only=True, slots=True)
class HandMade:
    """`own` are kinds of namespaces (`user`, `mnt` ...), `root` an image, `proc`: a /proc of its own."""

    command: tuple[str, ...]
    own: frozenset[str] = frozenset()
    root: str = ""
    proc: bool = False
    hostname: str = ""

    @property
    def options(self) -> str:
        """As on the command line."""
        names = [
            f"--{'mount' if kind == 'mnt' else kind}" for kind in ("user", "uts", "pid", "mnt") if kind in self.own
        ]
        names += ["--proc"] if self.proc else []
        names += [f"--root {self.root}"] if self.root else []
        return " ".join([*names, *(f"--{kind}" for kind in ("net", "ipc", "cgroup") if kind in self.own)])

    def step_for(self, call: str) -> str:
        """The step that was missing where `call` was refused: another one than the next, if it was left out."""
        if call.startswith(("mount", "pivot_root")) and not {"user", "mnt"} <= self.own:
            return "mnt" if "user" in self.own else "user"
        if call == "sethostname" and not {"user", "uts"} <= self.own:
            return "uts" if "user" in self.own else "user"
        return self.next_step

    @property
    def next_step(self) -> str:
        """The first of STEPS that is missing, "" where none is."""
        has = self.own | ({"proc"} if self.proc else set()) | ({"root"} if self.root else set())
        return next((step for step in STEPS if step not in has), "")
