/* Publishing through the reactor: whole files in order, and failures that are named. */
#include "core/epoch/publisher.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/support/fake_reactor.h"
#include "tests/support/scratch.h"

enum { POLLS_MAX = 1000 };

struct answer {
    int count, code;
    char text[LT_ERROR_TEXT_MAX];
};

struct place {
    char path[SCRATCH_PATH_SIZE];
    struct lt_epoch_folder folder;
    struct lt_reactor *reactor;
    struct lt_publisher *publisher;
};

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    scratch_create(place->path);
    place->reactor = fake_reactor_create(1, NULL);
    place->publisher = lt_publisher_create(place->reactor);
    *state = place;
    return lt_epoch_folder_open(&place->folder, place->path, false, NULL);
}

static int tear_down(void **state)
{
    struct place *place = *state;
    lt_publisher_destroy(place->publisher);
    lt_reactor_destroy(place->reactor);
    lt_epoch_folder_close(&place->folder);
    scratch_remove(place->path);
    free(place);
    return 0;
}

static void on_done(void *context, int code, const struct lt_error *error)
{
    struct answer *answer = context;
    answer->count++;
    answer->code = code;
    snprintf(answer->text, sizeof answer->text, "%s", error->text);
}

static void poll_some(struct place *place)
{
    for (int i = 0; i < POLLS_MAX && place->reactor->pending_count > 0; i++)
        lt_reactor_poll(place->reactor);
}

/* With what comes later. */
static void poll_all(struct place *place)
{
    lt_publisher_catch_up(place->publisher);
    poll_some(place);
    assert_int_equal(place->reactor->pending_count, 0);
}

static bool is_there(const struct place *place, const char *name)
{
    char *content = scratch_read("%s/%s", place->path, name);
    free(content);
    return content != NULL;
}

static void a_file_appears_whole_with_its_companion_and_nothing_else(void **state)
{
    struct place *place = *state;
    struct answer answer = {0};
    lt_publisher_write(place->publisher, &place->folder, "7", "content", on_done, &answer);
    assert_int_equal(answer.count, 0);
    assert_false(is_there(place, "7"));
    poll_all(place);
    assert_int_equal(answer.count, 1);
    assert_int_equal(answer.code, 0);
    char *content = scratch_read("%s/7", place->path);
    assert_string_equal(content, "content");
    free(content);
    struct lt_text_buffer text;
    lt_text_init(&text);
    assert_int_equal(lt_epoch_file_read(&place->folder, "7", true, &text, NULL), 0);
    lt_text_fini(&text);
    struct lt_epoch_names names;
    assert_int_equal(lt_epoch_folder_list(&place->folder, &names, NULL), 0);
    assert_int_equal(names.count, 2); /* 7, 7.crc */
    free(names.names);
}

/* Notes in which order operations on which names are done. */
struct order {
    char text[1024];
};

static bool note_order(void *context, const struct lt_io *io, int64_t *result)
{
    static const char *const names[LT_IO_KIND_COUNT] = {
        [LT_IO_OPENAT] = "open", [LT_IO_WRITE] = "write",     [LT_IO_FSYNC] = "sync",
        [LT_IO_CLOSE] = "close", [LT_IO_RENAMEAT] = "rename", [LT_IO_UNLINKAT] = "unlink",
    };
    (void)result;
    struct order *order = context;
    const char *path = io->kind == LT_IO_RENAMEAT ? io->path2 : io->path;
    size_t used = strlen(order->text);
    snprintf(order->text + used, sizeof order->text - used, "%s%s%s;", names[io->kind],
             path == NULL ? "" : " ", path == NULL ? "" : path);
    return false;
}

