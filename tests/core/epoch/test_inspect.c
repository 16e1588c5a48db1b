/*
 * A look at a checkpoint: what it says of each state of a directory, what it says is wrong with it,
 * and that a start says the same.
 */
#include "core/epoch/inspect.h"

#include <dirent.h>
#include <fcntl.h>
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

#include "core/epoch/checkpoint.h"
#include "core/epoch/crc.h"
#include "tests/support/scratch.h"
#include "tests/support/state_world.h"

#define METADATA "{\"id\":\"d7f7a7c1-0000-4000-8000-000000000001\"}"
#define BATCH                                                                                      \
    "v1\n{\"batchWatermarkMs\":0,\"batchTimestampMs\":1700000000000,\"conf\":{}}\n{\"t\":1}"
#define EPOCH "v1\n{\"conf\":{},\"preparedSinks\":1}\n{\"t\":1}"
#define COMMIT "v1\n{\"nextBatchWatermarkMs\":0}"
#define PREPARED "v1\n{\"preparedSinks\":1,\"nextBatchWatermarkMs\":0}"
#define NOTE "v1\nlength 12"

static char scratch[SCRATCH_PATH_SIZE];
static struct lt_inspection inspection;

/* With its companion, as leat writes it. */
static void put(const char *name, const char *content)
{
    struct lt_text_buffer companion;
    scratch_write(content, "%s/%s", scratch, name);
    lt_text_init(&companion);
    lt_crc_format(&companion, content, strlen(content), 0);
    scratch_write(lt_text_get(&companion), "%s/%s.crc", scratch, name);
    lt_text_fini(&companion);
}

