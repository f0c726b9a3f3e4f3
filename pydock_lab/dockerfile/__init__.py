"""Dockerfiles and `.dockerignore` as values: what is written, checked, with its lines, and nothing read or run.

    text --parser--> nodes --readers--> instructions --stages--> Dockerfile

`parse` does all of it; variables stay as they are written, since only the planner of a build knows their values
(`expand` replaces them).
"""

from pydock_lab.dockerfile.arguments import KEYWORDS
from pydock_lab.dockerfile.directives import CheckOptions, Directive, detect
from pydock_lab.dockerfile.expansion import Expansion, Mode, expand
from pydock_lab.dockerfile.heredoc import Heredoc
from pydock_lab.dockerfile.ignore import IgnoreRules
from pydock_lab.dockerfile.instructions import (
    Add,
    Arg,
    Cmd,
    CommandLine,
    Copy,
    Entrypoint,
    Env,
    Expose,
    From,
    Healthcheck,
    InlineFile,
    Instruction,
    Label,
    Maintainer,
    Network,
    Onbuild,
    Pair,
    Run,
    Security,
    Shell,
    Source,
    StopSignal,
    Transfer,
    User,
    Variable,
    Volume,
    Workdir,
)
from pydock_lab.dockerfile.mounts import Device, Mount, MountType, Sharing, parse_mount
from pydock_lab.dockerfile.nodes import ParseWarning, WarningKind
from pydock_lab.dockerfile.path_pattern import PathPattern
from pydock_lab.dockerfile.platforms import parse_platform, platform_arguments
from pydock_lab.dockerfile.ports import parse_ports
from pydock_lab.dockerfile.positions import LineRange
from pydock_lab.dockerfile.stages import Dockerfile, Stage, parse
from pydock_lab.dockerfile.suggest import closest

__all__ = [
    "KEYWORDS",
    "Add",
    "Arg",
    "CheckOptions",
    "Cmd",
    "CommandLine",
    "Copy",
    "Device",
    "Directive",
    "Dockerfile",
    "Entrypoint",
    "Env",
    "Expansion",
    "Expose",
    "From",
    "Healthcheck",
    "Heredoc",
    "IgnoreRules",
    "InlineFile",
    "Instruction",
    "Label",
    "LineRange",
    "Maintainer",
    "Mode",
    "Mount",
    "MountType",
    "Network",
    "Onbuild",
    "Pair",
    "ParseWarning",
    "PathPattern",
    "Run",
    "Security",
    "Sharing",
    "Shell",
    "Source",
    "Stage",
    "StopSignal",
    "Transfer",
    "User",
    "Variable",
    "Volume",
    "WarningKind",
    "Workdir",
    "closest",
    "detect",
    "expand",
    "parse",
    "parse_mount",
    "parse_platform",
    "parse_ports",
    "platform_arguments",
]
