"""Instruction by instruction: what each does to the state of its stage, and the step that it becomes.

settings  ENV, CMD, LABEL ...   the configuration only
run       RUN                   and its mounts
transfer  COPY, ADD, WORKDIR    files from elsewhere
"""

from pydock_lab.build.dispatch import run, settings, transfer
from pydock_lab.build.dispatch.base import dispatch

__all__ = ["dispatch", "run", "settings", "transfer"]
