"""A reading of the part of eBPF that a device program is made of, that owes nothing to who wrote the program.

Source: Documentation/bpf/standardization/instruction-set.rst of Linux, and struct bpf_cgroup_dev_ctx of linux/bpf.h.
"""

import struct


def judge_device(program: bytes, kind: int, access: int, major: int, minor: int) -> int:
    """What the program answers; kind 1 is a block device, 2 a character device, access 1 mknod, 2 read, 4 write."""
    context = struct.pack("=III", access << 16 | kind, major, minor)
    registers = [0] * 11
    is_context = {1}  # which registers hold the address of the context
    code = list(struct.iter_unpack("=BBhi", program))
    position = 0
    while True:
        operation, pair, offset, value = code[position]
        destination, source = pair & 15, pair >> 4
        position += 1
        match operation:
            case 0x61:  # load a word from memory
                assert source in is_context
                (registers[destination],) = struct.unpack_from("=I", context, offset)
                is_context.discard(destination)
            case 0xB7:
                registers[destination] = value
            case 0xBF:
                registers[destination] = registers[source]
                is_context.discard(destination)
            case 0x57:
                assert destination not in is_context
                registers[destination] &= value & 0xFFFF_FFFF_FFFF_FFFF
            case 0x77:
                registers[destination] >>= value
            case 0x55:
                position += offset if registers[destination] != value else 0
            case 0x5D:
                position += offset if registers[destination] != registers[source] else 0
            case 0x95:
                return registers[0]
            case _:
                raise AssertionError(hex(operation))
