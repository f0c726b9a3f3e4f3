"""Which check looks at what."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pydock_lab.dockerfile.checks import bases, commands, names, ports, variables, writing
from pydock_lab.dockerfile.checks.finding import Finding
from pydock_lab.dockerfile.nodes import Node
from pydock_lab.dockerfile.stages import Stage
from pydock_lab.dockerfile.survey import (
    ArgumentSeen,
    BaseSeen,
    DefaultBase,
    ImageSeen,
    InstructionSeen,
    PlatformSeen,
    PortSeen,
    Sight,
    WordSeen,
)

NODE_RULES: Sequence[Callable[[Node], Iterator[Finding]]] = (
    writing.stage_name_casing,
    writing.from_as_casing,
    writing.maintainer_deprecated,
)
READ_NODE_RULES: Sequence[Callable[[Node], Iterator[Finding]]] = (writing.invalid_definition_description,)
FILE_RULES: Sequence[Callable[[Sequence[Stage]], Iterator[Finding]]] = (
    names.reserved_stage_name,
    names.duplicate_stage_name,
    names.consistent_instruction_casing,
)
SIGHT_RULES: Mapping[type[Sight], Sequence[Callable[[Any], Iterator[Finding]]]] = {
    DefaultBase: (bases.invalid_default_arg_in_from,),
    BaseSeen: (bases.undefined_arg_in_from,),
    PlatformSeen: (
        bases.undefined_arg_in_from,
        bases.redundant_target_platform,
        bases.from_platform_flag_const_disallowed,
    ),
    ImageSeen: (bases.invalid_base_image_platform,),
    WordSeen: (variables.undefined_var,),
    ArgumentSeen: (variables.secrets_used_in_arg,),
    InstructionSeen: (
        variables.legacy_key_value_format,
        variables.secrets_used_in_env,
        commands.json_args_recommended,
        commands.multiple_instructions_disallowed,
        commands.workdir_relative_path,
    ),
    PortSeen: (ports.expose_proto_casing, ports.expose_invalid_format),
}
