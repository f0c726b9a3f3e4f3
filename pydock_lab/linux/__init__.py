"""What the kernel offers: system calls, capabilities, seccomp, cgroups, netlink, ids, and what is in force."""
