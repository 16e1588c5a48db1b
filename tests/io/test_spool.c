/*
 * The spool: its format, what of a folder is believed, and what survives a death at any operation.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/arena.h"
#include "core/base/log.h"
#include "io/reactor.h"
#include "io/spool_internal.h"
#include "tests/support/failing_readdir.h"
#include "tests/support/fake_reactor.h"
#include "tests/support/scratch.h"

struct fixture {
    char folder[SCRATCH_PATH_SIZE];
    char directory[SCRATCH_PATH_SIZE + 8];
    struct lt_clock_manual clock;
    struct lt_reactor *reactor;
    struct lt_spool *spool;
    struct lt_error error;
    int64_t size_bytes;
};

static void keep_quiet(void *context, enum lt_log_level level, const char *text)
{
    (void)context;
    (void)level;
    (void)text;
}

static int set_up(void **state)
{
    struct fixture *fixture = lt_alloc(sizeof *fixture);
    lt_log_set_sink(keep_quiet, NULL);
    scratch_create(fixture->folder);
    snprintf(fixture->directory, sizeof fixture->directory, "%s/spool", fixture->folder);
    lt_clock_manual_init(&fixture->clock, 5000, 1700000000000000);
    fixture->size_bytes = 1024 * 1024;
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    if (fixture->spool != NULL)
        lt_spool_detach(fixture->spool);
    lt_spool_close(fixture->spool);
    lt_reactor_destroy(fixture->reactor);
    scratch_remove(fixture->folder);
    lt_log_set_sink(NULL, NULL);
    free(fixture);
    return 0;
}

static int try_open(struct fixture *fixture, const char *framing)
{
    struct lt_spool_options options = {.directory = fixture->directory,
                                       .framing = framing,
                                       .size_bytes = fixture->size_bytes,
                                       .sync_interval_ns = LT_NS_PER_MS};
    lt_error_clear(&fixture->error);
    return lt_spool_open(&options, &fixture->spool, &fixture->error);
}

static void open_spool(struct fixture *fixture, uint64_t seed)
{
    if (try_open(fixture, "line") != 0)
        fail_msg("%s", fixture->error.text);
    fixture->reactor = fake_reactor_create(seed, &fixture->clock);
    lt_spool_attach(fixture->spool, fixture->reactor, &fixture->clock.clock);
}

static void close_spool(struct fixture *fixture)
{
    lt_spool_detach(fixture->spool);
    lt_spool_close(fixture->spool);
    lt_reactor_destroy(fixture->reactor);
    fixture->spool = NULL;
    fixture->reactor = NULL;
}

/* Record n is 16 bytes: "record n\n". */
enum { RECORD_BYTES = 16 };

static void append(struct fixture *fixture, uint64_t first, uint32_t count)
{
    struct lt_text_buffer text;
    lt_text_init(&text);
    for (uint32_t i = 0; i < count; i++)
        lt_text_format(&text, "record %08" PRIu64 "\n", first + i);
    struct lt_spool_chunk chunk = {.wall_us = 7,
                                   .record_count = count,
                                   .size_bytes = (uint32_t)text.size_bytes,
                                   .origin_size_bytes = 3,
                                   .origin = "abc",
                                   .data = text.data};
    lt_spool_append(fixture->spool, &chunk);
    lt_text_fini(&text);
}

static uint64_t durable_records(const struct fixture *fixture)
{
    return lt_spool_durable(fixture->spool) / RECORD_BYTES;
}

static int step(struct fixture *fixture)
{
    lt_clock_manual_advance(&fixture->clock, LT_NS_PER_MS);
    int work = lt_spool_poll(fixture->spool, &fixture->error);
    lt_reactor_poll(fixture->reactor);
    return work;
}

static void make_durable(struct fixture *fixture, uint64_t record)
{
    for (int i = 0; i < 1000 && durable_records(fixture) < record; i++)
        assert_true(step(fixture) >= 0);
    assert_true(durable_records(fixture) >= record);
}