static void each_file_is_durable_before_the_next_is_begun(void **state)
{
    struct place *place = *state;
    struct order order = {""};
    struct answer first = {0}, second = {0};
    fake_reactor_set_hook(place->reactor, note_order, &order);
    lt_publisher_write(place->publisher, &place->folder, "1", "a", on_done, &first);
    lt_publisher_delete(place->publisher, &place->folder, "0");
    lt_publisher_write(place->publisher, &place->folder, "2", "b", on_done, &second);
    poll_all(place);
    assert_string_equal(order.text, "open .1.leat.tmp;write;sync;close;rename 1;sync;"
                                    "open .2.leat.tmp;write;sync;close;rename 2;sync;"
                                    "unlink 0.crc;unlink 0;"
                                    "open .1.crc.leat.tmp;write;sync;close;rename 1.crc;"
                                    "open .2.crc.leat.tmp;write;sync;close;rename 2.crc;");
    assert_int_equal(first.count + second.count, 2);
}

static void a_file_that_was_written_ahead_lacks_its_name_and_one_sync(void **state)
{
    struct place *place = *state;
    struct order order = {""};
    struct answer answer = {0};
    lt_publisher_write_ahead(place->publisher, &place->folder, "7", "content");
    poll_some(place);
    assert_false(is_there(place, "7"));
    fake_reactor_set_hook(place->reactor, note_order, &order);
    lt_publisher_write(place->publisher, &place->folder, "7", "content", on_done, &answer);
    poll_some(place);
    assert_string_equal(order.text, "rename 7;sync;");
    assert_int_equal(answer.count, 1);
    assert_int_equal(answer.code, 0);
    char *content = scratch_read("%s/7", place->path);
    assert_string_equal(content, "content");
    free(content);
}

static void what_was_written_ahead_and_is_not_what_is_wanted_counts_for_nothing(void **state)
{
    struct place *place = *state;
    struct answer answer = {0};
    lt_publisher_write_ahead(place->publisher, &place->folder, "7", "a longer content");
    lt_publisher_write_ahead(place->publisher, &place->folder, "8", "other");
    poll_some(place);
    lt_publisher_write(place->publisher, &place->folder, "7", "content", on_done, &answer);
    lt_publisher_write(place->publisher, &place->folder, "8", "contents", on_done, &answer);
    poll_all(place);
    assert_int_equal(answer.count, 2);
    assert_int_equal(answer.code, 0);
    char *first = scratch_read("%s/7", place->path), *second = scratch_read("%s/8", place->path);
    assert_string_equal(first, "content");
    assert_string_equal(second, "contents");
    free(first);
    free(second);
}

static void a_fault_while_a_file_is_written_ahead_is_none_yet(void **state)
{
    struct place *place = *state;
    struct answer answer = {0};
    fake_reactor_fail(place->reactor, LT_IO_WRITE, 0, -ENOSPC);
    lt_publisher_write_ahead(place->publisher, &place->folder, "7", "content");
    poll_some(place);
    lt_publisher_write(place->publisher, &place->folder, "7", "content", on_done, &answer);
    poll_some(place);
    assert_int_equal(answer.count, 1);
    assert_int_equal(answer.code, 0);
    assert_true(is_there(place, "7"));
    /* What is never asked for again is forgotten with the publisher. */
    lt_publisher_write_ahead(place->publisher, &place->folder, "8", "content");
    poll_some(place);
    assert_false(is_there(place, "8"));
}

static void a_deletion_takes_the_companion_and_minds_no_missing_one(void **state)
{
    struct place *place = *state;
    scratch_write("x", "%s/1", place->path);
    scratch_write("x", "%s/2", place->path);
    scratch_write("x", "%s/2.crc", place->path);
    for (int i = 0; i < 4; i++) {
        char name[8];
        snprintf(name, sizeof name, "%d", i);
        lt_publisher_delete(place->publisher, &place->folder, name);
    }
    poll_all(place);
    struct lt_epoch_names names;
    assert_int_equal(lt_epoch_folder_list(&place->folder, &names, NULL), 0);
    assert_int_equal(names.count, 0);
    free(names.names);
}