/* Batches 0 to 2 are done; 1 is the oldest whose notes are kept. */
static int set_up(void **state)
{
    (void)state;
    scratch_create(scratch);
    put("metadata", METADATA);
    scratch_write("", "%s/.leat.lock", scratch);
    for (int i = 0; i < 3; i++) {
        char name[64];
        snprintf(name, sizeof name, "offsets/%d", i);
        put(name, BATCH);
        snprintf(name, sizeof name, "commits/%d", i);
        put(name, COMMIT);
        snprintf(name, sizeof name, "prepared/%d", i);
        put(name, PREPARED);
        snprintf(name, sizeof name, "sinks/0/%d", i);
        put(name, NOTE);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (inspection.arena != NULL)
        lt_inspect_free(&inspection);
    scratch_remove(scratch);
    return 0;
}

static void look(void)
{
    struct lt_error error;
    const struct lt_inspect_options options = {.path = scratch, .reads_all = true};
    if (inspection.arena != NULL)
        lt_inspect_free(&inspection);
    if (lt_inspect(&options, &inspection, &error) != 0)
        fail_msg("%s", error.text);
}

/* What a query with one source and one sink says of it. */
static int start(struct lt_error *error)
{
    const struct lt_checkpoint_options options = {.path = scratch,
                                                  .source_count = 1,
                                                  .sink_count = 1,
                                                  .min_batches_to_retain = 100,
                                                  .verify_checksums = true,
                                                  .runs_batches = true,
                                                  .keeps_pending = true,
                                                  .has_state = true};
    struct lt_checkpoint *checkpoint = NULL;
    struct lt_recovery recovery;
    int code = lt_checkpoint_open(&options, &checkpoint, &recovery, error);
    lt_checkpoint_close(checkpoint);
    return code;
}

static void says_start(const char *wanted)
{
    struct lt_text_buffer out;
    struct lt_error error;
    const struct lt_inspect_print print = {.view = LT_INSPECT_LIST};
    lt_text_init(&out);
    assert_int_equal(lt_inspect_print_text(&inspection, &print, &out, &error), 0);
    const char *said = strstr(lt_text_get(&out), "\na start ");
    assert_non_null(said);
    if (strncmp(said + 9, wanted, strlen(wanted)) != 0)
        fail_msg("a start %s", said + 9);
    lt_text_fini(&out);
}

static const struct lt_inspect_fault *fault_of(const char *file)
{
    for (size_t i = 0; i < inspection.fault_count; i++)
        if (strcmp(inspection.faults[i].file, file) == 0)
            return &inspection.faults[i];
    return NULL;
}

static void has_fault(const char *file, enum lt_inspect_severity severity, const char *what,
                      const char *then)
{
    const struct lt_inspect_fault *fault = fault_of(file);
    if (fault == NULL)
        fail_msg("nothing is said of %s", file);
    if (strstr(fault->what, what) == NULL || strcmp(fault->then, then) != 0)
        fail_msg("%s: %s; %s", file, fault->what, fault->then);
    assert_int_equal(fault->severity, severity);
}

#define REFUSED "a start refuses the directory"
#define UNREAD "a start does not read it"
#define DELETED "a start deletes it"

/* The look and the start agree on whether it is refused, and why. */
static void agrees_with_a_start(void)
{
    struct lt_error error;
    int code = start(&error);
    if ((code != 0) != inspection.is_refused)
        fail_msg("the start: %s; the look: %s", code == 0 ? "goes on" : error.text,
                 inspection.is_refused ? inspection.refusal.text : "goes on");
}

/* ---------------------------------------------------------------------------------------- cases */

static void what_is_whole_is_sound(void **state)
{
    (void)state;
    look();
    assert_int_equal(inspection.fault_count, 0);
    assert_int_equal(inspection.epoch_count, 3);
    assert_int_equal(inspection.sound_files, 13);
    assert_string_equal(inspection.query_id, "d7f7a7c1-0000-4000-8000-000000000001");
    assert_null(inspection.owner);
    assert_true(inspection.is_leats);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(inspection.epochs[i].stage, LT_INSPECT_COMMITTED);
    says_start("goes on with 3\n");
    agrees_with_a_start();
}

static void each_stage_of_a_batch_is_told(void **state)
{
    (void)state;
    put("offsets/3", BATCH);
    put("prepared/3", PREPARED);
    put("sinks/0/3", NOTE);
    put("offsets/4", BATCH);
    put("offsets/5", BATCH);
    look();
    assert_int_equal(inspection.epochs[3].stage, LT_INSPECT_PREPARED);
    assert_int_equal(inspection.epochs[4].stage, LT_INSPECT_PENDING);
    assert_int_equal(inspection.epochs[5].stage, LT_INSPECT_INTENDED);
    says_start("finishes 3 to 3, which are prepared, then runs batch 4 again");
    agrees_with_a_start();
}

static void epochs_of_continuous_mode_are_told_alike(void **state)
{
    (void)state;
    put("offsets/3", EPOCH);
    put("sinks/0/3", NOTE);
    look();
    assert_int_equal(inspection.epochs[3].stage, LT_INSPECT_PREPARED);
    says_start("finishes 3 to 3, which are prepared, then goes on with 4");
    agrees_with_a_start();
}

static void a_new_directory_begins_with_0(void **state)
{
    (void)state;
    scratch_remove(scratch);
    put("metadata", METADATA);
    look();
    says_start("begins with 0");
    assert_false(inspection.is_leats);
}

struct damage {
    const char *file;
    enum lt_inspect_severity severity;
    const char *then;
};

/* Where damage stops a start, and where nobody reads it; the start itself is asked, too. */
static const struct damage damages[] = {
    {"metadata", LT_INSPECT_REFUSED, REFUSED},
    {"offsets/2", LT_INSPECT_REFUSED, REFUSED},
    {"offsets/1", LT_INSPECT_DAMAGED, UNREAD},
    {"commits/2", LT_INSPECT_REFUSED, REFUSED},
    {"commits/0", LT_INSPECT_DAMAGED, UNREAD},
    {"prepared/2", LT_INSPECT_DAMAGED, UNREAD},
    {"sinks/0/1", LT_INSPECT_DAMAGED, UNREAD},
};

static void corrupt(const char *file, bool cuts)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s", scratch, file);
    char *text = scratch_read("%s", path);
    size_t size = strlen(text);
    int fd = open(path, O_WRONLY | O_TRUNC);
    assert_true(fd >= 0);
    text[size / 2] ^= 1;
    assert_int_equal(write(fd, text, cuts ? size / 2 : size), cuts ? size / 2 : size);
    close(fd);
    free(text);
}