/* Reads from `from` on and checks every record; returns where it ended. */
static uint64_t read_again(struct fixture *fixture, uint64_t from)
{
    struct lt_spool_replay *replay = lt_spool_replay_create(fixture->spool, from * RECORD_BYTES);
    struct lt_spool_chunk chunk;
    void *hold;
    uint64_t next = from;
    for (int i = 0; i < 1000000; i++) {
        enum lt_spool_replayed status =
            lt_spool_replay_next(replay, &chunk, &hold, &fixture->error);
        if (status == LT_REPLAY_FAILED)
            fail_msg("%s", fixture->error.text);
        if (status == LT_REPLAY_END)
            break;
        if (status == LT_REPLAY_WAIT) {
            lt_reactor_poll(fixture->reactor);
            continue;
        }
        assert_true(chunk.first.record <= next);
        assert_int_equal(chunk.wall_us, 7);
        assert_memory_equal(chunk.origin, "abc", 3);
        char wanted[32];
        const char *at = chunk.data;
        for (uint32_t k = 0; k < chunk.record_count; k++) {
            int size =
                snprintf(wanted, sizeof wanted, "record %08" PRIu64 "\n", chunk.first.record + k);
            assert_memory_equal(at, wanted, (size_t)size);
            at += size;
        }
        assert_ptr_equal(at, (const char *)chunk.data + chunk.size_bytes);
        next = chunk.first.record + chunk.record_count;
        lt_spool_replay_release(hold);
    }
    lt_spool_replay_destroy(replay);
    return next;
}

/* ---------------------------------------------------------------------------------------- tests */

static void what_is_durable_is_read_again(void **state)
{
    struct fixture *fixture = *state;
    open_spool(fixture, 1);
    append(fixture, 0, 3);
    append(fixture, 3, 1);
    assert_int_equal(durable_records(fixture), 0);
    make_durable(fixture, 4);
    append(fixture, 4, 1); /* not waited for: detach does */
    close_spool(fixture);
    open_spool(fixture, 2);
    assert_int_equal(lt_spool_begin(fixture->spool).record, 0);
    assert_int_equal(lt_spool_end(fixture->spool).record, 5);
    assert_int_equal(durable_records(fixture), 5);
    assert_int_equal(read_again(fixture, 0), 5);
    assert_int_equal(read_again(fixture, 1), 5);
    assert_int_equal(read_again(fixture, 4), 5);
    assert_int_equal(read_again(fixture, 5), 5);
}

static void segments_go_when_they_are_released(void **state)
{
    struct fixture *fixture = *state;
    fixture->size_bytes = 160 * 1024; /* segments of 10 KiB */
    open_spool(fixture, 3);
    uint64_t record = 0;
    while (record < 5000) {
        append(fixture, record, 100);
        record += 100;
        make_durable(fixture, record);
    }
    lt_spool_release(fixture->spool, 2500 * RECORD_BYTES);
    for (int i = 0; i < 100; i++)
        assert_true(step(fixture) >= 0);
    uint64_t begin = lt_spool_begin(fixture->spool).record;
    assert_true(begin > 1000);
    assert_true(begin <= 2500);
    close_spool(fixture);
    open_spool(fixture, 4);
    assert_int_equal(lt_spool_begin(fixture->spool).record, begin);
    assert_int_equal(read_again(fixture, 2500), 5000);
}

static void a_full_spool_has_no_room_until_segments_are_released(void **state)
{
    struct fixture *fixture = *state;
    fixture->size_bytes = 64 * 1024;
    open_spool(fixture, 5);
    assert_true(lt_spool_has_room(fixture->spool, 1024 * 1024)); /* the empty one takes anything */
    uint64_t record = 0;
    while (lt_spool_has_room(fixture->spool, 2000)) {
        append(fixture, record, 100);
        record += 100;
        make_durable(fixture, record);
        assert_true(record < 100000);
    }
    lt_spool_release(fixture->spool, record * RECORD_BYTES);
    for (int i = 0; i < 1000 && !lt_spool_has_room(fixture->spool, 2000); i++)
        assert_true(step(fixture) >= 0);
    assert_true(lt_spool_has_room(fixture->spool, 2000));
}

