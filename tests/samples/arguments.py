"""Commands put together, as they usually are, and as a stranger would like to have them."""

from dataclasses import replace

from pydock_lab.engine.argument_vectors import from_texts
from pydock_lab.views import ArgumentVector, ArgumentWord
from samples.views import HOSTILE

PLAIN: ArgumentVector = from_texts('["echo", "-n"]', '["hello", "$USER"]', "good 'bye now'", image="greeter:1")
SHELL: ArgumentVector = from_texts("echo hello", '["you"]', "", image="greeter:2")
HOSTILE_ARGUMENTS: ArgumentVector = replace(
    PLAIN,
    image=HOSTILE,
    entrypoint=(HOSTILE,) * 40,
    cmd=(HOSTILE * 9,),
    words=(HOSTILE,),
    option=HOSTILE,
    result=tuple(ArgumentWord(text=HOSTILE, source="run", is_ignored=True) for _ in range(40)),
)