static void check_damage(bool cuts)
{
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        void *ignored = NULL;
        const struct damage *damage = &damages[i];
        corrupt(damage->file, cuts);
        look();
        has_fault(damage->file, damage->severity, "", damage->then);
        assert_int_equal(inspection.fault_count, 1);
        assert_int_equal(inspection.is_refused, damage->severity == LT_INSPECT_REFUSED);
        agrees_with_a_start();
        tear_down(&ignored);
        set_up(&ignored);
    }
}

static void a_flipped_bit_is_named_with_what_it_comes_to(void **state)
{
    (void)state;
    check_damage(false);
}

static void a_file_that_is_cut_is_named_with_what_it_comes_to(void **state)
{
    (void)state;
    check_damage(true);
}

/* Of what is not committed, everything is read at a start. */
static void damage_in_what_is_to_be_finished_refuses(void **state)
{
    (void)state;
    put("offsets/3", BATCH);
    put("prepared/3", PREPARED);
    put("sinks/0/3", NOTE);
    corrupt("sinks/0/3", true);
    look();
    has_fault("sinks/0/3", LT_INSPECT_REFUSED, "", REFUSED);
    agrees_with_a_start();
    put("sinks/0/3", NOTE);
    corrupt("prepared/3", false);
    look();
    has_fault("prepared/3", LT_INSPECT_REFUSED, "", REFUSED);
    agrees_with_a_start();
}

static void what_is_missing_is_told_by_the_refusal(void **state)
{
    (void)state;
    char path[160];
    snprintf(path, sizeof path, "%s/offsets/2", scratch);
    unlink(path);
    look();
    has_fault("", LT_INSPECT_REFUSED, "'commits/2' is ahead of 'offsets', which ends with 1",
              REFUSED);
    agrees_with_a_start();
}

static void metadata_that_is_missing_refuses(void **state)
{
    (void)state;
    char path[160];
    snprintf(path, sizeof path, "%s/metadata", scratch);
    unlink(path);
    look();
    has_fault("metadata", LT_INSPECT_REFUSED, "it is missing", REFUSED);
    agrees_with_a_start();
}

static void what_a_crash_leaves_is_no_damage(void **state)
{
    (void)state;
    scratch_write("half", "%s/offsets/.3.leat.tmp", scratch);
    scratch_write("{}", "%s/commits/3.crc", scratch);
    put("sinks/0/3", NOTE);
    corrupt("sinks/0/3", true);
    look();
    has_fault("offsets/.3.leat.tmp", LT_INSPECT_LEFT, "a crash has left it", DELETED);
    has_fault("commits/3.crc", LT_INSPECT_LEFT, "a crash has left it", DELETED);
    has_fault("sinks/0/3", LT_INSPECT_LEFT, "", DELETED);
    assert_int_equal(inspection.fault_count, 3);
    assert_false(inspection.is_refused);
    agrees_with_a_start();
    look();
    assert_int_equal(inspection.fault_count, 0);
}

static void a_foreign_file_is_named(void **state)
{
    (void)state;
    scratch_write("hello", "%s/notes.txt", scratch);
    scratch_write("hello", "%s/offsets/03", scratch);
    look();
    has_fault("notes.txt", LT_INSPECT_LEFT, "no file of a checkpoint", "a start leaves it alone");
    has_fault("offsets/03", LT_INSPECT_LEFT, "no file of a checkpoint", "a start leaves it alone");
    agrees_with_a_start();
}