static void large_records_span_blocks(void **state)
{
    struct fixture *fixture = *state;
    fixture->size_bytes = 64 * 1024 * 1024;
    open_spool(fixture, 6);
    append(fixture, 0, 300000); /* 4 MB in one chunk */
    append(fixture, 300000, 10);
    make_durable(fixture, 300010);
    close_spool(fixture);
    open_spool(fixture, 7);
    assert_int_equal(read_again(fixture, 0), 300010);
    assert_int_equal(read_again(fixture, 300005), 300010);
}

static void a_second_owner_is_refused(void **state)
{
    struct fixture *fixture = *state;
    open_spool(fixture, 8);
    struct lt_spool *first = fixture->spool;
    assert_int_equal(try_open(fixture, "line"), LT_E_BUSY);
    assert_non_null(strstr(fixture->error.text, "another query has it open; hint: give each"));
    fixture->spool = first;
}

static void another_framing_is_refused(void **state)
{
    struct fixture *fixture = *state;
    open_spool(fixture, 9);
    append(fixture, 0, 1);
    close_spool(fixture);
    assert_int_equal(try_open(fixture, "length4"), LT_E_INVALID);
    fixture->spool = NULL;
    assert_non_null(strstr(fixture->error.text,
                           "its records are framed by \"line\", and the source's by \"length4\""));
}

/* The path of the segment with that first record. */
static void segment_path(const struct fixture *fixture, uint64_t record, char out[256])
{
    snprintf(out, 256, "%s/%020" PRIu64 ".spool", fixture->directory, record);
}

static void two_groups(struct fixture *fixture)
{
    open_spool(fixture, 10);
    append(fixture, 0, 2);
    make_durable(fixture, 2);
    append(fixture, 2, 2);
    make_durable(fixture, 4);
    close_spool(fixture);
}

static void a_torn_tail_is_cut_at_every_byte(void **state)
{
    struct fixture *fixture = *state;
    two_groups(fixture);
    char path[256];
    segment_path(fixture, 0, path);
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    /* 64 of the segment; each group 56 + 3 + 32 bytes. */
    assert_int_equal(status.st_size, 64 + 2 * 91);
    for (off_t size = status.st_size; size >= 0; size--) {
        assert_int_equal(truncate(path, size), 0);
        assert_int_equal(try_open(fixture, "line"), 0);
        uint64_t whole = size >= 64 + 2 * 91 ? 4 : size >= 64 + 91 ? 2 : 0;
        assert_int_equal(lt_spool_end(fixture->spool).record, whole);
        lt_spool_close(fixture->spool);
        fixture->spool = NULL;
    }
    /* And it goes on from there, in the same name. */
    open_spool(fixture, 11);
    append(fixture, 0, 3);
    close_spool(fixture);
    open_spool(fixture, 12);
    assert_int_equal(read_again(fixture, 0), 3);
}

static void flip(const char *path, off_t offset)
{
    int fd = open(path, O_RDWR);
    unsigned char byte;
    assert_int_equal(pread(fd, &byte, 1, offset), 1);
    byte ^= 0x10;
    assert_int_equal(pwrite(fd, &byte, 1, offset), 1);
    close(fd);
}

static void damage_to_what_was_durable_is_an_error(void **state)
{
    struct fixture *fixture = *state;
    two_groups(fixture);
    char path[256];
    segment_path(fixture, 0, path);
    for (off_t offset = 0; offset < 64 + 91; offset++) {
        flip(path, offset);
        int code = try_open(fixture, "line");
        assert_int_equal(code, LT_E_CORRUPT);
        fixture->spool = NULL;
        if (offset >= 64)
            assert_non_null(strstr(fixture->error.text, "byte 64: record 0 is damaged, and it was "
                                                        "durable"));
        flip(path, offset);
    }
    assert_int_equal(try_open(fixture, "line"), 0);
    assert_int_equal(lt_spool_end(fixture->spool).record, 4);
}

