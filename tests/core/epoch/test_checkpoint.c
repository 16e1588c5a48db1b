/* The checkpoint directory: what open concludes, deletes and refuses, and each refusal's text. */
#include "core/epoch/checkpoint.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/epoch/protocol.h"
#include "tests/support/scratch.h"

#define PREPARED "v1\n{\"conf\":{},\"preparedSinks\":1}\n{\"0\":%d}"
#define COMMIT "v1\n{\"nextBatchWatermarkMs\":0}"

struct place {
    char scratch[SCRATCH_PATH_SIZE];
    char path[SCRATCH_PATH_SIZE + 8];
    struct lt_checkpoint *checkpoint;
    struct lt_recovery recovery;
    struct lt_error error;
    bool skips_checksums;
};

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    scratch_create(place->scratch);
    snprintf(place->path, sizeof place->path, "%s/c", place->scratch);
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    lt_checkpoint_close(place->checkpoint);
    scratch_remove(place->scratch);
    free(place);
    return 0;
}

static int try_open(struct place *place, uint32_t sources, uint32_t sinks)
{
    struct lt_checkpoint_options options = {
        .path = place->path,
        .query_name = "orders",
        .source_count = sources,
        .sink_count = sinks,
        .min_batches_to_retain = 100,
        .verify_checksums = !place->skips_checksums,
    };
    lt_error_clear(&place->error);
    return lt_checkpoint_open(&options, &place->checkpoint, &place->recovery, &place->error);
}

static void open_it(struct place *place)
{
    if (try_open(place, 1, 1) != 0)
        fail_msg("%s", place->error.text);
}

static void close_it(struct place *place)
{
    lt_checkpoint_close(place->checkpoint);
    place->checkpoint = NULL;
}

/* The directory of a query with epochs 0 .. logged logged and 0 .. done done. */
static void make_logs(struct place *place, int logged, int done)
{
    scratch_write("{\"id\":\"the-id\"}", "%s/metadata", place->path);
    for (int e = 0; e <= logged; e++) {
        char text[128];
        snprintf(text, sizeof text, PREPARED, 10 * e);
        scratch_write("v1\nnote", "%s/sinks/0/%d", place->path, e);
        scratch_write(text, "%s/offsets/%d", place->path, e);
    }
    for (int e = 0; e <= done; e++)
        scratch_write(COMMIT, "%s/commits/%d", place->path, e);
}

static bool is_there(const struct place *place, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", place->path, name);
    return access(path, F_OK) == 0;
}

static void refused(struct place *place, int code, const char *expected)
{
    assert_int_equal(try_open(place, 1, 1), code);
    char text[LT_ERROR_TEXT_MAX];
    snprintf(text, sizeof text, "checkpoint '%s': %s", place->path, expected);
    /* "%" stands for the path, and the expected text may be the beginning. */
    char filled[LT_ERROR_TEXT_MAX];
    size_t at = 0;
    for (const char *c = text; *c != '\0'; c++)
        at += (size_t)snprintf(filled + at, sizeof filled - at, *c == '%' ? "%s" : "%.1s",
                               *c == '%' ? place->path : c);
    if (strncmp(place->error.text, filled, strlen(filled)) != 0)
        assert_string_equal(place->error.text, filled);
}

/* ------------------------------------------------------------------------------------ recovery */

static void a_new_directory_is_made_with_its_parents_and_keeps_its_id(void **state)
{
    struct place *place = *state;
    snprintf(place->path, sizeof place->path, "%s/a/b", place->scratch);
    open_it(place);
    assert_true(place->recovery.is_new);
    assert_int_equal(place->recovery.first_epoch, 0);
    assert_int_equal(place->recovery.unfinished_count, 0);
    assert_null(place->recovery.source_offsets[0]);
    char id[64];
    snprintf(id, sizeof id, "%s", lt_checkpoint_query_id(place->checkpoint));
    assert_int_equal(strlen(id), 36);
    assert_int_equal(id[14], '4');
    char *metadata = scratch_read("%s/metadata", place->path);
    char expected[64];
    snprintf(expected, sizeof expected, "{\"id\":\"%.36s\"}", id);
    assert_string_equal(metadata, expected);
    free(metadata);
    assert_true(is_there(place, "metadata.crc"));
    close_it(place);
    open_it(place);
    assert_string_equal(lt_checkpoint_query_id(place->checkpoint), id);
    assert_true(place->recovery.is_new);
}

