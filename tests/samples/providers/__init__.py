"""Doubles of the registries that people use, under their own names, in a network of their own.

Each speaks what its provider's documents say: how one gets in, what it refuses, its pages, its forms of errors.

    internet.py    a network namespace in which their names lead to this process, and TLS that is trusted there
    double.py      what all registries have in common: manifests, blobs, uploads, tags
    tokens.py      a token server beside it
    hub.py, github.py, amazon.py, google.py, azure.py, quay.py, harbor.py
"""
