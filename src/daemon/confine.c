/* SPDX-License-Identifier: MIT */
/*
 * Landlock and seccomp, by the system calls themselves (landlock(7), seccomp(2)).
 *
 * The daemon's filter refuses what a server of ours has no business with (to run programs, to look
 * into others, to mount, to load code into the kernel …) with EPERM and lets everything else pass:
 * a list of what is allowed would break with the next libc that does an old thing in a new way.
 * The unit in conf/ has such a list, kept by those who keep systemd. The child that unpacks
 * archives does nothing but compute, so there the list is of what is allowed; an unknown call
 * fails and does not kill.
 *
 * Numbers of system calls differ from machine to machine and some have two sets of them: on a
 * kind of machine that is not named here there is no filter, and a call by the other set is
 * refused.
 */
#include "confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

const char *const confine_libraries[] = {
	"/usr/lib",	    "/usr/lib64",	    "/lib", "/lib64", "/lib32", "/usr/local/lib",
	"/etc/ld.so.cache", "/etc/ssl/openssl.cnf", NULL};

int confine_descriptors(int fd)
{
	int null = open("/dev/null", O_RDWR);

	for (int i = 0; i < 3 && null >= 0; i++)
		dup2(null, i);
	if (dup2(fd, 3) < 0)
		return -errno;
	close_range(4, ~0u, 0);
	return 0;
}

int confine_process(void)
{
	const struct rlimit none = {0, 0};

	if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -errno;
	return 0;
}

/* ---- Landlock ---- */

/* As the newest kernel has it; headers are often older than the kernel. */
struct ruleset {
	uint64_t files, net, scoped;
};

struct net_rule {
	uint64_t access, port;
};

enum {
	NET_BIND_TCP = 1,
	NET_CONNECT_TCP = 2,
	RULE_NET_PORT = 2,
	SCOPE_SIGNAL = 2,
};

#define FILES_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define FILES_1	   ((UINT64_C(1) << 13) - 1) /* what the first version knew */
#define FILE_REFER (UINT64_C(1) << 13)	     /* since 2: to rename from folder to folder */
#define FILE_TRUNC (UINT64_C(1) << 14)	     /* since 3 */
#define FILE_IOCTL (UINT64_C(1) << 15)	     /* since 5: of devices */
#define FILES_WRITE                                                                                \
	(FILES_READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE |             \
	 LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | FILE_TRUNC)
/* What makes sense for a file that is no folder. */
#define FILE_ONLY (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | FILE_TRUNC)

static int allow_path(int rules, const struct confine_path *path, uint64_t handled)
{
	struct landlock_path_beneath_attr rule = {.parent_fd = path->fd};
	struct stat st;

	if (fstat(path->fd, &st) != 0)
		return -errno;
	rule.allowed_access = (path->write ? FILES_WRITE : FILES_READ) & handled;
	if (!S_ISDIR(st.st_mode))
		rule.allowed_access &= FILE_ONLY;
	return syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0
		       ? -errno
		       : 0;
}

static int allow_ports(int rules, const uint16_t *port, uint64_t access)
{
	int err = 0;

	for (; !err && port && *port; port++) {
		struct net_rule rule = {access, *port};

		if (syscall(SYS_landlock_add_rule, rules, RULE_NET_PORT, &rule, 0) != 0)
			err = -errno;
	}
	return err;
}

int confine_files(const struct confine_files *files)
{
	long version =
		syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	struct ruleset set = {.files = FILES_1};
	size_t size = version < 4 ? sizeof(set.files) : version < 6 ? 16 : sizeof(set);
	int rules, err = 0;

	if (version <= 0)
		return 0;
	set.files |= version >= 2 ? FILE_REFER : 0;
	set.files |= version >= 3 ? FILE_TRUNC : 0;
	set.files |= version >= 5 ? FILE_IOCTL : 0;
	set.net = version >= 4 ? NET_BIND_TCP | NET_CONNECT_TCP : 0;
	set.scoped = version >= 6 ? SCOPE_SIGNAL : 0;
	rules = (int)syscall(SYS_landlock_create_ruleset, &set, size, 0);
	if (rules < 0)
		return -errno;
	for (unsigned i = 0; !err && i < files->path_count; i++)
		err = allow_path(rules, &files->path[i], set.files);
	if (!err && set.net)
		err = allow_ports(rules, files->bind, NET_BIND_TCP);
	if (!err && set.net)
		err = allow_ports(rules, files->connect, NET_CONNECT_TCP);
	if (!err && syscall(SYS_landlock_restrict_self, rules, 0) != 0)
		err = -errno;
	close(rules);
	return err ? err : (int)version;
}

/* ---- seccomp ---- */

/* A build that looks for leaks at its end stops itself as a debugger would. None that ships. */
#if defined(__SANITIZE_ADDRESS__)
#define WITH_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_SANITIZER 1
#endif
#endif
#ifndef WITH_SANITIZER
#define WITH_SANITIZER 0
#endif

