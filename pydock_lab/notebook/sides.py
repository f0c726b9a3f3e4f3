"""`%namespaces`: one container from the host and from inside, side by side."""

from pydock_lab.notebook.picture import Picture, script


class Sides(Picture):
    """Namespaces and processes with the numbers that either side has for them."""

    _esm = script("plain.js")