static void a_directory_of_something_else_is_an_error(void **state)
{
    (void)state;
    struct lt_error error;
    struct lt_inspection other;
    char path[160];
    snprintf(path, sizeof path, "%s/offsets", scratch);
    struct lt_inspect_options options = {.path = path};
    assert_int_equal(lt_inspect(&options, &other, &error), LT_E_INVALID);
    assert_non_null(strstr(error.text, "is not a checkpoint: it holds none of 'metadata'"));
    options.path = "/nowhere/at/all";
    assert_int_equal(lt_inspect(&options, &other, &error), LT_E_NOT_FOUND);
    assert_string_equal(error.text, "there is no directory '/nowhere/at/all'");
}

static void count_files(const char *path, unsigned *count, uint64_t *sum)
{
    DIR *folder = opendir(path);
    struct dirent *entry;
    assert_non_null(folder);
    while ((entry = readdir(folder)) != NULL) {
        char below[512];
        struct stat status;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(below, sizeof below, "%s/%s", path, entry->d_name);
        assert_int_equal(stat(below, &status), 0);
        *count += 1;
        *sum = *sum * 31 + (uint64_t)status.st_mtim.tv_nsec + (uint64_t)status.st_size;
        if (S_ISDIR(status.st_mode))
            count_files(below, count, sum);
    }
    closedir(folder);
}

/* A query has the lock, and the look sees whose it is, and leaves everything as it was. */
static void a_look_beside_a_query_changes_nothing(void **state)
{
    (void)state;
    struct lt_error error;
    struct lt_checkpoint *checkpoint = NULL;
    struct lt_recovery recovery;
    unsigned before = 0, after = 0;
    uint64_t before_sum = 0, after_sum = 0;
    const struct lt_checkpoint_options options = {.path = scratch,
                                                  .query_name = "clicks",
                                                  .source_count = 1,
                                                  .sink_count = 1,
                                                  .min_batches_to_retain = 100,
                                                  .runs_batches = true,
                                                  .keeps_pending = true};
    assert_int_equal(lt_checkpoint_open(&options, &checkpoint, &recovery, &error), 0);
    count_files(scratch, &before, &before_sum);
    look();
    count_files(scratch, &after, &after_sum);
    assert_int_equal(before, after);
    assert_true(before_sum == after_sum);
    assert_non_null(inspection.owner);
    assert_non_null(strstr(inspection.owner, "query \"clicks\""));
    lt_checkpoint_close(checkpoint);
    look();
    assert_null(inspection.owner);
}

/* ---------------------------------------------------------------------------------------- state */

/* Three versions of two partitions, as the batches 0 to 2 make them. */
static void put_state(struct state_world *world)
{
    struct lt_error error;
    state_world_init(world, 7);
    scratch_remove(world->root);
    snprintf(world->root, sizeof world->root, "%s/state/0", scratch);
    assert_int_equal(state_world_open(world, 2, 0, &error), 0);
    for (int i = 0; i < 3; i++)
        state_world_batch(world, 40);
    state_world_close(world);
}

static void state_is_verified_as_a_start_reads_it(void **state)
{
    (void)state;
    struct state_world world;
    put_state(&world);
    look();
    assert_int_equal(inspection.fault_count, 0);
    assert_int_equal(inspection.operator_count, 1);
    assert_int_equal(inspection.operators[0].partition_count, 2);
    assert_int_equal(inspection.operators[0].needed_files, 6);
    assert_int_equal(inspection.operators[0].newest_version, 3);
    corrupt("state/0/1/2.delta", true);
    look();
    has_fault("state/0/1/2.delta", LT_INSPECT_REFUSED, "An error occurred during loading state.",
              REFUSED);
    assert_string_equal(fault_of("state/0/1/2.delta")->condition,
                        "CANNOT_LOAD_STATE_STORE.UNEXPECTED_FILE_SIZE");
    char path[160];
    snprintf(path, sizeof path, "%s/state/0/1/2.delta", scratch);
    unlink(path);
    look();
    has_fault("state/0/1/2.delta", LT_INSPECT_REFUSED, "does not exist", REFUSED);
    assert_string_equal(fault_of("state/0/1/2.delta")->condition,
                        "CANNOT_LOAD_STATE_STORE.CANNOT_READ_DELTA_FILE_NOT_EXISTS");
    assert_true(inspection.is_refused);
}