static void what_is_done_is_gone_on_from(void **state)
{
    struct place *place = *state;
    make_logs(place, 3, 3);
    open_it(place);
    assert_string_equal(lt_checkpoint_query_id(place->checkpoint), "the-id");
    assert_false(place->recovery.is_new);
    assert_int_equal(place->recovery.first_epoch, 4);
    assert_int_equal(place->recovery.unfinished_count, 0);
    assert_string_equal(place->recovery.source_offsets[0], "{\"0\":30}");
}

static void what_is_logged_and_not_done_is_finished_in_order(void **state)
{
    struct place *place = *state;
    make_logs(place, 3, 1);
    scratch_write("v1\nfirst\nsecond", "%s/sinks/0/3", place->path);
    open_it(place);
    assert_int_equal(place->recovery.first_epoch, 4);
    assert_int_equal(place->recovery.unfinished_first, 2);
    assert_int_equal(place->recovery.unfinished_count, 2);
    struct lt_text_buffer text;
    lt_text_init(&text);
    assert_int_equal(lt_checkpoint_read_notes(place->checkpoint, 0, 3, &text, &place->error), 0);
    assert_string_equal(lt_text_get(&text), "first\nsecond");
    lt_text_clear(&text);
    assert_int_equal(lt_checkpoint_read_offsets(place->checkpoint, 2, 0, &text, &place->error), 0);
    assert_string_equal(lt_text_get(&text), "{\"0\":20}");
    lt_text_clear(&text);
    assert_int_equal(lt_checkpoint_finish(place->checkpoint, 2, &place->error), 0);
    close_it(place);
    char *commit = scratch_read("%s/commits/2", place->path);
    assert_string_equal(commit, COMMIT);
    free(commit);
    assert_true(is_there(place, "commits/2.crc"));
    open_it(place);
    assert_int_equal(place->recovery.unfinished_first, 3);
    assert_int_equal(place->recovery.unfinished_count, 1);
    assert_int_equal(lt_checkpoint_finish(place->checkpoint, 3, &place->error), 0);
    lt_text_fini(&text);
}

static void the_notes_of_a_replay_replace_the_lost_ones(void **state)
{
    struct place *place = *state;
    make_logs(place, 0, -1);
    open_it(place);
    assert_int_equal(lt_checkpoint_write_notes(place->checkpoint, 0, 0, "again", &place->error), 0);
    close_it(place);
    assert_true(is_there(place, "sinks/0/0.crc"));
    open_it(place);
    struct lt_text_buffer text;
    lt_text_init(&text);
    assert_int_equal(lt_checkpoint_read_notes(place->checkpoint, 0, 0, &text, &place->error), 0);
    assert_string_equal(lt_text_get(&text), "again");
    lt_text_fini(&text);
}

static void a_sink_that_is_new_has_no_part_in_an_old_epoch(void **state)
{
    struct place *place = *state;
    make_logs(place, 1, 0);
    assert_int_equal(try_open(place, 1, 2), 0);
    struct lt_text_buffer text;
    lt_text_init(&text);
    assert_int_equal(lt_checkpoint_read_notes(place->checkpoint, 0, 1, &text, &place->error), 0);
    assert_int_equal(lt_checkpoint_read_notes(place->checkpoint, 1, 1, &text, &place->error),
                     LT_E_NOT_FOUND);
    lt_text_fini(&text);
}

