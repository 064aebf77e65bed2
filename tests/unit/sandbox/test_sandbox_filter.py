"""The filter, call by call, in an interpreter that shares nothing with the assembler."""

from __future__ import annotations

import errno
import re
import struct
import subprocess
from dataclasses import dataclass

import pytest

from service.sandbox.filter import Profile, argument_rules, encode, program, refused_calls
from service.sandbox.kernel import LAST_KNOWN_CALL, NUMBERS, Architecture, this_architecture

ALLOWED = 0x7FFF0000
KILLED = 0x80000000
EPERM = 0x00050000 | errno.EPERM
ENOSYS = 0x00050000 | errno.ENOSYS

MACHINES = list(Architecture)
AUDIT = {Architecture.X86_64: 0xC000003E, Architecture.AARCH64: 0xC00000B7}
I386, ARM = 0x40000003, 0x40000028
INHERITED_BY_THREADS = 0x3D0F00
"""CLONE_VM | FS | FILES | SIGHAND | THREAD | SYSVSEM | SETTLS | the two TIDs: pthread_create."""


@dataclass(frozen=True)
class Call:
    """What seccomp shows a filter: struct seccomp_data."""

    audit_value: int
    number: int
    arguments: tuple[int, ...] = ()

    def as_bytes(self) -> bytes:
        padded = (*self.arguments, 0, 0, 0, 0, 0, 0)[:6]
        return struct.pack("<IIQ6Q", self.number, self.audit_value, 0, *padded)


def verdict(program: bytes, call: Call) -> int:
    """What the kernel does with our program; a step outside it is an IndexError, for us a failure."""
    steps = [struct.unpack_from("<HBBI", program, at) for at in range(0, len(program), 8)]
    data, accumulator, at = call.as_bytes(), 0, 0
    while True:
        code, if_true, if_false, operand = steps[at]
        at += 1
        match code:
            case 0x20:
                accumulator = struct.unpack_from("<I", data, operand)[0]
            case 0x54:
                accumulator &= operand
            case 0x15:
                at += if_true if accumulator == operand else if_false
            case 0x25:
                at += if_true if accumulator > operand else if_false
            case 0x35:
                at += if_true if accumulator >= operand else if_false
            case 0x06:
                return int(operand)
            case _:
                raise AssertionError(hex(code))


def asked(machine: Architecture, name: str | int, *arguments: int, profile: Profile = Profile.LOCAL) -> int:
    number = machine.number(name) if isinstance(name, str) else name
    assert number is not None
    return verdict(encode(program(machine, profile)), Call(AUDIT[machine], number, arguments))


