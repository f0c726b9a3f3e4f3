"""Dockerfiles and `.dockerignore` as values: what is written, checked, with its lines, and nothing read or run.

    text --parser--> nodes --readers--> instructions --stages--> Dockerfile

`parse` does all of it; variables stay as they are written, since only the planner of a build knows their values
(`expand` replaces them).
"""