static void what_never_was_is_deleted(void **state)
{
    static const char *const litter[] = {
        "offsets/.2.leat.tmp", "offsets/.2.crc.leat.tmp",
        "offsets/2.crc",       "commits/2.crc",
        "commits/.2.crc",      "sinks/0/2",
        "sinks/0/2.crc",       "sinks/0/17",
        ".metadata.leat.tmp",
    };
    static const char *const kept[] = {"offsets/1", "offsets/0", "commits/1", "sinks/0/1",
                                       "metadata"};
    struct place *place = *state;
    make_logs(place, 1, 1);
    for (size_t i = 0; i < sizeof litter / sizeof litter[0]; i++)
        scratch_write("v1\n", "%s/%s", place->path, litter[i]);
    open_it(place);
    for (size_t i = 0; i < sizeof litter / sizeof litter[0]; i++)
        if (is_there(place, litter[i]))
            fail_msg("%s is still there", litter[i]);
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
        assert_true(is_there(place, kept[i]));
}

static void sparks_unfinished_batches_are_read_again_and_not_believed(void **state)
{
    struct place *place = *state;
    make_logs(place, 1, 1);
    scratch_write("v1\n{\"batchWatermarkMs\":0,\"batchTimestampMs\":1,\"conf\":{}}\n{\"0\":99}",
                  "%s/offsets/2", place->path);
    scratch_write("crc", "%s/offsets/.2.crc", place->path);
    scratch_write("v1\n\n{\"0\":120}", "%s/offsets/3", place->path);
    open_it(place);
    assert_int_equal(place->recovery.first_epoch, 2);
    assert_int_equal(place->recovery.unfinished_count, 0);
    assert_string_equal(place->recovery.source_offsets[0], "{\"0\":10}");
    assert_false(is_there(place, "offsets/2"));
    assert_false(is_there(place, "offsets/.2.crc"));
    assert_false(is_there(place, "offsets/3"));
}

static void a_source_without_offsets_has_none(void **state)
{
    struct place *place = *state;
    make_logs(place, 0, 0);
    scratch_write("v1\n{}\n-", "%s/offsets/0", place->path);
    open_it(place);
    assert_false(place->recovery.is_new);
    assert_null(place->recovery.source_offsets[0]);
}

/* ------------------------------------------------------------------------------------ refusals */

static void a_directory_in_use_is_refused_with_its_owner(void **state)
{
    struct place *place = *state;
    open_it(place);
    struct place second = *place;
    second.checkpoint = NULL;
    char expected[128];
    snprintf(expected, sizeof expected, "in use by pid %ld, query \"orders\" (%s), host ",
             (long)getpid(), lt_checkpoint_query_id(place->checkpoint));
    refused(&second, LT_E_BUSY, expected);
}

static void a_damaged_directory_is_refused_by_file_and_damage(void **state)
{
    static const struct {
        const char *file, *content, *text;
        int code;
    } lines[] = {
        {"metadata", "{\"id\"", "damaged: '%/metadata': it is not JSON; hint: ", LT_E_CORRUPT},
        {"metadata", "", "damaged: '%/metadata': it is empty; hint: ", LT_E_CORRUPT},
        {"offsets/3", "v1\r\n{}\r\n{\"0\":1}", "damaged: '%/offsets/3': its lines end in CR LF",
         LT_E_CORRUPT},
        {"offsets/3", "v1\n{}\n{\"0\":", "damaged: '%/offsets/3': its line 3 is not JSON",
         LT_E_CORRUPT},
        {"offsets/3", "garbage",
         "damaged: '%/offsets/3': its first line is not a version such as 'v1'", LT_E_CORRUPT},
        {"offsets/3", "v2\n{}\n{\"0\":1}", "'%/offsets/3': its format version is 'v2'",
         LT_E_CHECKPOINT},
        {"offsets/3.crc", "{\"algorithm\":\"CRC32C\",\"value\":1,\"mainFileSize\":1}",
         "damaged: '%/offsets/3': it has ", LT_E_CORRUPT},
        {"commits/2", "v1\n{\"next", "damaged: '%/commits/2': its second line is not a JSON object",
         LT_E_CORRUPT},
        {"sinks/0/3", "", "damaged: '%/sinks/0/3': it is empty", LT_E_CORRUPT},
        {"commits/7", COMMIT,
         "damaged: 'commits/7' is ahead of 'offsets', which ends with 3; hint: restore the "
         "directory "
         "from a copy, or start with a new one",
         LT_E_CORRUPT},
        {"offsets/5", "v1\n{\"preparedSinks\":0}\n{\"0\":1}",
         "damaged: 'offsets/5' says that it was prepared, and 'offsets/4' before it is missing or "
         "was "
         "not; hint: ",
         LT_E_CORRUPT},
    };
    struct place *place = *state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        scratch_remove(place->path);
        make_logs(place, 3, 2);
        scratch_write(lines[i].content, "%s/%s", place->path, lines[i].file);
        refused(place, lines[i].code, lines[i].text);
    }
}

