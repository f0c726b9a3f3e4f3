"""What a RUN may only do where the user of the build allows it: `--allow network.host`.

Source: Docker's documentation, "docker buildx build --allow".
"""

from collections.abc import Set as AbstractSet

from pydock_lab.build.steps import Plan, RunStep
from pydock_lab.dockerfile.instructions import Network, Security
from pydock_lab.errors import BuildError


def check_entitlements(plan: Plan, allowed: AbstractSet[str]) -> None:
    """Raises BuildError for the first step that asks for more than what is allowed."""
    for step in (step for stage in plan.stages for step in stage.steps if isinstance(step, RunStep)):
        asked = {
            "network.host": step.network is Network.HOST,
            "security.insecure": step.security is Security.INSECURE,
        }
        for entitlement, is_asked in asked.items():
            if is_asked and entitlement not in allowed:
                lines = step.lines
                raise BuildError("build.entitlement", entitlement=entitlement, line=lines.first, end_line=lines.last)