static void state_that_is_gone_as_a_whole_is_missed(void **state)
{
    (void)state;
    scratch_write("hello", "%s/state/0/notes", scratch);
    look();
    has_fault("state/0/0/3.delta", LT_INSPECT_REFUSED, "does not exist", REFUSED);
    assert_true(inspection.is_refused);
}

static void state_of_a_batch_that_was_not_concluded_is_deleted(void **state)
{
    (void)state;
    struct state_world world;
    char path[160];
    put_state(&world);
    for (int i = 0; i < 3; i++) {
        static const char *const folders[] = {"offsets", "commits", "prepared"};
        snprintf(path, sizeof path, "%s/%s/2", scratch, folders[i]);
        unlink(path);
        snprintf(path, sizeof path, "%s/%s/2.crc", scratch, folders[i]);
        unlink(path);
    }
    scratch_write("what is this", "%s/state/0/1/notes", scratch);
    look();
    has_fault("state/0/0/3.delta", LT_INSPECT_LEFT, "of a batch that was not concluded", DELETED);
    has_fault("state/0/1/notes", LT_INSPECT_LEFT, "no file of state", "a start leaves it alone");
    assert_false(inspection.is_refused);
}

static void the_state_of_spark_is_named_and_not_read(void **state)
{
    (void)state;
    struct lt_text_buffer out;
    struct lt_error error;
    const struct lt_inspect_print print = {.view = LT_INSPECT_VERIFY};
    scratch_write("\x01\x02 of Spark's own format", "%s/state/0/0/3.delta", scratch);
    look();
    assert_int_equal(inspection.operators[0].owner, LT_STATE_OF_ANOTHER);
    assert_int_equal(inspection.fault_count, 0);
    lt_text_init(&out);
    assert_int_equal(lt_inspect_print_text(&inspection, &print, &out, &error), 0);
    assert_non_null(strstr(lt_text_get(&out), "not read  state/0: it is Spark's\n"));
    assert_non_null(strstr(lt_text_get(&out), "goes on with 3; but not one of leat's, which"));
    lt_text_fini(&out);
}

static void a_batch_that_is_not_there_is_an_error_that_says_which_are(void **state)
{
    (void)state;
    struct lt_text_buffer out;
    struct lt_error error;
    const struct lt_inspect_print print = {
        .view = LT_INSPECT_SHOW, .has_epoch = true, .epoch = 9};
    lt_text_init(&out);
    look();
    assert_int_equal(lt_inspect_print_text(&inspection, &print, &out, &error), LT_E_NOT_FOUND);
    assert_non_null(strstr(error.text, "has no batch 9; hint: it has 0 to 2"));
    lt_text_fini(&out);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_is_whole_is_sound),
        TEST(each_stage_of_a_batch_is_told),
        TEST(epochs_of_continuous_mode_are_told_alike),
        TEST(a_new_directory_begins_with_0),
        TEST(a_flipped_bit_is_named_with_what_it_comes_to),
        TEST(a_file_that_is_cut_is_named_with_what_it_comes_to),
        TEST(damage_in_what_is_to_be_finished_refuses),
        TEST(what_is_missing_is_told_by_the_refusal),
        TEST(metadata_that_is_missing_refuses),
        TEST(what_a_crash_leaves_is_no_damage),
        TEST(a_foreign_file_is_named),
        TEST(a_directory_of_something_else_is_an_error),
        TEST(a_look_beside_a_query_changes_nothing),
        TEST(state_is_verified_as_a_start_reads_it),
        TEST(state_that_is_gone_as_a_whole_is_missed),
        TEST(state_of_a_batch_that_was_not_concluded_is_deleted),
        TEST(the_state_of_spark_is_named_and_not_read),
        TEST(a_batch_that_is_not_there_is_an_error_that_says_which_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