static void missing_files_are_damage(void **state)
{
    static const struct {
        const char *file, *text;
    } lines[] = {
        {"sinks/0/3", "damaged: '%/sinks/0/3' is missing; hint: "},
        {"offsets/2",
         "damaged: batch 2 doesn't exist: 'offsets/2' is missing, and 'commits/2' is there; "
         "hint: "},
        {"metadata", "damaged: 'metadata' is missing, and '"},
    };
    struct place *place = *state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char path[256];
        scratch_remove(place->path);
        make_logs(place, 3, 2);
        snprintf(path, sizeof path, "%s/%s", place->path, lines[i].file);
        scratch_remove(path);
        refused(place, LT_E_CORRUPT, lines[i].text);
    }
}

static void a_flipped_bit_is_found_by_the_companion(void **state)
{
    struct place *place = *state;
    make_logs(place, 0, -1);
    open_it(place);
    assert_int_equal(lt_checkpoint_finish(place->checkpoint, 0, &place->error), 0);
    close_it(place);
    scratch_write("v1\n{\"nextBatchWatermarkMs\":1}", "%s/commits/0", place->path);
    refused(place, LT_E_CORRUPT, "damaged: '%/commits/0': its CRC32C is ");
}

static void what_is_refused_is_left_as_it_is(void **state)
{
    struct place *place = *state;
    make_logs(place, 3, 2);
    scratch_write("v1\n", "%s/offsets/.9.leat.tmp", place->path);
    scratch_write("v1\n\n{\"0\":1}", "%s/offsets/4", place->path);
    scratch_write("garbage", "%s/offsets/3", place->path);
    assert_int_equal(try_open(place, 1, 1), LT_E_CORRUPT);
    assert_true(is_there(place, "offsets/.9.leat.tmp"));
    assert_true(is_there(place, "offsets/4"));
}

static void another_querys_directory_is_refused(void **state)
{
    struct place *place = *state;
    make_logs(place, 3, 2);
    scratch_write("v1\n{\"preparedSinks\":1}\n{\"0\":1}\n{\"0\":2}", "%s/offsets/3", place->path);
    refused(
        place, LT_E_CHECKPOINT,
        "There are [2] sources in the checkpoint offsets and now there are [1] sources requested "
        "by the query. Cannot continue. (By 'offsets/3'); hint: sources may not be added, removed "
        "or reordered, start with a new directory");
    scratch_remove(place->path);
    make_logs(place, 3, 2);
    scratch_write("x", "%s/state/0/0/1.delta", place->path);
    refused(place, LT_E_CHECKPOINT,
            "another query's: it holds the 'state' of a stateful query, and this query has none; "
            "hint: start with a new directory");
}

