"""Pipes, sockets and terminals."""

import os
import pty
import select
import socket
import struct
import threading

from samples.snippets.prelude import call, libc, look, told


def fifos() -> object:
    os.mkfifo("p")
    t = threading.Thread(target=lambda: open("p", "w").write("through"))
    t.start()
    a = open("p").read()
    t.join()
    return [
        a,
        told(lambda: os.open("p", os.O_WRONLY | os.O_NONBLOCK)),
        told(lambda: os.close(os.open("p", os.O_RDONLY | os.O_NONBLOCK))),
    ]


def sockets() -> object:
    a = socket.socket(socket.AF_UNIX)
    a.bind("s")
    a.listen()
    b = socket.socket(socket.AF_UNIX)
    b.connect("/tmp/sockets/s")
    c, who = a.accept()
    c.sendall(b"hello")
    return [
        b.recv(5).decode(),
        a.getsockname(),
        b.getpeername(),
        b.getsockname(),
        c.getsockname(),
        who,
        look("s")[0],
        struct.unpack("3i", b.getsockopt(1, 17, 12))[1:],
        told(lambda: socket.socket(socket.AF_UNIX).bind("s")),
        told(lambda: socket.socket(socket.AF_UNIX).connect("none")),
        told(lambda: socket.socket(socket.AF_UNIX).connect("/etc/passwd")),
    ]


def sockets_with_long_names() -> object:
    os.mkdir("d" * 50)
    os.chdir("d" * 50)
    a = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    a.bind("n" * 100)
    b = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    b.sendto(b"x", "n" * 100)
    b.sendmsg([b"y"], [], 0, "n" * 100)
    return [a.recv(1).decode(), a.recv(1).decode(), a.getsockname(), os.listdir(".")]


def abstract_sockets() -> object:
    a = socket.socket(socket.AF_UNIX)
    a.bind(b"\x00pydock-%d" % os.getpid())
    a.listen()
    b = socket.socket(socket.AF_UNIX)
    b.connect(a.getsockname())
    return [a.getsockname()[:8].decode()]


def terminals() -> object:
    pid, master = pty.fork()
    if pid == 0:
        os.execv("/bin/sh", ["sh", "-c", "tty | cut -c -9; test -w /dev/tty && echo mine > /dev/tty"])
    os.waitpid(pid, 0)
    out = b""
    try:
        while part := os.read(master, 100):
            out += part
    except OSError:
        pass
    return out.decode()


def watching() -> object:
    i = libc.inotify_init()
    w = libc.inotify_add_watch(i, b".", 0x100)
    os.close(os.open("new", os.O_CREAT))
    select.select([i], [], [], 5)
    return [w, os.read(i, 4096)[16:19].decode(), call("inotify_add_watch", i, b"none", 0x100)]
