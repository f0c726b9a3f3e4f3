"""Docker's default profile: an allow-list. What it does not name fails, so that a new system call is closed at first.

Nine in ten calls are for everybody. Some are for those who were given the capability that makes them legitimate; and
some only with harmless arguments: namespaces by clone(2), sockets of families that reach out of the container.

Source: moby/profiles, seccomp/default_linux.go, as of Docker 29: the calls that Docker 28 allows, and socket families
one by one, since AF_ALG opened a way out of containers (CVE-2026-31431). With one difference: 32-bit programs make
sockets by socketcall(2) as well, whose family is in memory, where no filter can look. Docker leaves that to AppArmor's
profile, which is not there for us: so they make them by socket(2), or not at all.
"""

import errno

from pydock_lab.linux.capabilities import Capability
from pydock_lab.linux.seccomp.policy import Comparison, Condition, Policy, deny
from pydock_lab.linux.seccomp.pretences import NAMESPACE_BITS
from pydock_lab.linux.seccomp.profile import Demand, Entry, Host, Profile
from pydock_lab.linux.syscall_numbers import Architecture

_EVERYBODY = """
accept accept4 access adjtimex alarm bind brk cachestat capget capset chdir chmod chown chown32 clock_adjtime
clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep clock_nanosleep_time64
close close_range connect copy_file_range creat dup dup2 dup3 epoll_create epoll_create1 epoll_ctl epoll_ctl_old
epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd eventfd2 execve execveat exit exit_group faccessat
faccessat2 fadvise64 fadvise64_64 fallocate fanotify_mark fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat
fcntl fcntl64 fdatasync fgetxattr flistxattr flock fork fremovexattr fsetxattr fstat fstat64 fstatat64 fstatfs
fstatfs64 fsync ftruncate ftruncate64 futex futex_requeue futex_time64 futex_wait futex_waitv futex_wake futimesat
get_robust_list get_thread_area getcpu getcwd getdents getdents64 getegid getegid32 geteuid geteuid32 getgid getgid32
getgroups getgroups32 getitimer getpeername getpgid getpgrp getpid getppid getpriority getrandom getresgid
getresgid32 getresuid getresuid32 getrlimit getrusage getsid getsockname getsockopt gettid gettimeofday getuid
getuid32 getxattr getxattrat inotify_add_watch inotify_init inotify_init1 inotify_rm_watch io_cancel io_destroy
io_getevents io_pgetevents io_pgetevents_time64 io_setup io_submit ioctl ioprio_get ioprio_set ipc kill
landlock_add_rule landlock_create_ruleset landlock_restrict_self lchown lchown32 lgetxattr link linkat listen
listmount listxattr listxattrat llistxattr _llseek lremovexattr lseek lsetxattr lstat lstat64 madvise
map_shadow_stack membarrier memfd_create memfd_secret mincore mkdir mkdirat mknod mknodat mlock mlock2 mlockall mmap
mmap2 mprotect mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend
mq_timedsend_time64 mq_unlink mremap mseal msgctl msgget msgrcv msgsnd msync munlock munlockall munmap
name_to_handle_at nanosleep _newselect newfstatat open openat openat2 pause pidfd_open pidfd_send_signal pipe pipe2
pkey_alloc pkey_free pkey_mprotect poll ppoll ppoll_time64 prctl pread64 preadv preadv2 prlimit64 process_mrelease
pselect6 pselect6_time64 pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv recv recvfrom recvmmsg
recvmmsg_time64 recvmsg remap_file_pages removexattr removexattrat rename renameat renameat2 restart_syscall
riscv_hwprobe rmdir rseq rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend
rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo sched_get_priority_max sched_get_priority_min
sched_getaffinity sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval sched_rr_get_interval_time64
sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield seccomp select semctl semget semop
semtimedop semtimedop_time64 send sendfile sendfile64 sendmmsg sendmsg sendto set_robust_list set_thread_area
set_tid_address setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups setgroups32 setitimer setpgid
setpriority setregid setregid32 setresgid setresgid32 setresuid setresuid32 setreuid setreuid32 setrlimit setsid
setsockopt setuid setuid32 setxattr setxattrat shmat shmctl shmdt shmget shutdown sigaltstack signalfd signalfd4
sigprocmask sigreturn socketpair splice stat stat64 statfs statfs64 statmount statx symlink symlinkat sync
sync_file_range syncfs sysinfo tee tgkill time timer_create timer_delete timer_getoverrun timer_gettime
timer_gettime64 timer_settime timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime
timerfd_settime64 times tkill truncate truncate64 ugetrlimit umask uname unlink unlinkat uretprobe utime utimensat
utimensat_time64 utimes vfork vmsplice wait4 waitid waitpid write writev
"""
_WITH = {
    Capability.DAC_READ_SEARCH: "open_by_handle_at",
    Capability.SYS_ADMIN: """
        bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie lsm_get_self_attr
        lsm_list_modules lsm_set_self_attr mount mount_setattr move_mount open_tree perf_event_open quotactl
        quotactl_fd setdomainname sethostname setns syslog umount umount2 unshare
    """,
    Capability.SYS_BOOT: "reboot",
    Capability.SYS_CHROOT: "chroot",
    Capability.SYS_MODULE: "delete_module finit_module init_module",
    Capability.SYS_PACCT: "acct",
    Capability.SYS_PTRACE: "kcmp pidfd_getfd process_madvise process_vm_readv process_vm_writev ptrace",
    Capability.SYS_RAWIO: "ioperm iopl",
    Capability.SYS_TIME: "clock_settime clock_settime64 settimeofday stime",
    Capability.SYS_TTY_CONFIG: "vhangup",
    Capability.SYS_NICE: "get_mempolicy mbind set_mempolicy set_mempolicy_home_node",
    Capability.SYSLOG: "syslog",
    Capability.BPF: "bpf",
    Capability.PERFMON: "perf_event_open",
}
# By the names of Go. s390x, riscv64 and others have some of their own, too; this engine has no tables for them.
_ON = {
    ("arm", "arm64"): "arm_fadvise64_64 arm_sync_file_range breakpoint cacheflush set_tls sync_file_range2",
    ("amd64", "x32"): "arch_prctl",
    ("amd64", "x32", "x86"): "modify_ldt",
}
_TRACING = "process_vm_readv process_vm_writev ptrace"  # before Linux 4.8 a tracer could step around a filter