#if defined(__x86_64__)
#define MACHINE AUDIT_ARCH_X86_64
#elif defined(__i386__)
#define MACHINE AUDIT_ARCH_I386
#elif defined(__aarch64__)
#define MACHINE AUDIT_ARCH_AARCH64
#elif defined(__arm__) && defined(__ARMEL__)
#define MACHINE AUDIT_ARCH_ARM
#elif defined(__riscv) && __riscv_xlen == 64
#define MACHINE AUDIT_ARCH_RISCV64
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
#define MACHINE AUDIT_ARCH_PPC64LE
#else
#define MACHINE 0
#endif

#define X32_BIT	    0x40000000u /* the second set of numbers of x86-64 */
#define PROGRAM_MAX 400
#define ARGUMENT(n)                                                                                \
	(offsetof(struct seccomp_data, args) + (n) * sizeof(uint64_t) +                            \
	 (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0))

struct program {
	unsigned len;
	struct sock_filter code[PROGRAM_MAX];
};

static void put(struct program *p, uint16_t code, uint8_t yes, uint8_t no, uint32_t k)
{
	must(p->len < PROGRAM_MAX);
	p->code[p->len++] = (struct sock_filter){code, yes, no, k};
}

static void load(struct program *p, size_t offset)
{
	put(p, BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)offset);
}

static void end(struct program *p, uint32_t verdict)
{
	put(p, BPF_RET | BPF_K, 0, 0, verdict);
}

/* If what was loaded equals k. */
static void end_if(struct program *p, uint32_t k, uint32_t verdict)
{
	put(p, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, k);
	end(p, verdict);
}

static void end_for_all(struct program *p, const uint32_t *numbers, size_t n, uint32_t verdict)
{
	for (size_t i = 0; i < n; i++)
		end_if(p, numbers[i], verdict);
}

#define REFUSE (SECCOMP_RET_ERRNO | EPERM)

static void begin(struct program *p)
{
	p->len = 0;
	load(p, offsetof(struct seccomp_data, arch));
	put(p, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, MACHINE);
	end(p, REFUSE);
	load(p, offsetof(struct seccomp_data, nr));
#ifdef __x86_64__
	put(p, BPF_JMP | BPF_JGE | BPF_K, 0, 1, X32_BIT);
	end(p, REFUSE);
#endif
}

/* SPEC_ALLOW: nobody's code runs in here, so the processor need not be slowed down for that. */
static int install(struct program *p)
{
	struct sock_fprog program = {.len = (unsigned short)p->len, .filter = p->code};
	long result;

	if (!MACHINE)
		return -ENOSYS;
	result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			 SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program);
	if (result > 0) /* a thread that has a filter of its own */
		return -EBUSY;
	/* EPERM: under somebody else's filter already, who does not let us add ours */
	if (result < 0)
		return errno == EINVAL || errno == EPERM ? -ENOSYS : -errno;
	return 0;
}

void confine_memory(uint64_t bytes)
{
	rlim_t most = bytes < RLIM_INFINITY ? (rlim_t)bytes : RLIM_INFINITY;
	const struct rlimit limit = {most, most};

	if (!WITH_SANITIZER) /* which takes terabytes and uses few of them */
		setrlimit(RLIMIT_DATA, &limit);
}

