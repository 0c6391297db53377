# SPDX-License-Identifier: MIT
"""confine.py UNIT PROGRAM ARGS: runs the program under the system call rules of a systemd unit.

There is no systemd in a container, but there is the library it uses. SystemCallFilter (the sets as
`systemd-analyze syscall-filter' tells them), RestrictAddressFamilies, RestrictNamespaces (by
refusing clone with namespaces) and MemoryDenyWriteExecute become one filter; what it refuses fails
with EPERM, as in the unit. Exit code 77: cannot be done here."""
import ctypes, errno, os, re, socket, subprocess, sys

unit, program = sys.argv[1], sys.argv[2:]
ERRNO = 0x00050000 | errno.EPERM
ALLOW = 0x7fff0000
NE, EQ, MASKED = 1, 4, 7
settings = {}
for line in open(unit):
    m = re.match(r'(\w+)=(.*)', line)
    if m:
        settings.setdefault(m[1], []).append(m[2].strip())


def sets():
    out, name = {}, None
    for line in subprocess.check_output(['systemd-analyze', 'syscall-filter'], text=True, stderr=subprocess.DEVNULL).splitlines():
        if line.startswith('@'):
            name = line.split()[0]
            out[name] = []
        elif line.startswith('    ') and not line.strip().startswith('#'):
            out[name].append(line.strip())
    return out


def members(table, name):
    if not name.startswith('@'):
        return {name}
    return set().union(*(members(table, x) for x in table[name]))


class Arg(ctypes.Structure):
    _fields_ = [('arg', ctypes.c_uint), ('op', ctypes.c_int), ('a', ctypes.c_uint64), ('b', ctypes.c_uint64)]


try:
    lib = ctypes.CDLL('libseccomp.so.2')
    table = sets()
except (OSError, subprocess.SubprocessError) as e:
    print(e)
    sys.exit(77)
lib.seccomp_init.restype = ctypes.c_void_p
lib.seccomp_rule_add_array.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint, ctypes.POINTER(Arg)]
lib.seccomp_load.argtypes = [ctypes.c_void_p]

allowed = set()
for words in settings['SystemCallFilter']:
    refuse = words.startswith('~')
    for word in words.lstrip('~').split():
        allowed = allowed - members(table, word) if refuse else allowed | members(table, word)
allowed.add('execve')
families = {getattr(socket, f) for f in settings['RestrictAddressFamilies'][0].split()}
context = lib.seccomp_init(ERRNO)


def rule(name, *args, action=ALLOW):
    number = lib.seccomp_syscall_resolve_name(name.encode())
    if number >= 0:
        if lib.seccomp_rule_add_array(context, action, number, len(args), (Arg * max(1, len(args)))(*args)):
            sys.exit('no rule for ' + name)


PROT_WRITE, PROT_EXEC, NAMESPACES = 2, 4, 0x7e020000
for name in allowed - {'socket', 'mmap', 'mprotect', 'pkey_mprotect', 'clone', 'clone3', 'unshare', 'setns'}:
    rule(name)
for family in families:
    rule('socket', Arg(0, EQ, family, 0))
rule('mmap', Arg(2, MASKED, PROT_EXEC, 0))
rule('mmap', Arg(2, MASKED, PROT_EXEC | PROT_WRITE, PROT_EXEC))
rule('mprotect', Arg(2, MASKED, PROT_EXEC, 0))
rule('clone', Arg(0, MASKED, NAMESPACES, 0))
rule('clone3', action=0x00050000 | errno.ENOSYS)  # as systemd does: its flags cannot be looked at
if lib.seccomp_load(context):
    print('no filter may be set here')
    sys.exit(77)
os.execvp(program[0], program)