struct failing {
    enum lt_io_kind kind;
    uint32_t skip;
    int64_t result;
    int code;
    const char *text; /* "%" stands for the folder */
};

static const struct failing failing_steps[] = {
    {LT_IO_WRITE, 0, -ENOSPC, LT_E_IO,
     "cannot write checkpoint file '%/7': No space left on device; hint: free some space on the "
     "disk "
     "that holds the checkpoint and start again: nothing is lost"},
    {LT_IO_WRITE, 0, 3, LT_E_IO,
     "cannot write checkpoint file '%/7': No space left on device; hint: "},
    {LT_IO_WRITE, 0, -EIO, LT_E_IO,
     "cannot write checkpoint file '%/7': Input/output error; hint: the disk reports a fault, see "
     "the kernel's log"},
    {LT_IO_FSYNC, 0, -EIO, LT_E_IO,
     "cannot write checkpoint file '%/7': Input/output error; hint: "},
    {LT_IO_FSYNC, 1, -EIO, LT_E_IO,
     "cannot write checkpoint file '%/7': Input/output error; hint: "},
    {LT_IO_OPENAT, 0, -EACCES, LT_E_PERMISSION,
     "cannot write checkpoint file '%/7': Permission denied; hint: the user that runs the query "
     "needs to own the checkpoint directory"},
    {LT_IO_OPENAT, 0, -EMFILE, LT_E_LIMIT,
     "cannot write checkpoint file '%/7': Too many open files"},
    {LT_IO_RENAMEAT, 0, -EROFS, LT_E_PERMISSION,
     "cannot write checkpoint file '%/7': Read-only file system; hint: "},
    {LT_IO_CLOSE, 0, -EIO, LT_E_IO,
     "cannot write checkpoint file '%/7': Input/output error; hint: "},
};

static void a_step_that_fails_is_reported_once_and_nothing_more_is_begun(void **state)
{
    for (size_t i = 0; i < sizeof failing_steps / sizeof failing_steps[0]; i++) {
        const struct failing *failing = &failing_steps[i];
        tear_down(state);
        assert_int_equal(set_up(state), 0);
        struct place *place = *state;
        struct answer answer = {0}, behind = {0};
        fake_reactor_fail(place->reactor, failing->kind, failing->skip, failing->result);
        lt_publisher_write(place->publisher, &place->folder, "7", "content", on_done, &answer);
        lt_publisher_write(place->publisher, &place->folder, "8", "content", on_done, &behind);
        poll_all(place);
        assert_int_equal(answer.count, 1);
        assert_int_equal(answer.code, failing->code);
        char expected[LT_ERROR_TEXT_MAX];
        const char *mark = strchr(failing->text, '%');
        snprintf(expected, sizeof expected, "%.*s%s%s", (int)(mark - failing->text), failing->text,
                 place->path, mark + 1);
        if (strncmp(answer.text, expected, strlen(expected)) != 0)
            assert_string_equal(answer.text, expected);
        assert_int_equal(behind.count, 0);
        assert_false(is_there(place, "8"));
        lt_publisher_destroy(place->publisher);
        place->publisher = NULL;
        assert_int_equal(behind.count, 1);
        assert_int_equal(behind.code, LT_E_CANCELLED);
        assert_int_equal(answer.count, 1);
    }
}

static void what_nobody_waits_for_waits_until_it_is_asked_for(void **state)
{
    struct place *place = *state;
    struct answer answer = {0};
    lt_publisher_write(place->publisher, &place->folder, "7", "content", on_done, &answer);
    for (int i = 0; i < POLLS_MAX; i++)
        lt_reactor_poll(place->reactor);
    assert_int_equal(answer.count, 1);
    assert_false(is_there(place, "7.crc"));
    poll_all(place);
    assert_true(is_there(place, "7.crc"));
}