int confine_calls(void)
{
	/* First, for what is called for every packet. */
	static const uint32_t busy[] = {
#ifdef SYS_epoll_wait
		SYS_epoll_wait,
#endif
		SYS_recvmsg,	SYS_sendto,	 SYS_recvfrom,	      SYS_sendmsg,
		SYS_read,	SYS_epoll_pwait, SYS_timerfd_settime, SYS_write,
	};
	static const uint32_t never[] = {
		/* to become another program, or look into one */
		SYS_execve,
		SYS_execveat,
#if !WITH_SANITIZER
		SYS_ptrace,
#endif
		SYS_process_vm_readv,
		SYS_process_vm_writev,
		SYS_kcmp,
		SYS_pidfd_getfd,
		SYS_userfaultfd,
		SYS_perf_event_open,
		/* the kernel itself */
		SYS_bpf,
		SYS_init_module,
		SYS_finit_module,
		SYS_delete_module,
		SYS_kexec_load,
#ifdef SYS_kexec_file_load
		SYS_kexec_file_load,
#endif
		SYS_reboot,
		SYS_syslog,
		SYS_acct,
		SYS_swapon,
		SYS_swapoff,
		SYS_keyctl,
		SYS_add_key,
		SYS_request_key,
		SYS_personality,
		SYS_quotactl,
		/* other file systems and other roots */
		SYS_mount,
		SYS_umount2,
#ifdef SYS_umount
		SYS_umount,
#endif
		SYS_pivot_root,
		SYS_chroot,
		SYS_move_mount,
		SYS_open_tree,
		SYS_fsopen,
		SYS_fsmount,
		SYS_fsconfig,
		SYS_fspick,
#ifdef SYS_mount_setattr
		SYS_mount_setattr,
#endif
		SYS_setns,
		SYS_unshare,
		SYS_name_to_handle_at,
		SYS_open_by_handle_at,
#ifdef SYS_mknod
		SYS_mknod,
#endif
		SYS_mknodat,
		/* other users */
		SYS_setuid,
		SYS_setgid,
		SYS_setreuid,
		SYS_setregid,
		SYS_setresuid,
		SYS_setresgid,
		SYS_setgroups,
		SYS_setfsuid,
		SYS_setfsgid,
#ifdef SYS_setuid32 /* 32 bits: the calls above are those of the 16-bit numbers */
		SYS_setuid32,
		SYS_setgid32,
		SYS_setreuid32,
		SYS_setregid32,
		SYS_setresuid32,
		SYS_setresgid32,
		SYS_setgroups32,
		SYS_setfsuid32,
		SYS_setfsgid32,
#endif
		/* names and time of the machine */
		SYS_settimeofday,
		SYS_clock_settime,
		SYS_adjtimex,
		SYS_clock_adjtime,
#ifdef SYS_clock_settime64
		SYS_clock_settime64,
		SYS_clock_adjtime64,
#endif
#ifdef SYS_stime
		SYS_stime,
#endif
		SYS_sethostname,
		SYS_setdomainname,
		SYS_vhangup,
	/* asynchronous calls go past every filter */
#ifdef SYS_io_uring_setup
		SYS_io_uring_setup,
		SYS_io_uring_enter,
		SYS_io_uring_register,
#endif
#ifdef SYS_iopl
		SYS_iopl,
		SYS_ioperm,
#endif
#ifdef SYS_modify_ldt
		SYS_modify_ldt,
#endif
	};
	struct program p;

	begin(&p);
	end_for_all(&p, busy, ARRAY_LEN(busy), SECCOMP_RET_ALLOW);
	end_for_all(&p, never, ARRAY_LEN(never), REFUSE);
	/* Its flags cannot be seen by a filter; libc then takes the older call. */
#ifdef SYS_clone3
	end_if(&p, SYS_clone3, SECCOMP_RET_ERRNO | ENOSYS);
#endif
	/* Typing into the terminal that started us. */
	put(&p, BPF_JMP | BPF_JEQ | BPF_K, 0, 5, SYS_ioctl);
	load(&p, ARGUMENT(1));
	end_if(&p, TIOCSTI, REFUSE);
	end_if(&p, 0x541c /* TIOCLINUX */, REFUSE);
	/* A namespace of our own, where we would be root. */
	load(&p, offsetof(struct seccomp_data, nr));
	put(&p, BPF_JMP | BPF_JEQ | BPF_K, 0, 3, SYS_clone);
	load(&p, ARGUMENT(0));
	put(&p, BPF_JMP | BPF_JSET | BPF_K, 0, 1,
	    CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |
		    CLONE_NEWPID | CLONE_NEWNET);
	end(&p, REFUSE);
	end(&p, SECCOMP_RET_ALLOW);
	return install(&p);
}

int confine_sockets(void)
{
	static const uint32_t families[] = {AF_UNIX, AF_NETLINK},
			      kinds[] = {SOCK_STREAM, SOCK_DGRAM};
	struct program p;

	begin(&p);
#ifdef SYS_socket
	put(&p, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, SYS_socket);
	end(&p, SECCOMP_RET_ALLOW);
	load(&p, ARGUMENT(0));
	end_for_all(&p, families, ARRAY_LEN(families), SECCOMP_RET_ALLOW);
	put(&p, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, AF_INET);
	end(&p, REFUSE);
	/* Not raw; and not SOCK_PACKET, which makes it a packet socket. */
	load(&p, ARGUMENT(1));
	put(&p, BPF_ALU | BPF_AND | BPF_K, 0, 0, 0xf); /* above it stand the flags */
	end_for_all(&p, kinds, ARRAY_LEN(kinds), SECCOMP_RET_ALLOW);
	end(&p, REFUSE);
#else
	(void)families;
	(void)kinds;
	end(&p, SECCOMP_RET_ALLOW);
#endif
	return install(&p);
}

int confine_to_computing(void)
{
	static const uint32_t allowed[] = {
		SYS_read,
		SYS_write,
		SYS_readv,
		SYS_writev,
		SYS_close,
		SYS_exit,
		SYS_exit_group,
		SYS_brk,
		SYS_munmap,
		SYS_mremap,
		SYS_madvise,
		SYS_mprotect,
#ifdef SYS_mmap
		SYS_mmap,
#endif
#ifdef SYS_mmap2
		SYS_mmap2,
#endif
		SYS_futex,
		SYS_rt_sigreturn,
		SYS_rt_sigprocmask,
		SYS_rt_sigaction,
		SYS_sigaltstack,
		SYS_getrandom,
		SYS_clock_gettime,
		SYS_gettimeofday,
		SYS_getpid,
		SYS_gettid,
		SYS_tgkill,
		SYS_sched_yield,
		SYS_restart_syscall,
	};
	struct program p;

	begin(&p);
	end_for_all(&p, allowed, ARRAY_LEN(allowed), SECCOMP_RET_ALLOW);
	end(&p, REFUSE);
	return install(&p);
}