static void a_missing_segment_is_an_error(void **state)
{
    struct fixture *fixture = *state;
    for (uint64_t i = 0; i < 3; i++) {
        open_spool(fixture, 13 + i);
        append(fixture, i, 1);
        close_spool(fixture);
    }
    char path[256];
    segment_path(fixture, 1, path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(try_open(fixture, "line"), LT_E_CORRUPT);
    fixture->spool = NULL;
    assert_non_null(strstr(fixture->error.text, "segment \"00000000000000000002.spool\": it begins "
                                                "at record 2, byte 32, but the one before it ends "
                                                "at record 1, byte 16; hint: "));
}

/* What was not listed was durable, and would be written over. */
static void a_folder_that_is_not_listed_to_its_end_is_an_error(void **state)
{
    struct fixture *fixture = *state;
    enum { NAMES = 5 /* with those of itself and its parent */ };
    for (uint64_t i = 0; i < 3; i++) {
        open_spool(fixture, 13 + i);
        append(fixture, i, 1);
        close_spool(fixture);
    }
    for (int i = 0; i <= NAMES; i++) {
        failing_readdir_names = i;
        int code = try_open(fixture, "line");
        failing_readdir_names = -1;
        assert_int_equal(code, LT_E_IO);
        fixture->spool = NULL;
        assert_non_null(strstr(fixture->error.text, "cannot list it: Input/output error"));
        assert_non_null(strstr(fixture->error.text, fixture->directory));
    }
    open_spool(fixture, 17);
    assert_int_equal(read_again(fixture, 0), 3);
}

static void what_a_client_sends_is_taken_for_no_chunk(void **state)
{
    struct fixture *fixture = *state;
    struct lt_text_buffer forged;
    lt_text_init(&forged);
    struct lt_spool_chunk chunk = {
        .first = {50, 50}, .group_record = 50, .record_count = 1, .size_bytes = 2, .data = "x\n"};
    lt_spool_write_chunk(&forged, 0, &chunk);
    open_spool(fixture, 16);
    lt_spool_append(fixture->spool,
                    &(struct lt_spool_chunk){.record_count = 1,
                                             .size_bytes = (uint32_t)forged.size_bytes,
                                             .data = forged.data});
    lt_text_fini(&forged);
    close_spool(fixture);
    char path[256];
    segment_path(fixture, 0, path);
    flip(path, 70); /* torn, as far as anybody can know */
    assert_int_equal(try_open(fixture, "line"), 0);
    assert_int_equal(lt_spool_end(fixture->spool).record, 0);
}

static void short_writes_and_interruptions_are_gone_on_with(void **state)
{
    struct fixture *fixture = *state;
    open_spool(fixture, 17);
    fake_reactor_fail(fixture->reactor, LT_IO_WRITE, 0, -EINTR);
    append(fixture, 0, 2);
    make_durable(fixture, 2);
    fake_reactor_fail(fixture->reactor, LT_IO_WRITE, 0, -EAGAIN);
    append(fixture, 2, 2);
    make_durable(fixture, 4);
    close_spool(fixture);
    open_spool(fixture, 18);
    assert_int_equal(read_again(fixture, 0), 4);
}

static void failures_name_the_folder_and_are_final(void **state)
{
    static const struct {
        enum lt_io_kind kind;
        int result;
        const char *text;
    } cases[] = {
        {LT_IO_WRITE, -ENOSPC, "cannot write: No space left on device; hint: make room"},
        {LT_IO_WRITE, -EIO, "cannot write: "},
        {LT_IO_FDATASYNC, -EIO, "cannot sync: "},
        {LT_IO_FSYNC, -EIO, "cannot sync the folder: "},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        open_spool(fixture, 19);
        fake_reactor_fail(fixture->reactor, cases[i].kind, 0, cases[i].result);
        append(fixture, 0, 1);
        int work = 0;
        for (int k = 0; k < 100 && work >= 0; k++)
            work = step(fixture);
        assert_int_equal(work, -1);
        assert_non_null(strstr(fixture->error.text, cases[i].text));
        assert_non_null(strstr(fixture->error.text, fixture->directory));
        assert_int_equal(durable_records(fixture), 0);
        assert_int_equal(step(fixture), -1);
        close_spool(fixture);
        scratch_remove(fixture->directory);
    }
}

/* A death at any operation, by the process or by the machine: what was said to be durable is there,
 * in order, and nothing that never was. */
static void no_durable_record_is_lost(void **state)
{
    struct fixture *fixture = *state;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        scratch_remove(fixture->directory);
        fixture->size_bytes = 16 * 1024;
        uint64_t durable = 0, released = 0;
        for (int life = 0; life < 4; life++) {
            open_spool(fixture, seed * 7 + (uint64_t)life);
            uint64_t end = lt_spool_end(fixture->spool).record;
            assert_true(end >= durable);
            if (lt_spool_begin(fixture->spool).record > released)
                fail_msg("seed %" PRIu64 ": released only %" PRIu64, seed, released);
            assert_int_equal(read_again(fixture, released), end);
            fake_reactor_crash_after(fixture->reactor, (seed * 31 + (uint64_t)life * 17) % 40);
            for (int k = 0; k < 60 && !fake_reactor_has_stopped(fixture->reactor); k++) {
                if (lt_spool_has_room(fixture->spool, 400)) {
                    append(fixture, end, 1 + (uint32_t)(seed + (uint64_t)k) % 20);
                    end = lt_spool_end(fixture->spool).record;
                }
                assert_true(step(fixture) >= 0);
                durable = durable_records(fixture);
                released = durable / 2;
                lt_spool_release(fixture->spool, released * RECORD_BYTES);
            }
            durable = durable_records(fixture);
            fake_reactor_crash(fixture->reactor,
                               seed % 2 == 0 ? FAKE_CRASH_KILL : FAKE_CRASH_POWER);
            fixture->spool->reactor = NULL; /* it is dead: nothing may be waited for */
            lt_spool_close(fixture->spool);
            lt_reactor_destroy(fixture->reactor);
            fixture->spool = NULL;
            fixture->reactor = NULL;
        }
    }
}