# AF_UNIX to AF_ROSE, and others that the kernel still has. Not among them: AF_ALG (38), the kernel's cryptography,
# and AF_VSOCK (40), which leads from a virtual machine to its host whatever the network namespace.
_FIRST_FAMILIES = 12
_SYS_SOCKET = 1  # the first argument of socketcall(2): the least there is
_MORE_FAMILIES = (
    *(13, 14, 15, 16, 17, 18, 21, 22, 24, 26, 27, 28, 29, 30),
    *(31, 32, 33, 35, 36, 39, 41, 42, 43, 44, 45),
)
# Linux, 32-bit Linux, and both without randomised addresses (UNAME26 0x20000); all ones asks which it is.
_PERSONALITIES = (0x0, 0x8, 0x2_0000, 0x2_0008, 0xFFFF_FFFF)


def _is(value: int) -> tuple[Condition, ...]:
    """The first argument has this value."""
    return (Condition(argument=0, comparison=Comparison.EQUAL, value=value),)


def _entries() -> list[Entry]:
    powerless = Demand(capabilities=Capability.SYS_ADMIN)  # in `excludes`
    first_families = Condition(argument=0, comparison=Comparison.LESS, value=_FIRST_FAMILIES)
    makes_none = Condition(argument=0, comparison=Comparison.GREATER, value=_SYS_SOCKET)
    no_namespaces = Condition(argument=0, mask=NAMESPACE_BITS, comparison=Comparison.EQUAL, value=0)
    return [
        Entry(names=tuple(_EVERYBODY.split())),
        Entry(names=tuple(_TRACING.split()), includes=Demand(kernel=(4, 8))),
        Entry(names=("socket",), conditions=(first_families,)),
        *(Entry(names=("socket",), conditions=_is(family)) for family in _MORE_FAMILIES),
        Entry(names=("socketcall",), conditions=(makes_none,)),
        *(Entry(names=("personality",), conditions=_is(value)) for value in _PERSONALITIES),
        *(Entry(names=tuple(text.split()), includes=Demand(architectures=names)) for names, text in _ON.items()),
        *(Entry(names=tuple(text.split()), includes=Demand(capabilities=power)) for power, text in _WITH.items()),
        Entry(names=("clone",), conditions=(no_namespaces,), excludes=powerless),
        # clone3 keeps its flags behind a pointer, where no filter can look: "no such call" makes the C library
        # fall back to clone.
        Entry(names=("clone3",), verdict=deny(errno.ENOSYS), excludes=powerless),
    ]


def default_profile() -> Profile:
    """Docker's default profile."""
    return Profile(
        default=deny(errno.EPERM),
        entries=tuple(_entries()),
        architectures={
            Architecture.X86_64: (Architecture.I386, Architecture.X32),
            Architecture.AARCH64: (Architecture.ARM,),
        },
    )


def container_policy(capabilities: Capability) -> Policy:
    """What a container with these capabilities may call, on this machine; raises IsolationError as `ways` does."""
    return default_profile().policy(Host.here(capabilities))
