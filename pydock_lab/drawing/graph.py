"""A view as an object of the `graphviz` package, which renders it where the program `dot` is installed.

Imported only when somebody asks for it: the pictures need neither the package nor the program.
"""

import graphviz

from pydock_lab.drawing.speech import Speech


class Graph(graphviz.Source):  # type: ignore[misc]  # the package has no types
    """A graph that says so in one line where `dot` is missing."""

    def _repr_mimebundle_(self, include: object = None, exclude: object = None, **_options: object) -> dict[str, str]:
        """SVG, or words and the source: never graphviz's own traceback of many lines."""
        del include, exclude
        try:
            return {"image/svg+xml": self.pipe(format="svg", encoding="utf-8")}
        except graphviz.ExecutableNotFound:
            return {"text/plain": f"{Speech.of(None).say('no-dot')}\n\n{self.source}"}
