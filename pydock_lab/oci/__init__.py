"""The values of the OCI specifications: frozen, checked when they are made, and without any input or output."""

from pydock_lab.oci.config import ContainerConfig, Healthcheck, History, ImageConfig
from pydock_lab.oci.descriptor import INDEX_TYPES, MANIFEST_TYPES, Descriptor, MediaType, Platform
from pydock_lab.oci.digest import Digest, chain_ids
from pydock_lab.oci.document import canonical
from pydock_lab.oci.manifest import Index, Manifest, read_document
from pydock_lab.oci.reference import Reference

__all__ = [
    "INDEX_TYPES",
    "MANIFEST_TYPES",
    "ContainerConfig",
    "Descriptor",
    "Digest",
    "Healthcheck",
    "History",
    "ImageConfig",
    "Index",
    "Manifest",
    "MediaType",
    "Platform",
    "Reference",
    "canonical",
    "chain_ids",
    "read_document",
]
