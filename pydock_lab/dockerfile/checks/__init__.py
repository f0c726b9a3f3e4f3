"""Build checks: what is allowed in a Dockerfile and had better be written in another way.

    text --parser--> nodes        NODE_RULES      how it is written
         --survey--> sights       FILE_RULES      names and casing of the whole
                                  SIGHT_RULES     what each line would see in a build

Each of BuildKit's 22 checks is one small function, `table` binds them to what they look at, and the order of looking
is that of a build: where the build would end with an error, so do the checks. Source: BuildKit's documentation,
"Build checks".
"""

from pydock_lab.dockerfile.checks.check import Report, check
from pydock_lab.dockerfile.checks.finding import Finding
from pydock_lab.dockerfile.checks.rules import Rule

__all__ = ["Finding", "Report", "Rule", "check"]
