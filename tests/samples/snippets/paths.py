"""Which file a path means."""

import os

from samples.snippets.prelude import look, told, write


def dots_at_the_root() -> object:
    return [os.path.realpath("/../.."), os.listdir("/..") == os.listdir("/"), os.path.exists("/../etc/passwd")]


def links_that_climb() -> object:
    os.symlink("/../../../etc/passwd", "a")
    os.symlink("../../../../../../../etc/group", "b")
    return [open("a").readline(), open("b").readline(), os.path.realpath("a"), os.readlink("b")]


def a_loop_of_links() -> object:
    os.symlink("b", "a")
    os.symlink("a", "b")
    return [told(lambda: open("a")), told(lambda: os.stat("a")), look("a", follow_symlinks=False)]


def forty_links() -> object:
    os.mkdir("d")
    for n in range(45):
        os.symlink("d" if n == 0 else str(n - 1), str(n))
    return [
        told(lambda: look("39")[0]),
        told(lambda: look("40")),
        told(lambda: os.mkdir("39/x")),
        told(lambda: os.mkdir("41/x")),
    ]


def slashes_and_dots() -> object:
    os.mkdir("d")
    write("d/f")
    os.symlink("d", "l")
    write("f")
    return [
        told(lambda: look(p))
        for p in ("d//./f", "d/../d/f", "l/f", "l/", "f/", "f/.", "f/..", "d/f/x", "none/..", "", ".", "..")
    ]


def long_paths() -> object:
    p = "/".join(["x" * 100] * 8)
    os.makedirs(p)
    write(p + "/f")
    return [
        look(p + "/f"),
        told(lambda: os.stat("y" * 300)),
        told(lambda: os.stat("/z" * 2100)),
        len(os.path.realpath(p)),
    ]


def many_folders() -> object:
    p = "/".join(["d"] * 1500)
    return [
        told(lambda: os.stat(p)),
        told(lambda: os.makedirs("/".join(["e"] * 300))),
        os.path.isdir("/".join(["e"] * 300)),
    ]


def relative_to_a_folder() -> object:
    os.mkdir("d")
    write("d/f")
    d = os.open("d", os.O_RDONLY)
    return [
        look("f", dir_fd=d),
        told(lambda: look("f", dir_fd=999)),
        told(lambda: look("f", dir_fd=os.open("d/f", 0))),
        look("../d/f", dir_fd=d),
        look("/etc/passwd", dir_fd=d)[0],
    ]


def a_folder_that_moves() -> object:
    os.mkdir("d")
    write("d/f")
    d = os.open("d", os.O_RDONLY)
    os.chdir("d")
    os.rename("../d", "../e")
    return [look("f"), look("f", dir_fd=d), os.path.basename(os.getcwd()), os.listdir(".")]


def a_folder_that_goes() -> object:
    os.mkdir("d")
    os.chdir("d")
    os.rmdir("../d")
    return [told(os.getcwd), told(lambda: os.listdir(".")), told(lambda: open("x", "w")), told(lambda: look("..")[0])]


def a_link_that_changes() -> object:
    os.mkdir("a")
    os.mkdir("b")
    write("a/f", "A")
    write("b/f", "B")
    os.symlink("a", "l")
    one = open("l/f").read()
    os.symlink("b", "m")
    os.rename("m", "l")
    two = open("l/f").read()
    os.unlink("l")
    os.mkdir("l")
    three = told(lambda: open("l/f"))
    os.rmdir("l")
    os.symlink("a", "l")
    return [one, two, three, open("l/f").read()]
