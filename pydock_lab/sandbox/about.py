"""The job that says what ground the zygote stands on."""

from dataclasses import asdict
from typing import Any

from pydock_lab.sandbox.worker import Request


def about(request: Request) -> dict[str, Any]:
    """`{"tier": ..., "refusals": [...]}`."""
    return {"tier": request.tier, "refusals": [asdict(one) for one in request.refusals]}
