"""The one door to privileged work: a zygote that forks a worker for each request."""

from pydock_lab.sandbox.client import Sandbox, replies
from pydock_lab.sandbox.protocol import Connection

__all__ = ["Connection", "Sandbox", "replies"]
