"""Containers where no namespace may be made: a supervisor answers the system calls of their programs.

    the program      openat("/etc/hosts")   getuid()    chown("/srv", 33)   execve("/bin/ls")    read, write, mmap ...
                           |                   |              |                   |                     |
    seccomp             ASK                  ASK            ASK                 TRACE                 (runs)
                           v                   v              v                   v
    the supervisor   opens containers/ID/    "0": root     marks the file    the container's loader,
                     merged/etc/hosts, and                 "33:50"           with ls beside it
                     hands it over

    kernel           seccomp: asks           ptrace: stops, and kills all with the supervisor
                     Landlock: keeps everybody, the supervisor as well, from other files of the host

What the kernel does elsewhere by namespaces, mounts and ids is done here by one process in Python. That costs some
twenty microseconds for each call that names a file, and nothing for all others. It is a *view*: what a program sees is
a container. It is no boundary: processes, network and memory are the host's, and that is said.

    filter.py          which calls are asked, changed, refused
    supervisor.py      the loop; service.py: its life; birth.py: who makes it; holder.py: who holds its files
    world.py           what all answers share: view.py, paths.py, process.py, credentials.py, ownership.py
    looking.py ...     the answers: looking, opening, changing, owning, attributes, identity, signalling,
                       neighbours, sockets, messages
    tracing.py         calls whose words are changed: executing.py, loading.py (programs), entering.py, sockets.py
    copying_up.py      a layer's files stay as they are; containment.py: Landlock

For x86-64. What is particular to it stands in tables: linux/ptrace.py, linux/file_calls.py, loading.py, elf.py.
"""
