"""Learn containers by really doing them: images, containers and registries in a notebook, without Docker."""

__version__ = "0.1.0"