@pytest.mark.parametrize("machine", MACHINES)
class TestOnEveryMachine:
    def test_every_number_is_either_in_the_table_or_allowed(self, machine: Architecture) -> None:
        refused = {machine.number(name) for name in refused_calls(Profile.LOCAL)}
        by_argument = {machine.number(rule.call) for rule in argument_rules(Profile.LOCAL)}
        absent = {machine.number("clone3"), machine.number("openat2")}
        for number in range(LAST_KNOWN_CALL + 1):
            if number in by_argument:
                continue
            expected = EPERM if number in refused else ENOSYS if number in absent else ALLOWED
            assert asked(machine, number) == expected, number

    @pytest.mark.parametrize(
        "name",
        [
            "io_uring_setup", "io_uring_enter", "io_uring_register", "ptrace", "process_vm_readv",
            "process_vm_writev", "bpf", "unshare", "setns", "execve", "execveat", "kexec_load", "mount",
            "keyctl", "add_key", "perf_event_open", "userfaultfd", "init_module", "finit_module",
            "pidfd_getfd", "open_by_handle_at",
        ],
    )  # fmt: skip
    def test_a_dangerous_call_is_refused(self, machine: Architecture, name: str) -> None:
        assert asked(machine, name) == EPERM

    @pytest.mark.parametrize("call", ["socket", "socketpair"])
    def test_only_unix_sockets_are_made(self, machine: Architecture, call: str) -> None:
        made = {family for family in range(64) if asked(machine, call, family) == ALLOWED}
        assert made == {1}

    @pytest.mark.parametrize("profile", [Profile.CLUSTER, Profile.JAVA])
    def test_beside_a_cluster_ipv4_sockets_are_made_too(
        self, machine: Architecture, profile: Profile
    ) -> None:
        assert {f for f in range(64) if asked(machine, "socket", f, profile=profile) == ALLOWED} == {1, 2}

    def test_the_high_word_of_a_family_hides_nothing(self, machine: Architecture) -> None:
        assert asked(machine, "socket", 1 << 32 | 2) == EPERM
        assert asked(machine, "socket", 0xFFFFFFFF_00000010) == EPERM

    @pytest.mark.parametrize("bit", [17, 25, 26, 27, 28, 29, 30])
    def test_clone_makes_no_namespace(self, machine: Architecture, bit: int) -> None:
        assert asked(machine, "clone", INHERITED_BY_THREADS | 1 << bit) == EPERM

    def test_clone_makes_threads_and_children(self, machine: Architecture) -> None:
        assert asked(machine, "clone", INHERITED_BY_THREADS) == ALLOWED
        assert asked(machine, "clone", 17) == ALLOWED

    @pytest.mark.parametrize("profile", Profile)
    def test_clone3_seems_not_to_exist(self, machine: Architecture, profile: Profile) -> None:
        assert asked(machine, "clone3", profile=profile) == ENOSYS

    def test_calls_newer_than_the_table_seem_not_to_exist(self, machine: Architecture) -> None:
        assert {asked(machine, LAST_KNOWN_CALL + more) for more in range(1, 200)} == {ENOSYS}

    @pytest.mark.parametrize("call", ["mprotect", "pkey_mprotect"])
    def test_memory_is_not_made_executable(self, machine: Architecture, call: str) -> None:
        assert [asked(machine, call, 0, 4096, protection) for protection in (0, 1, 2, 3)] == [ALLOWED] * 4
        assert {asked(machine, call, 0, 4096, protection) for protection in (4, 5, 6, 7)} == {EPERM}

    def test_memory_is_not_mapped_writable_and_executable(self, machine: Architecture) -> None:
        refused = {p for p in range(8) if asked(machine, "mmap", 0, 4096, p) == EPERM}
        assert refused == {6, 7}

    @pytest.mark.parametrize("call", ["shmget", "shmat", "semget", "semop", "msgget", "msgsnd", "mq_open"])
    def test_nothing_is_shared_but_by_files(self, machine: Architecture, call: str) -> None:
        assert asked(machine, call) == EPERM

    def test_the_api_has_streams_and_no_datagrams(self, machine: Architecture) -> None:
        close_on_exec = 0o2000000

        def made(family: int, kind: int) -> bool:
            return asked(machine, "socket", family, kind | close_on_exec, profile=Profile.API) == ALLOWED

        assert {(f, k) for f in range(64) for k in range(1, 11) if made(f, k) and f != 1} == {(2, 1), (10, 1)}
        assert made(1, 1)
        assert asked(machine, "socketpair", 2, 1, profile=Profile.API) == EPERM

    @pytest.mark.parametrize("profile", [Profile.API, Profile.LOCAL, Profile.CLUSTER])
    def test_no_file_is_made_to_run_as_its_owner(self, machine: Architecture, profile: Profile) -> None:
        makes, temporary = 0o100, 0o20200000
        for call, arguments in {
            "fchmod": (3,),
            "fchmodat": (3, 0),
            "fchmodat2": (3, 0),
            "mknodat": (3, 0),
            "openat": (3, 0, makes),
        }.items():
            plain, own, group = (
                asked(machine, call, *arguments, m, profile=profile) for m in (0o755, 0o4755, 0o2755)
            )
            assert (plain, own, group) == (ALLOWED, EPERM, EPERM), call
        assert asked(machine, "openat", 3, 0, temporary, 0o4755, profile=profile) == EPERM
        # Nothing is made, so nobody set the mode.
        assert asked(machine, "openat", 3, 0, 0, 0o177777, profile=profile) == ALLOWED

    def test_structures_that_a_filter_cannot_read_seem_not_to_exist(self, machine: Architecture) -> None:
        assert asked(machine, "openat2") == ENOSYS

    def test_java_is_started_and_compiles_outside_the_worker_alone(self, machine: Architecture) -> None:
        for call, arguments in {"execve": (), "mprotect": (0, 4096, 5), "mmap": (0, 4096, 7)}.items():
            assert asked(machine, call, *arguments, profile=Profile.JAVA) == ALLOWED
            assert asked(machine, call, *arguments, profile=Profile.CLUSTER) == EPERM

    def test_java_may_do_nothing_else_more(self, machine: Architecture) -> None:
        assert refused_calls(Profile.CLUSTER) == refused_calls(Profile.LOCAL)
        assert set(refused_calls(Profile.LOCAL)) - set(refused_calls(Profile.JAVA)) == {"execve", "execveat"}
        for name in refused_calls(Profile.JAVA):
            if machine.number(name) is not None:
                assert asked(machine, name, profile=Profile.JAVA) == EPERM

    @pytest.mark.parametrize("profile", Profile)
    def test_another_instruction_set_is_killed(self, machine: Architecture, profile: Profile) -> None:
        code = encode(program(machine, profile))
        for foreign in {I386, ARM, 0, *AUDIT.values()} - {AUDIT[machine]}:
            assert {verdict(code, Call(foreign, number)) for number in range(500)} == {KILLED}

    @pytest.mark.parametrize("profile", Profile)
    def test_x32_calls_are_refused(self, machine: Architecture, profile: Profile) -> None:
        numbers = [0x40000000 | number for number in range(600)] + [0xFFFFFFFF]
        assert {asked(machine, number, profile=profile) for number in numbers} == {EPERM}

    @pytest.mark.parametrize("profile", Profile)
    def test_the_kernel_can_read_the_program(self, machine: Architecture, profile: Profile) -> None:
        instructions = program(machine, profile)
        assert len(encode(instructions)) == 8 * len(instructions)
        assert len(instructions) < 4096
        for at, step in enumerate(instructions):
            assert at + 1 + max(step.if_true, step.if_false) < len(instructions) or step.code == 0x06


