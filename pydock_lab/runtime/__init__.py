"""Containers: how one is started, watched, joined and ended.

`base.Runtime` is the engine's side. Nothing is imported here, so that the zygote stays small.
"""
