/*
 * One rung of io_uring's ladder: flags, the operations that must be there, and where the kernel's
 * workers run.
 */
#include "io/uring_setup.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#include "core/base/log.h"

enum {
    CQ_ENTRIES = 4096, /* completions that the kernel need not keep aside */
    WORKERS_MAX = 4,   /* kernel threads for what blocks, of each kind */
};

const char *lt_uring_rung_name(enum lt_uring_rung rung)
{
    static const char *const names[LT_URING_RUNG_COUNT] = {
        [LT_URING_DEFER_TASKRUN] = "io_uring.defer_taskrun",
        [LT_URING_COOP_TASKRUN] = "io_uring.coop_taskrun",
        [LT_URING_PLAIN] = "io_uring.plain",
    };
    return names[rung];
}

/* What a ring must have, and what the helper thread does where a ring has it not (kernels before
 * 5.15, and before 6.9). */
static bool has_operations(struct io_uring *ring, uint32_t *missing_kinds)
{
    static const int needed[] = {
        IORING_OP_READ,    IORING_OP_WRITE,    IORING_OP_FSYNC,        IORING_OP_OPENAT,
        IORING_OP_CLOSE,   IORING_OP_RENAMEAT, IORING_OP_UNLINKAT,     IORING_OP_POLL_ADD,
        IORING_OP_RECV,    IORING_OP_SEND,     IORING_OP_ACCEPT,       IORING_OP_CONNECT,
        IORING_OP_RECVMSG, IORING_OP_SENDMSG,  IORING_OP_ASYNC_CANCEL, IORING_OP_STATX,
    };
    static const struct {
        enum lt_io_kind kind;
        int operation;
    } wanted[] = {
        {LT_IO_FTRUNCATE, LT_URING_OP_FTRUNCATE},
        {LT_IO_LINKAT, IORING_OP_LINKAT},
        {LT_IO_MKDIRAT, IORING_OP_MKDIRAT},
    };
    struct io_uring_probe *probe = io_uring_get_probe_ring(ring);
    if (probe == NULL)
        return false;
    bool has_all = true;
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
        has_all &= io_uring_opcode_supported(probe, needed[i]) != 0;
    *missing_kinds = 1u << LT_IO_CALL;
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        if (io_uring_opcode_supported(probe, wanted[i].operation) == 0)
            *missing_kinds |= 1u << wanted[i].kind;
    }
    io_uring_free_probe(probe);
    return has_all;
}

/* Puts the kernel's own threads for this ring where they disturb no lane. Refusals only cost
 * latency. */
static void place_workers(struct io_uring *ring, const struct lt_reactor_options *options)
{
    unsigned workers[2] = {WORKERS_MAX, WORKERS_MAX};
    int result = io_uring_register_iowq_max_workers(ring, workers);
    if (result < 0)
        lt_log_debug("io_uring: cannot bound the kernel's workers: %s", strerror(-result));
    if (options->housekeeping_cpu_count == 0)
        return;
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    for (int i = 0; i < options->housekeeping_cpu_count; i++) {
        if (options->housekeeping_cpus[i] < CPU_SETSIZE)
            CPU_SET((unsigned)options->housekeeping_cpus[i], &cpus);
    }
    result = io_uring_register_iowq_aff(ring, sizeof cpus, &cpus);
    if (result < 0)
        lt_log_debug("io_uring: cannot place the kernel's workers: %s", strerror(-result));
}

static int open_rung(struct io_uring *ring, enum lt_uring_rung rung, uint32_t *missing_kinds,
                     struct lt_error *error)
{
    static const unsigned flags[LT_URING_RUNG_COUNT] = {
        [LT_URING_DEFER_TASKRUN] =
            IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
        [LT_URING_COOP_TASKRUN] = IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
        [LT_URING_PLAIN] = 0,
    };
    struct io_uring_params params = {
        .flags = flags[rung] | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP,
        .cq_entries = CQ_ENTRIES,
    };
    int result = io_uring_queue_init_params(LT_URING_SQ_ENTRIES, ring, &params);
    if (result < 0)
        return lt_error_set_errno(error, -result, "the kernel refuses \"%s\"",
                                  lt_uring_rung_name(rung));
    const unsigned features = IORING_FEAT_NODROP | IORING_FEAT_EXT_ARG;
    if ((params.features & features) == features && has_operations(ring, missing_kinds))
        return 0;
    io_uring_queue_exit(ring);
    return lt_error_set(error, LT_E_UNSUPPORTED, "the kernel's io_uring is too old for \"%s\"",
                        lt_uring_rung_name(rung));
}

int lt_uring_ring_open(struct io_uring *ring, enum lt_uring_rung rung,
                       const struct lt_reactor_options *options, uint32_t *missing_kinds,
                       struct lt_error *error)
{
    int code = open_rung(ring, rung, missing_kinds, error);
    if (code != 0)
        return code;
    int result = io_uring_register_ring_fd(ring);
    if (result != 1) /* 12 ns more for each call */
        lt_log_debug("io_uring: the ring is not registered: %s", strerror(-result));
    place_workers(ring, options);
    return 0;
}