/* On each rung of the real ones. */
static void real_reactors_write_and_read(void **state)
{
    static const char *const rungs[] = {"io_uring.defer_taskrun", "io_uring.coop_taskrun",
                                        "io_uring.plain", "epoll"};
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof rungs / sizeof rungs[0]; i++) {
        struct lt_reactor_options options = {.choice = rungs[i]};
        if (lt_reactor_create(&options, &fixture->reactor, NULL) != 0)
            continue; /* not on this machine */
        assert_int_equal(try_open(fixture, "line"), 0);
        uint64_t end = lt_spool_end(fixture->spool).record;
        lt_spool_attach(fixture->spool, fixture->reactor, lt_clock_system());
        append(fixture, end, 5);
        while (durable_records(fixture) < end + 5) {
            assert_true(lt_spool_poll(fixture->spool, &fixture->error) >= 0);
            lt_reactor_poll(fixture->reactor);
        }
        lt_spool_detach(fixture->spool);
        lt_spool_attach(fixture->spool, fixture->reactor, lt_clock_system());
        assert_int_equal(read_again(fixture, 0), end + 5);
        close_spool(fixture);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_is_durable_is_read_again),
        TEST(segments_go_when_they_are_released),
        TEST(a_full_spool_has_no_room_until_segments_are_released),
        TEST(large_records_span_blocks),
        TEST(a_second_owner_is_refused),
        TEST(another_framing_is_refused),
        TEST(a_torn_tail_is_cut_at_every_byte),
        TEST(damage_to_what_was_durable_is_an_error),
        TEST(a_missing_segment_is_an_error),
        TEST(a_folder_that_is_not_listed_to_its_end_is_an_error),
        TEST(what_a_client_sends_is_taken_for_no_chunk),
        TEST(short_writes_and_interruptions_are_gone_on_with),
        TEST(failures_name_the_folder_and_are_final),
        TEST(no_durable_record_is_lost),
        TEST(real_reactors_write_and_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
