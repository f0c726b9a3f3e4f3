"""The names of the checks, as `# check=skip=...` has them."""

import re
from enum import Enum

from pydock_lab import locale

_CAPITALS = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_DOCUMENTATION = "https://docs.docker.com/go/dockerfile/rule"


class Rule(Enum):
    """One check; its words are in the catalogue `checks` under its `slug`."""

    CONSISTENT_INSTRUCTION_CASING = "ConsistentInstructionCasing"
    COPY_IGNORED_FILE = "CopyIgnoredFile"
    DUPLICATE_STAGE_NAME = "DuplicateStageName"
    EXPOSE_INVALID_FORMAT = "ExposeInvalidFormat"
    EXPOSE_PROTO_CASING = "ExposeProtoCasing"
    FROM_AS_CASING = "FromAsCasing"
    FROM_PLATFORM_FLAG_CONST_DISALLOWED = "FromPlatformFlagConstDisallowed"
    INVALID_BASE_IMAGE_PLATFORM = "InvalidBaseImagePlatform"
    INVALID_DEFAULT_ARG_IN_FROM = "InvalidDefaultArgInFrom"
    INVALID_DEFINITION_DESCRIPTION = "InvalidDefinitionDescription"
    JSON_ARGS_RECOMMENDED = "JSONArgsRecommended"
    LEGACY_KEY_VALUE_FORMAT = "LegacyKeyValueFormat"
    MAINTAINER_DEPRECATED = "MaintainerDeprecated"
    MULTIPLE_INSTRUCTIONS_DISALLOWED = "MultipleInstructionsDisallowed"
    NO_EMPTY_CONTINUATION = "NoEmptyContinuation"
    REDUNDANT_TARGET_PLATFORM = "RedundantTargetPlatform"
    RESERVED_STAGE_NAME = "ReservedStageName"
    SECRETS_USED_IN_ARG_OR_ENV = "SecretsUsedInArgOrEnv"
    STAGE_NAME_CASING = "StageNameCasing"
    UNDEFINED_ARG_IN_FROM = "UndefinedArgInFrom"
    UNDEFINED_VAR = "UndefinedVar"
    WORKDIR_RELATIVE_PATH = "WorkdirRelativePath"

    @property
    def slug(self) -> str:
        """`stage-name-casing`: in addresses, and in the catalogue."""
        return _CAPITALS.sub("-", self.value).lower()

    @property
    def url(self) -> str:
        """Its page in Docker's documentation; "" for the one that has none."""
        return "" if self is Rule.INVALID_BASE_IMAGE_PLATFORM else f"{_DOCUMENTATION}/{self.slug}/"

    @property
    def is_experimental(self) -> bool:
        """Whether it is only made where `# check=experimental=` asks for it."""
        return self is Rule.INVALID_DEFINITION_DESCRIPTION

    def description(self, language: str | None = None) -> str:
        """What the rule is, in one sentence."""
        return locale.text(f"checks.{self.slug}.description", language)