static void a_companion_that_fails_stops_nothing(void **state)
{
    struct place *place = *state;
    struct answer first = {0}, second = {0};
    fake_reactor_fail(place->reactor, LT_IO_WRITE, 1, -ENOSPC);
    lt_publisher_write(place->publisher, &place->folder, "7", "content", on_done, &first);
    poll_all(place);
    lt_publisher_write(place->publisher, &place->folder, "8", "content", on_done, &second);
    poll_all(place);
    assert_int_equal(first.count + second.count, 2);
    assert_int_equal(first.code, 0);
    assert_int_equal(second.code, 0);
    assert_false(is_there(place, "7.crc"));
    assert_true(is_there(place, "7"));
    assert_true(is_there(place, "8.crc"));
}

static void destroying_waits_for_the_file_at_work_and_answers_the_rest(void **state)
{
    struct place *place = *state;
    struct answer first = {0}, second = {0};
    lt_publisher_write(place->publisher, &place->folder, "1", "a", on_done, &first);
    lt_publisher_write(place->publisher, &place->folder, "2", "b", on_done, &second);
    lt_publisher_catch_up(place->publisher);
    lt_publisher_destroy(place->publisher);
    place->publisher = NULL;
    assert_int_equal(first.count, 1);
    assert_int_equal(first.code, 0);
    assert_true(is_there(place, "1"));
    assert_true(is_there(place, "1.crc"));
    assert_int_equal(second.count, 1);
    assert_int_equal(second.code, LT_E_CANCELLED);
    assert_false(is_there(place, "2"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static void what_is_refused_is_answered_and_not_written_nor_what_is_behind(void **state)
{
    struct place *place = *state;
    struct answer first = {0}, second = {0};
    struct lt_error error;
    lt_error_set(&error, LT_E_CHECKPOINT, "the lock is gone");
    lt_publisher_refuse(place->publisher, &place->folder, "7", &error, on_done, &first);
    lt_publisher_write(place->publisher, &place->folder, "8", "content", on_done, &second);
    assert_int_equal(first.count, 0); /* not before the reactor is polled */
    poll_all(place);
    assert_int_equal(first.count, 1);
    assert_int_equal(first.code, LT_E_CHECKPOINT);
    assert_string_equal(first.text, "the lock is gone");
    assert_false(is_there(place, "7"));
    assert_false(is_there(place, "8"));
    assert_int_equal(second.count, 0);
    lt_publisher_destroy(place->publisher);
    place->publisher = NULL;
    assert_int_equal(second.code, LT_E_CANCELLED);
}

static const char another_text[] =
    "Concurrent update to the log. Multiple streaming jobs detected for ";

static void assert_is_of_another(const struct place *place, const struct answer *answer,
                                 const char *name)
{
    assert_int_equal(answer->code, LT_E_CHECKPOINT);
    assert_non_null(strstr(answer->text, another_text));
    assert_int_equal(strncmp(strstr(answer->text, another_text) + sizeof another_text - 1, name,
                             strlen(name)),
                     0);
    char *content = scratch_read("%s/%s", place->path, name);
    assert_string_equal(content, "another's");
    free(content);
}

static void a_file_that_another_has_written_stays_and_is_told(void **state)
{
    struct place *place = *state;
    struct answer answer = {0}, behind = {0};
    scratch_write("another's", "%s/7", place->path);
    lt_publisher_write(place->publisher, &place->folder, "7", "content", on_done, &answer);
    lt_publisher_write(place->publisher, &place->folder, "8", "content", on_done, &behind);
    poll_all(place);
    assert_is_of_another(place, &answer, "7");
    assert_false(is_there(place, "8"));
    lt_publisher_destroy(place->publisher); /* which answers `behind` */
    place->publisher = NULL;
}

static void a_companion_that_another_has_written_stops_the_next_file(void **state)
{
    struct place *place = *state;
    struct answer answer = {0}, next = {0}, behind = {0};
    scratch_write("another's", "%s/7.crc", place->path);
    lt_publisher_write(place->publisher, &place->folder, "7", "content", on_done, &answer);
    poll_all(place);
    assert_int_equal(answer.code, 0);
    lt_publisher_write(place->publisher, &place->folder, "8", "content", on_done, &next);
    lt_publisher_write(place->publisher, &place->folder, "9", "content", on_done, &behind);
    poll_all(place);
    assert_is_of_another(place, &next, "7.crc");
    assert_false(is_there(place, "8"));
    assert_int_equal(behind.count, 0);
    lt_publisher_destroy(place->publisher);
    place->publisher = NULL;
}

/* As on NFS. */
static void a_file_system_that_can_only_replace_is_written_to(void **state)
{
    struct place *place = *state;
    struct answer first = {0}, second = {0};
    fake_reactor_fail(place->reactor, LT_IO_RENAMEAT, 0, -EINVAL);
    lt_publisher_write(place->publisher, &place->folder, "7", "content", on_done, &first);
    lt_publisher_write(place->publisher, &place->folder, "8", "content", on_done, &second);
    poll_all(place);
    assert_int_equal(first.code, 0);
    assert_int_equal(second.code, 0);
    assert_int_equal(first.count, 1);
    struct lt_text_buffer text;
    lt_text_init(&text);
    assert_int_equal(lt_epoch_file_read(&place->folder, "7", true, &text, NULL), 0);
    assert_string_equal(lt_text_get(&text), "content");
    lt_text_fini(&text);
    assert_true(is_there(place, "8"));
}

/* A text of 1 GiB and a byte, in the same 16 MiB many times over. */
static void what_could_not_be_read_again_is_not_written(void **state)
{
    enum { CHUNK = 16 * 1024 * 1024, SIZE = LT_EPOCH_FILE_MAX_BYTES };
    struct place *place = *state;
    struct answer answer = {0};
    int fd = memfd_create("chunk", MFD_CLOEXEC);
    assert_true(fd >= 0);
    char *text = mmap(NULL, (size_t)SIZE + CHUNK, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    assert_ptr_not_equal(text, MAP_FAILED);
    assert_int_equal(ftruncate(fd, CHUNK), 0);
    for (size_t at = 0; at < SIZE; at += CHUNK)
        assert_ptr_equal(mmap(text + at, CHUNK, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
                              0),
                         text + at);
    memset(text, 'x', CHUNK);
    text[SIZE] = 'x';
    lt_publisher_write(place->publisher, &place->folder, "9.compact", text, on_done, &answer);
    poll_all(place);
    assert_int_equal(answer.count, 1);
    assert_int_equal(answer.code, LT_E_LIMIT);
    assert_non_null(strstr(answer.text, "/9.compact' would have 1073741825 bytes"));
    assert_non_null(strstr(answer.text, "hint: "));
    assert_false(is_there(place, "9.compact"));
    assert_int_equal(munmap(text, (size_t)SIZE + CHUNK), 0);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_refused_is_answered_and_not_written_nor_what_is_behind),
        TEST(a_file_appears_whole_with_its_companion_and_nothing_else),
        TEST(each_file_is_durable_before_the_next_is_begun),
        TEST(a_file_that_was_written_ahead_lacks_its_name_and_one_sync),
        TEST(what_was_written_ahead_and_is_not_what_is_wanted_counts_for_nothing),
        TEST(a_fault_while_a_file_is_written_ahead_is_none_yet),
        TEST(a_deletion_takes_the_companion_and_minds_no_missing_one),
        TEST(a_step_that_fails_is_reported_once_and_nothing_more_is_begun),
        TEST(destroying_waits_for_the_file_at_work_and_answers_the_rest),
        TEST(what_nobody_waits_for_waits_until_it_is_asked_for),
        TEST(a_companion_that_fails_stops_nothing),
        TEST(a_file_that_another_has_written_stays_and_is_told),
        TEST(a_companion_that_another_has_written_stops_the_next_file),
        TEST(a_file_system_that_can_only_replace_is_written_to),
        TEST(what_could_not_be_read_again_is_not_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
