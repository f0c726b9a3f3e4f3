"""Which checks a Dockerfile asks for, in all of it and above one instruction.

# check=skip=StageNameCasing;error=true    at the top: for the whole file
FROM scratch AS Build
# check=skip=SecretsUsedInArgOrEnv         above an instruction: for this one
ARG TOKEN
"""

from collections.abc import Iterable
from dataclasses import replace

from pydock_lab.dockerfile.checks.rules import Rule
from pydock_lab.dockerfile.directives import CheckOptions, detect, directives
from pydock_lab.errors import DockerfileError


def wishes_of_file(text: str) -> CheckOptions:
    """What the directive at the top says; raises DockerfileError for one that means nothing."""
    directive = detect("check", text)
    return CheckOptions.parse(directive.head) if directive is not None else CheckOptions()


def with_comments(wishes: CheckOptions, comments: Iterable[str]) -> CheckOptions:
    """The wishes for an instruction below these comments; one that cannot be read is a comment like others."""
    for comment in comments:
        try:
            found = next((each for each in directives([f"# {comment}"]) if each.name == "check"), None)
            here = CheckOptions.parse(found.head) if found is not None else None
        except DockerfileError:
            return wishes
        if here is not None:
            return _merged(wishes, here)
    return wishes


def _merged(wishes: CheckOptions, here: CheckOptions) -> CheckOptions:
    return replace(
        wishes,
        skip=(*wishes.skip, *here.skip),
        skip_all=wishes.skip_all or here.skip_all,
        experimental=(*wishes.experimental, *here.experimental),
        experimental_all=wishes.experimental_all or here.experimental_all,
    )


def is_wanted(rule: Rule, wishes: CheckOptions) -> bool:
    """Whether a rule is to be looked at; those that have to be asked for are not skipped along with the others."""
    if rule.is_experimental:
        return wishes.experimental_all or rule.value in wishes.experimental
    return not wishes.skip_all and rule.value not in wishes.skip
