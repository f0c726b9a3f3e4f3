"""`lab/base`: a small system made of the host's own programs, so that lessons need no download.

A shell, the core utilities, and the tools of everyday Dockerfiles, each with the libraries that it needs. The image
runs wherever the host's programs do, but it is not the host: its files are a few hundred.
"""

import os
from contextlib import suppress
from glob import glob

from pydock_lab.bases.tree import FileTree

_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
_HOST_PATH = ("/usr/bin", "/bin", "/usr/sbin", "/sbin")  # never /usr/local: what stands there is the host's own

PATH = ":".join(_PATH)
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"

_CORE = """
    [ arch b2sum base32 base64 basename cat chgrp chmod chown cksum comm cp csplit cut date dd df dir dirname du
    echo env expand expr factor false fmt fold groups head hostid id install join link ln logname ls md5sum mkdir
    mkfifo mknod mktemp mv nice nl nohup nproc numfmt od paste pathchk pr printenv printf ptx pwd readlink realpath rm
    rmdir seq sha1sum sha224sum sha256sum sha384sum sha512sum shred shuf sleep sort split stat sum stty sync tac tail
    tee test timeout touch tr true truncate tsort tty uname unexpand uniq unlink users vdir wc who whoami yes
"""
_MORE = """
    sh bash dash sed grep egrep fgrep awk mawk gawk find xargs tar gzip gunzip zcat diff cmp hostname ps kill pgrep
    pkill top free uptime mount umount more clear tput ip getent which useradd groupadd
"""
SKELETON = {"/tmp": 0o1777, "/var/tmp": 0o1777, "/root": 0o700} | dict.fromkeys(  # noqa: S108 - of the image
    ("/dev", "/etc", "/home", "/mnt", "/opt", "/proc", "/run", "/srv", "/sys", "/usr/local/bin", "/var/log"), 0o755
)
FILES = {
    "/etc/passwd": (
        "root:x:0:0:root:/root:/bin/sh\n"
        "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
        "www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n"
        "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
    ),
    "/etc/group": (
        "root:x:0:\ndaemon:x:1:\ntty:x:5:\nmail:x:8:\nwww-data:x:33:\nstaff:x:50:\nusers:x:100:\nnogroup:x:65534:\n"
    ),
    "/etc/nsswitch.conf": "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nservices: files\n",
    "/etc/os-release": (
        'NAME="pydock_lab base"\nID=pydock-lab\nPRETTY_NAME="pydock_lab base, made of programs of this host"\n'
    ),
    "/etc/hosts": "127.0.0.1 localhost\n::1 localhost\n",
    "/etc/hostname": "base\n",
    "/etc/shells": "/bin/sh\n/bin/bash\n",
}
# Data that programs read where they are: services by name, terminals, letters outside ASCII.
_DATA = (
    "/etc/services", "/etc/protocols", "/etc/login.defs", "/etc/ld.so.cache", CERTIFICATES,
    "/usr/share/terminfo/x/xterm", "/usr/share/terminfo/x/xterm-256color", "/usr/share/terminfo/l/linux",
    "/lib/terminfo/x/xterm", "/lib/terminfo/x/xterm-256color", "/lib/terminfo/l/linux",
)  # fmt: skip


def build(tree: FileTree) -> None:
    """Put the base system into `tree`; what the host does not have is left out."""
    skeleton(tree)
    for name in (*_CORE.split(), *_MORE.split()):
        path = find(name)
        # A slim host (Alpine, a Binder pod) has fewer: the image is then smaller, and still works.
        if path is not None:
            tree.program(path)
    for path in _DATA:
        with suppress(OSError):
            tree.same(path)
    for path in name_services():
        tree.program(path)
    if os.path.isdir("/usr/lib/locale/C.utf8"):
        tree.whole("/usr/lib/locale/C.utf8")


def skeleton(tree: FileTree) -> None:
    """The directories and files that every system has; `/bin` is a link where it is one on the host (usr-merge)."""
    for path, mode in SKELETON.items():
        tree.directory(path, mode)
    for path, content in FILES.items():
        tree.text(path, content)
    # Without it `useradd` in a Dockerfile fails; `*` means that no password opens it.
    tree.text("/etc/shadow", "root:*:0:0:99999:7:::\n", mode=0o600)
    for name in ("bin", "sbin", "lib", "lib64"):
        if os.path.isdir(f"/{name}"):
            tree.same(f"/{name}")


def find(name: str) -> str | None:
    """Where the host's system has the program `name`, or None."""
    paths = (f"{directory}/{name}" for directory in _HOST_PATH)
    return next((path for path in paths if os.access(path, os.R_OK | os.X_OK)), None)


def name_services() -> list[str]:
    """The libraries that glibc before 2.34 loads by name, to read /etc/passwd and to ask DNS."""
    found = {os.path.realpath(path) for path in glob("/lib/*/libnss_*.so.2") + glob("/lib64/libnss_*.so.2")}
    return sorted(path for path in found if path.endswith(("libnss_files.so.2", "libnss_dns.so.2")))
