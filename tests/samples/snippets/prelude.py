"""What the other functions here share; it must not import anything that the container may not have."""

import ctypes
import errno
import json
import os
import subprocess

libc = ctypes.CDLL(None, use_errno=True)


def sh(script, **more):
    """The exit status of a script, what it wrote, and its complaints."""
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False, **more)
    return [done.returncode, done.stdout, done.stderr]


def told(action):
    """What an action gives, or the name of its error."""
    try:
        return action()
    except OSError as error:
        return errno.errorcode[error.errno]


def write(path, text="x", mode=0o644):
    """Make a file."""
    with open(path, "w") as file:
        file.write(text)
    os.chmod(path, mode)


def look(path, **more):
    """The mode, owner, group and size of a file."""
    state = os.stat(path, **more)
    return [oct(state.st_mode), state.st_uid, state.st_gid, state.st_size]


def child(action):
    """What an action tells in a process of its own."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            said = json.dumps(told(action))
        except BaseException as error:
            said = json.dumps(repr(error))
        os.write(writer, said.encode())
        os._exit(0)
    os.close(writer)
    os.waitpid(pid, 0)
    return json.loads(os.read(reader, 65536))


def be(uid, gid=None, groups=()):
    """Become another user."""
    os.setgroups(list(groups))
    os.setresgid(*[uid if gid is None else gid] * 3)
    os.setresuid(uid, uid, uid)


def call(name, *arguments):
    """A function of the C library: its result, or the name of its error."""
    result = getattr(libc, name)(*arguments)
    return result if result >= 0 else errno.errorcode[ctypes.get_errno()]