static void a_directory_of_something_else_is_refused_and_not_touched(void **state)
{
    struct place *place = *state;
    scratch_write("mine", "%s/holiday.jpg", place->path);
    refused(
        place, LT_E_CHECKPOINT,
        "not a checkpoint: it holds 'holiday.jpg' and no 'metadata'; hint: give an empty or new "
        "directory");
    assert_false(is_there(place, ".leat.lock"));
    assert_false(is_there(place, "metadata"));
}

static void a_file_in_its_place_is_refused(void **state)
{
    struct place *place = *state;
    scratch_write("mine", "%s", place->path);
    refused(place, LT_E_CHECKPOINT,
            "cannot open folder '%': Not a directory; hint: a file stands where a folder is "
            "needed, give another directory");
}

static void an_unwritable_directory_is_refused_with_path_and_cause(void **state)
{
    struct place *place = *state;
    make_logs(place, 0, 0);
    assert_int_equal(chmod(place->path, 0555), 0);
    assert_int_equal(chmod(place->scratch, 0755), 0);
    bool was_root = geteuid() == 0;
    enum { NOBODY = 65534 };
    if (was_root)
        assert_int_equal(seteuid(NOBODY), 0);
    int code = try_open(place, 1, 1);
    if (was_root)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(chmod(place->path, 0755), 0);
    assert_int_equal(code, LT_E_CHECKPOINT);
    char expected[512];
    snprintf(
        expected, sizeof expected,
        "checkpoint '%s': cannot write checkpoint file '%s/.leat.lock': Permission denied; hint: "
        "the user that runs the query needs to own the checkpoint directory",
        place->path, place->path);
    assert_string_equal(place->error.text, expected);
}

static void nothing_to_retain_is_refused(void **state)
{
    struct place *place = *state;
    struct lt_checkpoint_options options = {.path = place->path, .source_count = 1};
    assert_int_equal(
        lt_checkpoint_open(&options, &place->checkpoint, &place->recovery, &place->error),
        LT_E_INVALID);
    assert_string_equal(place->error.text, "minBatchesToRetain is 0, it has to be at least 1");
    assert_false(is_there(place, ""));
}

/* ------------------------------------------------------------------------------ sources' files */

static void a_source_keeps_bytes_and_may_replace_them(void **state)
{
    struct place *place = *state;
    open_it(place);
    struct lt_text_buffer text;
    lt_text_init(&text);
    assert_int_equal(
        lt_checkpoint_read_file(place->checkpoint, "sources/0/0", &text, &place->error),
        LT_E_NOT_FOUND);
    /* Spark's Kafka source begins its file with a zero byte. */
    assert_int_equal(
        lt_checkpoint_write_file(place->checkpoint, "sources/0/0", "\0v1\n{}", 6, &place->error),
        0);
    assert_int_equal(
        lt_checkpoint_read_file(place->checkpoint, "sources/0/0", &text, &place->error), 0);
    assert_int_equal(text.size_bytes, 6);
    assert_memory_equal(text.data, "\0v1\n{}", 6);
    lt_text_clear(&text);
    assert_int_equal(
        lt_checkpoint_write_file(place->checkpoint, "sources/0/0", "x", 1, &place->error), 0);
    assert_int_equal(
        lt_checkpoint_read_file(place->checkpoint, "sources/0/0", &text, &place->error), 0);
    assert_string_equal(lt_text_get(&text), "x");
    assert_true(is_there(place, "sources/0/0.crc"));
    lt_text_clear(&text);
    lt_text_fini(&text);
}

static int read_source_file(struct place *place)
{
    struct lt_text_buffer text;
    lt_text_init(&text);
    lt_error_clear(&place->error);
    int code = lt_checkpoint_read_file(place->checkpoint, "sources/0/0", &text, &place->error);
    lt_text_fini(&text);
    return code;
}

