"""What a person sees, as plain frozen data: the engine fills them, `drawing` shows them, tests compare them.

Sizes are bytes, times RFC 3339 texts, digests full (`sha256:...`); a drawing shortens them.
"""

from pydock_lab.views.argument_vector import ArgumentVector, ArgumentWord
from pydock_lab.views.base import View
from pydock_lab.views.build_trace import BuildTrace, StepOutcome, TraceStage, TraceStep
from pydock_lab.views.containers import ContainerView, Gauge, ImageInstances, Instances
from pydock_lab.views.context_tree import ContextCopy, ContextFile, ContextTree, IgnoreLine
from pydock_lab.views.explanation import (
    Attribute,
    AttributeChange,
    Cause,
    CauseKind,
    Explanation,
    FileDifference,
    KeyView,
    Outcome,
    SetBy,
    Setter,
    Sign,
    StepExplanation,
    WordPiece,
)
from pydock_lab.views.guess import Guess
from pydock_lab.views.image_tree import ImageTree, TreeBranch, TreeContainer, TreeImage, TreeLayer
from pydock_lab.views.layers import ChangeKind, FileChange, FileContent, FileNode, LayerRow, LayerStack, Opened, Origin
from pydock_lab.views.machine import Doctor, FacetView
from pydock_lab.views.namespaces import Namespaces, NamespaceView, SidesOfProcess
from pydock_lab.views.registry import BlobView, ManifestView, RepositoryView, TagTree, TagView
from pydock_lab.views.run_trace import CallView, RunStep, RunTrace, Sight, StartPhase
from pydock_lab.views.shared_layers import PlacedLayer, SharedLayers
from pydock_lab.views.surroundings import (
    EventKind,
    EventView,
    NetworkMember,
    NetworkView,
    PortView,
    VolumeUser,
    VolumeView,
)
from pydock_lab.views.tag_story import TagState, TagStory
from pydock_lab.views.transfer import RequestStep, TransferTrace, TravelledBlob
from pydock_lab.views.weight import (
    ContextFolder,
    ContextWeight,
    HeavyFile,
    Secret,
    SecretKind,
    SecretPlace,
    StepWeight,
    WastedFile,
    WasteReason,
    Weight,
)
from pydock_lab.views.what_if import Proposal, ProposalKind, StepTime, WhatIf

__all__ = [
    "ArgumentVector",
    "ArgumentWord",
    "Attribute",
    "AttributeChange",
    "BlobView",
    "BuildTrace",
    "CallView",
    "Cause",
    "CauseKind",
    "ChangeKind",
    "ContainerView",
    "ContextCopy",
    "ContextFile",
    "ContextFolder",
    "ContextTree",
    "ContextWeight",
    "Doctor",
    "EventKind",
    "EventView",
    "Explanation",
    "FacetView",
    "FileChange",
    "FileContent",
    "FileDifference",
    "FileNode",
    "Gauge",
    "Guess",
    "HeavyFile",
    "IgnoreLine",
    "ImageInstances",
    "ImageTree",
    "Instances",
    "KeyView",
    "LayerRow",
    "LayerStack",
    "ManifestView",
    "NamespaceView",
    "Namespaces",
    "NetworkMember",
    "NetworkView",
    "Opened",
    "Origin",
    "Outcome",
    "PlacedLayer",
    "PortView",
    "Proposal",
    "ProposalKind",
    "RepositoryView",
    "RequestStep",
    "RunStep",
    "RunTrace",
    "Secret",
    "SecretKind",
    "SecretPlace",
    "SetBy",
    "Setter",
    "SharedLayers",
    "SidesOfProcess",
    "Sight",
    "Sign",
    "StartPhase",
    "StepExplanation",
    "StepOutcome",
    "StepTime",
    "StepWeight",
    "TagState",
    "TagStory",
    "TagTree",
    "TagView",
    "TraceStage",
    "TraceStep",
    "TransferTrace",
    "TravelledBlob",
    "TreeBranch",
    "TreeContainer",
    "TreeImage",
    "TreeLayer",
    "View",
    "VolumeUser",
    "VolumeView",
    "WasteReason",
    "WastedFile",
    "Weight",
    "WhatIf",
    "WordPiece",
]
