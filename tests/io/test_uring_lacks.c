/*
 * What io_uring does not have: operations that came with later kernels go to the helper thread,
 * also as steps of chains, and a group of buffers for which there is no locked memory is received
 * into by system calls. This program stands in front of the library's functions and takes away.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <liburing.h>

#include "tests/support/reactor_suite.h"

static void find(const char *name, void *out, size_t size)
{
    void *found = dlsym(RTLD_NEXT, name);
    memcpy(out, &found, size);
}

struct io_uring_probe *io_uring_get_probe_ring(struct io_uring *ring)
{
    static struct io_uring_probe *(*get)(struct io_uring *);
    if (get == NULL)
        find("io_uring_get_probe_ring", &get, sizeof get);
    struct io_uring_probe *probe = get(ring);
    static const int later[] = {IORING_OP_MKDIRAT, IORING_OP_LINKAT, 55 /* ftruncate */};
    for (int i = 0; probe != NULL && i < 3; i++) {
        if (later[i] <= probe->last_op)
            probe->ops[later[i]].flags = 0;
    }
    return probe;
}

static uint32_t refused_rings;

int io_uring_register_buf_ring(struct io_uring *ring, struct io_uring_buf_reg *registration,
                               unsigned flags)
{
    (void)ring;
    (void)registration;
    (void)flags;
    refused_rings++;
    return -ENOMEM;
}

static void a_chain_goes_through_the_helper_where_it_must(void **state)
{
    struct fixture fixture;
    set_up(state, &fixture);
    int directory = fixture.directory_fd;
    for (int round = 0; round < 20; round++) {
        struct tally tally = {0};
        struct lt_io steps[] = {
            {.kind = LT_IO_MKDIRAT, .fd = directory, .path = "inner", .mode = 0755},
            {.kind = LT_IO_OPENAT,
             .fd = directory,
             .path = "inner/file",
             .flags = O_WRONLY | O_CREAT,
             .mode = 0644},
            {.kind = LT_IO_WRITE, .fd_from = 2, .buffer = "0123456789", .size_bytes = 10},
            {.kind = LT_IO_FTRUNCATE, .fd_from = 2, .offset = 3},
            {.kind = LT_IO_CLOSE, .fd_from = 2},
            {.kind = LT_IO_LINKAT,
             .fd = directory,
             .path = "inner/file",
             .fd2 = directory,
             .path2 = "link"},
            {.kind = LT_IO_UNLINKAT, .fd = directory, .path = "inner/file"},
            {.kind = LT_IO_UNLINKAT, .fd = directory, .path = "inner", .flags = AT_REMOVEDIR},
        };
        enum { COUNT = sizeof steps / sizeof steps[0] };
        for (uint32_t i = 0; i < COUNT; i++) {
            steps[i].done = on_done;
            steps[i].context = &tally;
        }
        submit_all(fixture.reactor, steps, COUNT);
        await(fixture.reactor, &tally, COUNT);
        for (uint32_t i = 0; i < COUNT; i++) {
            assert_ptr_equal(tally.order[i], &steps[i]);
            assert_int_equal(steps[i].result, i == 2 ? 10 : 0);
        }
        struct stat status;
        assert_int_equal(fstatat(directory, "link", &status, 0), 0);
        assert_int_equal(status.st_size, 3);
        assert_int_equal(unlinkat(directory, "link", 0), 0);
    }
    tear_down(&fixture);
}

static void on_received(struct lt_io *io)
{
    uint32_t *got = io->context;
    if (io->result <= 0)
        return;
    *got += (uint32_t)io->result;
    lt_buffers_give_back(io->group, io->piece);
}

static void without_locked_memory_a_group_is_received_into_all_the_same(void **state)
{
    struct fixture fixture;
    const struct subject *subject = *state;
    set_up(state, &fixture);
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    uint32_t refused_before = refused_rings;
    uint32_t got = 0;
    struct lt_io io = {.kind = LT_IO_RECV_MULTI,
                       .fd = ends[0],
                       .group = lt_reactor_buffers_create(fixture.reactor, 4, 8),
                       .done = on_received,
                       .context = &got};
    bool has_rings = strcmp(subject->choice, "io_uring.defer_taskrun") == 0;
    assert_int_equal(refused_rings - refused_before, has_rings);
    lt_reactor_submit(fixture.reactor, &io);
    int64_t end_ns = lt_clock_now_ns(lt_clock_system()) + 30 * (int64_t)LT_NS_PER_S;
    for (uint32_t i = 1; i <= 50; i++) {
        assert_int_equal(write(ends[1], "more than a piece", 17), 17);
        while (got < i * 17 && lt_clock_now_ns(lt_clock_system()) < end_ns)
            rest(fixture.reactor, end_ns);
        assert_int_equal(got, i * 17);
    }
    lt_reactor_cancel_and_wait(fixture.reactor, &io);
    assert_int_equal(io.result, -ECANCELED);
    lt_buffers_destroy(io.group);
    close(ends[0]);
    close(ends[1]);
    tear_down(&fixture);
}

int main(void)
{
    const struct suite_case cases[] = {
        SUITE_CASE(a_chain_goes_through_the_helper_where_it_must),
        SUITE_CASE(without_locked_memory_a_group_is_received_into_all_the_same),
    };
    return run_suite(cases, sizeof cases / sizeof cases[0]);
}
