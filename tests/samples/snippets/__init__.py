"""Small functions in Python that each tell one thing about the container that they run in, as something like JSON.

Their source is sent into the container, where `RUNNER` calls each in a process and a folder of its own (/tmp/NAME);
nothing of it is ever called here. An OSError is told by its name.
"""

import ast
import json
from pathlib import Path

_FOLDER = Path(__file__).parent
_SOURCES = {path.stem: path.read_text() for path in sorted(_FOLDER.glob("*.py")) if path.stem != "__init__"}

RUNNER = """
import errno, json, os, sys, types

def tell(name, function):
    os.mkdir("/tmp/" + name)
    os.chdir("/tmp/" + name)
    try:
        return function()
    except OSError as error:
        return errno.errorcode[error.errno] + " in " + str(error.filename)
    except BaseException as error:
        return repr(error)

def hear(name, function):
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        os.write(writer, json.dumps(tell(name, function)).encode())
        os._exit(0)
    os.close(writer)
    with open(reader, "rb") as pipe:
        content = pipe.read()
    os.waitpid(pid, 0)
    return json.loads(content or b"null")

sources = json.load(sys.stdin)
modules = {name: types.ModuleType("samples.snippets." + name) for name in sources}
for name in sorted(modules, key=lambda name: name != "prelude"):
    module = modules[name]
    sys.modules[module.__name__] = module
    exec(sources[name], vars(module))
prelude = vars(modules.pop("prelude"))
found = {}
for module in modules.values():
    for name, function in vars(module).items():
        if callable(function) and name not in prelude:
            found[name] = hear(name, function)
json.dump(found, sys.stdout)
"""


def names() -> list[str]:
    """Of all functions that tell something."""
    trees = [ast.parse(source) for name, source in _SOURCES.items() if name != "prelude"]
    return [node.name for tree in trees for node in tree.body if isinstance(node, ast.FunctionDef)]


def as_input() -> bytes:
    """What the runner reads."""
    return json.dumps(_SOURCES).encode()