static void a_sources_file_is_refused_as_any_other(void **state)
{
    struct place *place = *state;
    char path[256];
    open_it(place);
    assert_int_equal(
        lt_checkpoint_write_file(place->checkpoint, "sources/0/0", "x", 1, &place->error), 0);
    scratch_write("y", "%s/sources/0/0", place->path);
    assert_int_equal(read_source_file(place), LT_E_CORRUPT);
    assert_non_null(strstr(place->error.text, "damaged: '"));
    assert_non_null(strstr(place->error.text, "/sources/0/0': its CRC32C is "));
    assert_non_null(strstr(place->error.text, "; hint: restore the directory from a copy"));
    close_it(place);
    place->skips_checksums = true;
    open_it(place);
    assert_int_equal(read_source_file(place), 0);
    snprintf(path, sizeof path, "%s/sources/0/0", place->path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("0", path), 0); /* to itself: cannot be opened, whoever one is */
    assert_int_equal(read_source_file(place), LT_E_CHECKPOINT);
    assert_int_equal(place->error.code, LT_E_CHECKPOINT);
    assert_non_null(strstr(place->error.text, "cannot read '"));
}

struct stop {
    int left;
};

static bool stop_when_none_is_left(void *context, enum lt_epoch_step step, uint64_t epoch)
{
    (void)step;
    (void)epoch;
    struct stop *stop = context;
    return stop->left-- <= 0;
}

/* Ends after `count` changes; true when the write came through. */
static bool write_with_crash(struct place *place, const char *content, int count)
{
    struct stop stop = {count};
    lt_epoch_set_fault_hook(stop_when_none_is_left, &stop);
    int code = lt_checkpoint_write_file(place->checkpoint, "sources/0/0", content, strlen(content),
                                        &place->error);
    lt_epoch_set_fault_hook(NULL, NULL);
    return code == 0;
}

static void a_crash_while_a_file_is_replaced_leaves_the_old_or_the_new(void **state)
{
    struct place *place = *state;
    bool is_through = false;
    open_it(place);
    int count = 0;
    for (; !is_through; count++) {
        assert_true(write_with_crash(place, "the old one", 100));
        is_through = write_with_crash(place, "the new", count);
        struct lt_text_buffer text;
        lt_text_init(&text);
        if (lt_checkpoint_read_file(place->checkpoint, "sources/0/0", &text, &place->error) != 0)
            fail_msg("after %d changes: %s", count, place->error.text);
        assert_true(strcmp(lt_text_get(&text), "the old one") == 0 ||
                    strcmp(lt_text_get(&text), "the new") == 0);
        lt_text_fini(&text);
    }
    assert_true(count > 4); /* there were several places to die at */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_new_directory_is_made_with_its_parents_and_keeps_its_id),
        TEST(what_is_done_is_gone_on_from),
        TEST(what_is_logged_and_not_done_is_finished_in_order),
        TEST(the_notes_of_a_replay_replace_the_lost_ones),
        TEST(a_sink_that_is_new_has_no_part_in_an_old_epoch),
        TEST(what_never_was_is_deleted),
        TEST(sparks_unfinished_batches_are_read_again_and_not_believed),
        TEST(a_source_without_offsets_has_none),
        TEST(a_directory_in_use_is_refused_with_its_owner),
        TEST(a_damaged_directory_is_refused_by_file_and_damage),
        TEST(missing_files_are_damage),
        TEST(a_flipped_bit_is_found_by_the_companion),
        TEST(what_is_refused_is_left_as_it_is),
        TEST(another_querys_directory_is_refused),
        TEST(a_directory_of_something_else_is_refused_and_not_touched),
        TEST(a_file_in_its_place_is_refused),
        TEST(an_unwritable_directory_is_refused_with_path_and_cause),
        TEST(nothing_to_retain_is_refused),
        TEST(a_source_keeps_bytes_and_may_replace_them),
        TEST(a_sources_file_is_refused_as_any_other),
        TEST(a_crash_while_a_file_is_replaced_leaves_the_old_or_the_new),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