def test_every_call_of_the_lists_has_a_number() -> None:
    named = {*refused_calls(Profile.LOCAL), *(rule.call for rule in argument_rules(Profile.LOCAL))}
    assert named <= NUMBERS.keys()


def test_what_is_decided_by_argument_is_decided_on_both_machines() -> None:
    """The old calls that one machine lacks have a newer one there, which is decided too."""
    decided = {rule.call for rule in argument_rules(Profile.LOCAL)}
    newer = {"chmod": "fchmodat", "creat": "openat", "mknod": "mknodat", "open": "openat"}
    assert {call for call in decided if None in NUMBERS[call]} == newer.keys()
    assert set(newer.values()) <= decided


@pytest.mark.outside(tool="gcc")
@pytest.mark.parametrize(
    ("machine", "header"),
    [(this_architecture(), "asm/unistd.h"), (Architecture.AARCH64, "asm-generic/unistd.h")],
)
def test_the_numbers_are_those_of_the_kernels_headers(machine: Architecture, header: str) -> None:
    asked_of_gcc = [
        "gcc",
        "-E",
        "-dM",
        "-D__ARCH_WANT_SYS_CLONE3",
        "-include",
        header,
        "-x",
        "c",
        "/dev/null",
    ]
    macros = subprocess.run(asked_of_gcc, capture_output=True, check=True, text=True, timeout=20).stdout
    published = {name: int(number) for name, number in re.findall(r"__NR(?:3264)?_(\w+) (\d+)\n", macros)}
    ours = {name: number for name in NUMBERS if (number := machine.number(name)) is not None}
    younger = {"fchmodat2": 452}  # Linux 6.6; the headers of Debian 12 are older
    assert ours == {name: (younger | published)[name] for name in ours}
    assert not (NUMBERS.keys() - ours.keys()) & published.keys()
