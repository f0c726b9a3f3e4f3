"""Executing programs, and their processes and signals."""

import ctypes
import os
import pty
import signal
import subprocess
import threading
import time

from samples.snippets.prelude import call, libc, sh, told, write


def scripts() -> object:
    write("s", '#!/bin/sh -e\necho "$0" "$@"\n', 0o755)
    write("t", "#!./s one two \n", 0o755)
    write("u", "#! /bin/cat\nhello\n", 0o755)
    write("v", "#!/none\n", 0o755)
    write("w", "echo plain\n", 0o755)
    write("e", "#!\n", 0o755)

    def run(*words):
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        return [done.returncode, done.stdout]

    return [
        told(lambda: run(*w))
        for w in (
            ["./s", "a", "b c"],
            ["./t", "x"],
            ["./u"],
            ["./v"],
            ["./w"],
            ["./e"],
            ["./none"],
            ["."],
            ["/etc/passwd"],
        )
    ] + [sh("./w")[1]]


def many_arguments() -> object:
    write("s", "#!/bin/sh\necho $# ${#1}\n", 0o755)
    return [
        subprocess.run(
            ["./s", "x" * 50000, *map(str, range(5000))], capture_output=True, text=True, check=False
        ).stdout,
        told(lambda: subprocess.run(["/bin/true", "x" * 200000], check=False)),
    ]


def a_name_of_its_own() -> object:
    return [
        subprocess.run(
            ["another"],
            executable="/bin/sh",
            input='echo $0; cat /proc/$$/comm; tr "\\0" , < /proc/$$/cmdline; readlink /proc/$$/exe',
            capture_output=True,
            text=True,
            check=False,
        ).stdout
    ]


def programs_by_descriptor() -> object:
    d = os.open("/bin/echo", os.O_RDONLY | os.O_CLOEXEC)
    m = os.memfd_create("x")
    os.write(m, open("/bin/echo", "rb").read())

    def run(f):
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.dup2(writer, 1)
            os.execve(f, ["echo", "hello"], {})
        os.close(writer)
        x = os.read(reader, 100).decode()
        return [x, os.waitpid(pid, 0)[1]]

    return [run(d), run(m)]


def a_thread_that_executes() -> object:
    def go():
        t = threading.Thread(target=lambda: os.execv("/bin/sh", ["sh", "-c", "exit 7"]))
        t.start()
        t.join()

    pid = os.fork()
    if pid == 0:
        go()
    return os.waitpid(pid, 0)[1]


def what_the_kernel_says() -> object:
    libc.getauxval.restype = ctypes.c_ulong
    libc.getauxval.argtypes = [ctypes.c_ulong]
    return [libc.getauxval(n) for n in (6, 11, 12, 13, 14, 23)] + [
        ctypes.string_at(libc.getauxval(31)).decode() if libc.getauxval(31) else None
    ]


def children() -> object:
    return [
        os.waitstatus_to_exitcode(os.waitpid(os.posix_spawn("/bin/sh", ["sh", "-c", "exit 3"], {}), 0)[1]),
        sh('(exit 4); echo $?; sh -c "kill -9 \\$\\$"; echo $?')[1],
        call("syscall", 435, 0, 0),
        call("syscall", 56, 0x10000000 | 17, 0, 0, 0, 0),
    ]


def stopping_and_going_on() -> object:
    pid = os.fork()
    if pid == 0:
        time.sleep(30)
        os._exit(0)
    os.kill(pid, signal.SIGSTOP)
    a = os.waitpid(pid, os.WUNTRACED)[1]
    os.kill(pid, signal.SIGCONT)
    b = os.waitpid(pid, os.WCONTINUED)[1]
    os.kill(pid, signal.SIGTERM)
    return [os.WIFSTOPPED(a), os.WSTOPSIG(a), os.WIFCONTINUED(b), os.waitpid(pid, 0)[1]]


def jobs_of_a_shell() -> object:
    pid, master = pty.fork()
    if pid == 0:
        os.execv(
            "/bin/bash",
            [
                "bash",
                "-c",
                """set -m; sleep 30 & kill -STOP %1; sleep 0.1; jobs
                kill -CONT %1; jobs -r | cut -c -4; kill %1; wait %1; echo $?""",
            ],
        )
    out = b""
    try:
        while part := os.read(master, 100):
            out += part
    except OSError:
        pass
    return [os.waitpid(pid, 0)[1], out.decode().replace("\r", "")]


def signals_amid_calls() -> object:
    got = []
    signal.signal(signal.SIGALRM, lambda *_: got.append(1))
    signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)
    for n in range(300):
        os.mkdir("d%d" % n)
        os.rename("d%d" % n, "e%d" % n)
        os.rmdir("e%d" % n)
    signal.setitimer(signal.ITIMER_REAL, 0)
    return [os.listdir("."), len(got) > 0]


def signals_to_others() -> object:
    return [
        told(lambda: os.kill(os.getpid(), 0)),
        told(lambda: os.kill(2**22 + 5, 0)),
        told(lambda: os.killpg(2**22 + 5, 0)),
        told(lambda: signal.pidfd_send_signal(os.pidfd_open(os.getpid()), 0)),
    ]
