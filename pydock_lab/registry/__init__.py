"""Registries: the client that talks to any of them, and a small real one to learn with (`registry.server`).

    credentials   who we are for whom              Docker's config.json and helper programs
    session       one HTTP request, authorized     challenge, auth, transport below it
    client        one method an endpoint           uploads: how a blob gets there
    transfer      push and pull of whole images    tree, hub: what there is

Source: OCI distribution specification 1.1; distribution/distribution, docs/spec/auth.
"""
