"""Another root: chroot."""

import os

from samples.snippets.prelude import child, look, told, write


def chroot() -> object:
    os.makedirs("new/in")
    write("new/f")
    os.symlink("/f", "new/l")
    os.symlink("../../..", "new/up")

    def go():
        os.chroot("new")
        os.chdir("/")
        return [
            os.getcwd(),
            os.listdir("/") == os.listdir(".."),
            look("/l"),
            told(lambda: os.stat("/etc/passwd")),
            os.listdir("/up") == os.listdir("/"),
            told(lambda: os.chroot("none")),
        ]

    return [child(go), os.path.exists("/etc/passwd")]


def outside_of_the_root() -> object:
    os.makedirs("new")

    def go():
        os.chroot("new")
        return [
            os.getcwd().startswith("(unreachable)") or os.getcwd(),
            os.path.exists("../../etc/passwd"),
            told(lambda: os.stat("/etc")),
        ]

    return child(go)
