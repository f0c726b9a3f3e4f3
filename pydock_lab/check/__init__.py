"""Ask about images, containers and registries in an exercise: what is right, what is not, and how much of it.

    from pydock_lab import check

    check.image("app:1", cmd=["python", "app.py"], user="app", layers=6)     # in a cell: a line for each, with a mark
    check.image("app:1", user="app", absent=["/root/.cache"]).points(4)      # nbgrader: the cell's value, 0 to 4
    check.container("web", running=True, published={8080: 80}).require()     # Otter, pytest: AssertionError, in words

    check.fresh_store()     # in the first cell of a notebook that is graded: nothing of other submissions is there

Each keyword is one assertion, in the words of Docker's own fields; a result says of each whether it holds, in English
or French (`set_lang`). Nothing is written to stderr, and nothing raises but `require`.
"""

from pydock_lab.check.containers import container
from pydock_lab.check.fresh import fresh_store
from pydock_lab.check.images import image
from pydock_lab.check.registries import registry
from pydock_lab.check.result import Finding, Result

__all__ = ["Finding", "Result", "container", "fresh_store", "image", "registry"]
