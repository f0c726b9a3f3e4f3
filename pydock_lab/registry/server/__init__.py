"""A teaching registry: a real OCI Distribution 1.1 server on the standard library's sockets and threads.

    handler    a connection: bytes to Request, Response to bytes        messages, bodies, access, tls
    routes     method and path -> which endpoint, and what it takes
    guard      who asks, and whether they may                           users, rights, tokens
    blobs, uploads, manifests, listings                                 the endpoints, a few lines each
    storage, repository, sessions, garbage                              what is on disk

    $ tree DIRECTORY
    blobs/sha256/<hex>                          every content once, named by its digest
    repositories/lab/app/_blobs/sha256/<hex>    "this repository has that blob"
    repositories/lab/app/_manifests/sha256/<hex>  the same for manifests, with their media type
    repositories/lab/app/_tags.json             the names that move
    uploads/lab+app/<id>                        what is not whole yet; survives a restart

Source: OCI distribution specification 1.1.1 (spec.md); numbers such as end-4a are its table of endpoints.
"""

from pydock_lab.registry.server.access import Access
from pydock_lab.registry.server.server import RegistryServer
from pydock_lab.registry.server.tls import Certificate

__all__ = ["Access", "Certificate", "RegistryServer"]
