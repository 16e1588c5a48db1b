/*
 * unpinned: runs a command that may not choose its CPUs, as in a sandbox or a container that
 * forbids it.
 *
 *     unpinned COMMAND ...
 *
 * sched_setaffinity, and so pthread_setaffinity_np, fails with EPERM in the command and in all that
 * it starts. Status 2: it could not be forbidden, nothing was run. 127: the command is not there.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { UNPINNED_CANNOT = 2, UNPINNED_NO_COMMAND = 127 };

static int forbid_affinity(void)
{
    struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sched_setaffinity, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {.len = sizeof rules / sizeof rules[0], .filter = rules};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return -1;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: unpinned COMMAND ...\n");
        return UNPINNED_CANNOT;
    }
    if (forbid_affinity() != 0) {
        fprintf(stderr, "unpinned: cannot forbid sched_setaffinity: %s\n", strerror(errno));
        return UNPINNED_CANNOT;
    }
    execvp(argv[1], argv + 1);
    fprintf(stderr, "unpinned: cannot run \"%s\": %s\n", argv[1], strerror(errno));
    return UNPINNED_NO_COMMAND;
}
