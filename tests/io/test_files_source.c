/*
 * The directory source on every reactor: what it reads, in which order, what it logs, and where it
 * goes on.
 */
#include "tests/support/source_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/scratch.h"

static void files_are_read_oldest_first_and_new_ones_as_they_come(void **state)
{
    struct source_world world;
    source_begin(state, &world);
    source_put(&world, "b", "2\n", 2);
    source_put(&world, "c", "1\n1b", 1);
    source_put(&world, "a", "2a\n", 2);
    source_put(&world, "_x", "hidden\n", 0);
    source_start(&world, NULL, false);
    source_expect(&world, "1 1b 2a 2 ");
    source_put(&world, "d", "4\n", 4);
    source_expect(&world, "4 ");
    source_put(&world, "e", "5", 5);
    source_put(&world, "_y", "hidden", 5);
    source_expect(&world, "5 ");
    scratch_write("by its writer\n", "%s/f", world.in);
    source_expect(&world, "by its writer ");
    source_put(&world, "d", "again\n", 9); /* the same name: it was read */
    source_expect_nothing(&world);
    source_end(&world);
}

static void without_a_watch_the_directory_is_listed_again(void **state)
{
    static const char *const options[] = {"watch=poll", "pollInterval=5ms", NULL};
    struct source_world world;
    source_begin(state, &world);
    source_start(&world, options, false);
    source_put(&world, "a", "1\n", 1);
    source_expect(&world, "1 ");
    source_put(&world, "b", "2\n", 2);
    source_expect(&world, "2 ");
    source_end(&world);
}

static void links_and_new_directories_are_seen(void **state)
{
    static const char *const options[] = {"recursiveFileLookup=true", NULL};
    struct source_world world;
    char from[256], to[256];
    source_begin(state, &world);
    source_start(&world, options, false);
    source_expect_nothing(&world);
    source_put(&world, "sub/a", "1\n", 1);
    source_expect(&world, "1 ");
    source_put(&world, "sub/b", "2\n", 2);
    source_expect(&world, "2 ");
    snprintf(from, sizeof from, "%s/.old", world.in);
    snprintf(to, sizeof to, "%s/linked", world.in);
    scratch_write("3\n", "%s", from);
    source_expect_nothing(&world);
    assert_int_equal(link(from, to), 0);
    source_expect(&world, "3 ");
    source_end(&world);
}

static void epochs_are_logged_as_spark_logs_batches(void **state)
{
    struct source_world world;
    source_begin(state, &world);
    source_put(&world, "a", "1\n2\n", 1);
    source_start(&world, NULL, false);
    source_end_epoch(&world, "{\"logOffset\":-1}", true);
    assert_int_equal(world.log_count, 0);
    source_expect(&world, "1 2 ");
    source_put(&world, "b", "3\n4\n5\n", 2);
    source_expect_by(&world, "3 4 ", 1);
    source_end_epoch(&world, "{\"logOffset\":-1,\"files\":1,\"byte\":4}", true);
    char text[512];
    snprintf(text, sizeof text,
             "v1\n{\"path\":\"file://%s/a\",\"timestamp\":1700000001000,\"batchId\":0}\n"
             "{\"path\":\"file://%s/b\",\"timestamp\":1700000002000,\"batchId\":0}",
             world.in, world.in);
    assert_string_equal(source_log_text(&world, "0"), text);
    source_expect(&world, "5 ");
    source_expect_nothing(&world);
    source_end_epoch(&world, "{\"logOffset\":0}", true);
    source_end_epoch(&world, "{\"logOffset\":0}", true);
    assert_int_equal(world.log_count, 1);
    source_put(&world, "c", "6\n", 3);
    source_expect(&world, "6 ");
    source_expect_nothing(&world);
    source_end_epoch(&world, "{\"logOffset\":1}", true);
    source_end(&world);
}

static void a_run_goes_on_at_the_byte_where_the_last_one_was(void **state)
{
    struct source_world world;
    source_begin(state, &world);
    source_put(&world, "a", "1\n2\n3\n4\n", 1);
    source_put(&world, "b", "5\n", 2);
    source_start(&world, NULL, false);
    source_expect_by(&world, "1 2 ", 1);
    source_end_epoch(&world, "{\"logOffset\":-1,\"files\":0,\"byte\":4}", true);
    source_expect_by(&world, "3 ", 1); /* and dies: it is read again */
    source_stop(&world);
    source_put(&world, "c", "6\n", 0); /* older than all, and new */
    source_start(&world, NULL, false);
    source_expect(&world, "3 4 6 5 ");
    source_end_epoch(&world, "{\"logOffset\":1}", true);
    source_stop(&world);
    source_start(&world, NULL, false);
    source_expect_nothing(&world);
    source_end(&world);
}

static void batches_go_on_in_a_file_that_was_begun(void **state)
{
    struct source_world world;
    source_begin(state, &world);
    source_put(&world, "a", "1\n2\n3\n4\n", 1);
    source_put(&world, "b", "5\n", 2);
    source_start(&world, NULL, false);
    source_expect_by(&world, "1 ", 1);
    source_end_epoch(&world, "{\"logOffset\":-1,\"files\":0,\"byte\":2}", true);
    source_stop(&world);
    source_start_batches(&world, NULL);
    source_extend(&world, &(struct lt_position){.offset = 0, .extra = 6}); /* a batch run again */
    source_expect(&world, "2 3 ");
    source_expect_end(&world);
    source_end_epoch(&world, "{\"logOffset\":-1,\"files\":0,\"byte\":6}", true);
    source_extend(&world, NULL);
    source_expect(&world, "4 5 ");
    source_expect_end(&world);
    source_end_epoch(&world, "{\"logOffset\":1}", true);
    source_end(&world);
}

static void files_of_a_log_whose_epoch_never_was_are_read_first(void **state)
{
    struct source_world world;
    source_begin(state, &world);
    source_put(&world, "a", "1\n", 1);
    source_put(&world, "b", "2\n", 2);
    source_start(&world, NULL, false);
    source_expect(&world, "1 2 ");
    source_end_epoch(&world, NULL, false); /* log/0 is written, offsets/0 is not */
    source_stop(&world);
    source_put(&world, "c", "3\n", 0);
    source_start(&world, NULL, false);
    source_expect(&world, "1 2 3 ");
    source_end_epoch(&world, "{\"logOffset\":1}", true);
    source_end(&world);
}

static void a_spark_checkpoint_is_taken_over(void **state)
{
    struct source_world world;
    char text[512];
    source_begin(state, &world);
    source_put(&world, "a b", "1\n", 1);
    source_put(&world, "b", "2\n", 2);
    snprintf(text, sizeof text,
             "v1\n{\"path\":\"file://%s/a%%20b\",\"timestamp\":1700000001000,\"batchId\":0}",
             world.in);
    source_add_log(&world, "0", text);
    world.offsets = lt_strdup("{\"logOffset\":0}");
    source_start(&world, NULL, false);
    source_expect(&world, "2 ");
    source_expect_nothing(&world);
    source_end_epoch(&world, "{\"logOffset\":1}", true);
    source_end(&world);
}

static void what_spark_lets_lie_of_its_log_is_removed(void **state)
{
    struct source_world world;
    char text[512];
    source_begin(state, &world);
    source_put(&world, "a", "1\n", 1);
    snprintf(text, sizeof text,
             "v1\n{\"path\":\"file://%s/a\",\"timestamp\":1700000001000,\"batchId\":0}", world.in);
    source_add_log(&world, "0", text);
    for (int i = 1; i < 9; i++) {
        char name[8];
        snprintf(name, sizeof name, "%d", i);
        source_add_log(&world, name, "v1");
    }
    source_add_log(&world, "9.compact", text);
    source_add_log(&world, "10", "v1");
    world.offsets = lt_strdup("{\"logOffset\":10}");
    source_start(&world, NULL, false);
    assert_int_equal(world.log_count, 2);
    source_expect_nothing(&world);
    source_end(&world);
}

static void every_tenth_log_is_whole_and_the_others_go(void **state)
{
    struct source_world world;
    char name[8], row[8];
    source_begin(state, &world);
    source_start(&world, NULL, false);
    for (int i = 0; i < 23; i++) {
        snprintf(name, sizeof name, "f%d", i);
        snprintf(row, sizeof row, "%d", i);
        source_put(&world, name, row, i);
        snprintf(row, sizeof row, "%d ", i);
        source_expect(&world, row);
        source_end_epoch(&world, NULL, true);
    }
    assert_int_equal(world.log_count, 4);
    assert_non_null(strstr(source_log_text(&world, "19.compact"), "/f0\""));
    source_stop(&world);
    source_start(&world, NULL, false);
    source_expect_nothing(&world);
    source_put(&world, "f23", "23", 23);
    source_expect(&world, "23 ");
    source_end_epoch(&world, "{\"logOffset\":23}", true);
    source_end(&world);
}

static void it_says_whether_files_wait(void **state)
{
    static const char *const options[] = {"maxFilesPerTrigger=1", NULL};
    struct source_world world;
    int64_t records, ms;
    source_begin(state, &world);
    source_put(&world, "a", "11\n", 1);
    source_put(&world, "b", "22\n", 2);
    source_start(&world, options, false);
    source_expect(&world, "11 ");
    source_expect_nothing(&world);
    world.reader->ops->lag(world.reader, &records, &ms);
    assert_int_equal(records, -1); /* nobody has counted them */
    assert_true(ms > 1000);        /* since the file was modified */
    source_end_epoch(&world, NULL, true);
    source_expect(&world, "22 ");
    world.reader->ops->lag(world.reader, &records, &ms);
    assert_int_equal(records, 0);
    assert_int_equal(ms, 0);
    source_end(&world);
}

static void limits_count_per_epoch(void **state)
{
    static const char *const by_files[] = {"maxFilesPerTrigger=2", NULL};
    static const char *const by_bytes[] = {"maxBytesPerTrigger=5", NULL};
    struct source_world world;
    source_begin(state, &world);
    source_put(&world, "a", "11\n", 1);
    source_put(&world, "b", "22\n", 2);
    source_put(&world, "c", "33\n", 3);
    source_start(&world, by_files, false);
    source_expect(&world, "11 22 ");
    source_expect_nothing(&world);
    source_end_epoch(&world, "{\"logOffset\":0}", true);
    source_expect(&world, "33 ");
    source_put(&world, "d", "4444444\n", 4);
    source_put(&world, "e", "55\n", 5);
    source_expect(&world, "4444444 ");
    source_expect_nothing(&world);
    source_end_epoch(&world, "{\"logOffset\":1}", true);
    source_stop(&world);
    source_put(&world, "f", "6666666\n", 6);
    source_start(&world, by_bytes, false);
    source_expect(&world, "55 ");
    source_expect_nothing(&world);
    source_end_epoch(&world, NULL, true);
    source_expect(&world, "6666666 "); /* one is always begun */
    source_end(&world);
}

static void the_newest_come_first_if_wanted(void **state)
{
    static const char *const options[] = {"latestFirst=true", "maxFilesPerTrigger=1", NULL};
    struct source_world world;
    source_begin(state, &world);
    source_put(&world, "a", "1\n", 1);
    source_put(&world, "b", "2\n", 2);
    source_start(&world, options, false);
    source_expect(&world, "2 ");
    source_put(&world, "c", "3\n", 3);
    source_expect_nothing(&world);
    source_end_epoch(&world, NULL, true);
    source_expect(&world, "3 ");
    source_end_epoch(&world, NULL, true);
    source_expect(&world, "1 ");
    source_end(&world);
}

static void a_cache_that_is_too_small_loses_no_file(void **state)
{
    static const char *const options[] = {"maxFilesPerTrigger=2", "maxCachedFiles=1", NULL};
    struct source_world world;
    char name[8], row[16], all[256] = "";
    source_begin(state, &world);
    for (int i = 0; i < 9; i++) {
        snprintf(name, sizeof name, "f%d", i);
        snprintf(row, sizeof row, "%d\n", i);
        source_put(&world, name, row, i);
    }
    source_start(&world, options, false);
    for (int i = 0; i < 9; i += 2) {
        snprintf(all, sizeof all, i == 8 ? "%d " : "%d %d ", i, i + 1);
        source_expect(&world, all);
        source_end_epoch(&world, NULL, true);
    }
    source_expect_nothing(&world);
    source_end(&world);
}

static void files_are_chosen_by_name_age_and_base(void **state)
{
    static const char *const by_name[] = {"pathGlobFilter=*.{txt,log}", "fileNameOnly=true",
                                          "recursiveFileLookup=true", NULL};
    static const char *const by_age[] = {"maxFileAge=10s", NULL};
    struct source_world world;
    char path[160], base[160];
    source_begin(state, &world);
    source_put(&world, "x/a.txt", "1\n", 1);
    source_put(&world, "y/b.log", "2\n", 2);
    source_put(&world, "y/c.csv", "none\n", 3);
    source_start(&world, by_name, false);
    source_expect(&world, "1 2 ");
    source_put(&world, "y/a.txt", "the same name\n", 4);
    source_put(&world, "x/c.log", "3\n", 5);
    source_expect(&world, "3 ");
    source_stop(&world);
    source_put(&world, "old", "4\n", 0); /* as old as may be in the first listing */
    source_put(&world, "new", "5\n", 1000);
    source_start(&world, by_age, false);
    source_expect(&world, "4 5 ");
    source_put(&world, "late", "too old\n", 989);
    source_put(&world, "just", "6\n", 990);
    source_expect(&world, "6 ");
    source_stop(&world);
    source_put(&world, "k=7/f", "8\n", 1);
    snprintf(path, sizeof path, "path=%s/k=7", world.in);
    snprintf(base, sizeof base, "basePath=%s", world.in);
    const char *const by_base[] = {path, base, NULL};
    source_start(&world, by_base, false);
    source_expect(&world, "8|7 ");
    source_stop(&world);
    const char *const wrong_base[] = {path, "basePath=/elsewhere", NULL};
    assert_int_equal(source_try_bind(&world, world.type, wrong_base, NULL), LT_E_INVALID);
    assert_non_null(strstr(world.error.text, "Wrong basePath /elsewhere for the root path: "));
    source_end(&world);
}

static void available_now_reads_what_there_was_at_start(void **state)
{
    static const char *const options[] = {"maxFilesPerTrigger=2", NULL};
    struct source_world world;
    source_begin(state, &world);
    source_put(&world, "a", "1\n", 1);
    source_put(&world, "b", "2\n", 2);
    source_put(&world, "c", "3\n", 3);
    source_start(&world, options, true);
    source_put(&world, "d", "4\n", 4);
    source_expect(&world, "1 2 ");
    source_expect_nothing(&world);
    source_end_epoch(&world, "{\"logOffset\":0}", true);
    source_expect(&world, "3 ");
    source_expect_end(&world);
    source_end_epoch(&world, "{\"logOffset\":1}", true);
    source_stop(&world);
    source_start(&world, NULL, true);
    source_expect(&world, "4 ");
    source_expect_end(&world);
    source_end_epoch(&world, "{\"logOffset\":2}", true);
    source_stop(&world);
    source_start(&world, NULL, true);
    source_expect_end(&world);
    source_end(&world);
}

static void a_range_is_replayed_to_the_byte(void **state)
{
    struct source_world world;
    const uint32_t partition = 0;
    source_begin(state, &world);
    source_put(&world, "a", "1\n2\n3\n", 1);
    source_put(&world, "b", "4\n5\n6\n", 2);
    source_start(&world, NULL, false);
    source_expect(&world, "1 2 3 4 5 6 ");
    source_end_epoch(&world, NULL, true);
    world.reader->ops->close(world.reader);
    const struct lt_position begin = {.offset = 0, .extra = 2}, end = {.offset = 1, .extra = 4};
    assert_int_equal(world.source->ops->open_reader(world.source, &world.env, &partition, 1, &begin,
                                                    &end, &world.reader, NULL),
                     0);
    source_expect(&world, "2 3 4 5 ");
    source_expect_end(&world);
    source_end(&world);
}

static const char *visible_schema(const struct source_world *world)
{
    return lt_type_simple_string(world->arena,
                                 lt_type_visible(world->arena, world->source->schema));
}

static void partitions_are_columns(void **state)
{
    struct source_world world;
    source_begin(state, &world);
    source_put(&world, "k=1/d=x%2Fy/a", "1\n", 1);
    source_put(&world, "k=2/d=__HIVE_DEFAULT_PARTITION__/a", "2\n", 2);
    source_start(&world, NULL, false);
    assert_string_equal(visible_schema(&world), "struct<value:string,k:int,d:string>");
    source_expect(&world, "1|1|x/y 2|2|null ");
    source_put(&world, "k=3/b", "3\n", 3);
    source_expect_failure(&world, LT_E_ANALYSIS, "CONFLICTING_PARTITION_COLUMN_NAMES");
    source_stop(&world);
    scratch_remove(lt_arena_format(world.arena, "%s/k=3", world.in));
    world.schema = "d STRING, value STRING, k BIGINT";
    source_start(&world, NULL, false);
    assert_string_equal(visible_schema(&world), "struct<value:string,k:bigint,d:string>");
    source_expect(&world, "1|1|x/y 2|2|null ");
    source_put(&world, "k=3/d=z/b", "3\n", 3);
    source_expect(&world, "3|3|z ");
    source_put(&world, "c", "nowhere\n", 4);
    source_expect_nothing(&world);
    source_put(&world, "k=x/d=z/b", "3\n", 5);
    source_expect_failure(&world, LT_E_INVALID,
                          "[INVALID_PARTITION_VALUE] Failed to cast value 'x'");
    source_end(&world);
}

/* Fields, order and texts as a live Spark 4.1 gives them. */
static void what_is_known_of_a_file_can_be_named(void **state)
{
    struct source_world world;
    char row[512];
    source_begin(state, &world);
    world.uses_hidden = true;
    source_put(&world, "a b", "1\n2\n", 1);
    source_start(&world, NULL, false);
    assert_string_equal(visible_schema(&world), "struct<value:string>");
    static const char known[] =
        "{\"file_path\":\"file:%s/a%%20b\",\"file_name\":\"a%%20b\",\"file_size\":4,"
        "\"file_block_start\":0,\"file_block_length\":4,"
        "\"file_modification_time\":\"2023-11-14T22:13:21.000Z\"} ";
    size_t size = 0;
    for (int i = 1; i <= 2; i++) {
        size += (size_t)snprintf(row + size, sizeof row - size, "%d|", i);
        size += (size_t)snprintf(row + size, sizeof row - size, known, world.in);
    }
    source_expect(&world, row);
    source_stop(&world);
    world.schema = "_metadata STRING, v INT"; /* a column of that name hides it */
    world.type = &lt_files_json_source_type;
    source_start(&world, NULL, false);
    assert_int_equal(world.source->schema->field_count, 2);
    source_end(&world);
}

static void json_and_csv_are_read_by_their_schema(void **state)
{
    static const char *const header[] = {"header=true", NULL};
    struct source_world world;
    source_begin(state, &world);
    world.schema = "a INT, b STRING";
    world.type = &lt_files_csv_source_type;
    source_put(&world, "1", "a,b\n1,x\n2,y\n", 1);
    source_put(&world, "2", "a,b\n3,z\n", 2);
    source_start(&world, header, false);
    source_expect_by(&world, "1|x ", 1);
    source_end_epoch(&world, NULL, true);
    source_stop(&world);
    source_start(&world, header, false); /* the header was before the byte where it goes on */
    source_expect(&world, "2|y 3|z ");
    source_end_epoch(&world, NULL, true);
    source_stop(&world);
    world.type = &lt_files_json_source_type;
    source_put(&world, "3", "{\"b\":\"q\",\"a\":7}\n[{\"a\":8},{\"a\":9}]\n", 3);
    source_start(&world, NULL, false);
    source_expect(&world, "7|q 8|null 9|null ");
    source_end(&world);
}

static void the_manifest_of_a_file_sink_is_what_is_read(void **state)
{
    struct source_world world;
    source_begin(state, &world);
    source_put(&world, "part-0", "1\n", 1);
    source_put(&world, "orphan", "x\n", 1);
    static const char line[] = "v1\n{\"path\":\"file://%s/%s\",\"size\":2,\"isDir\":false,"
                               "\"modificationTime\":1700000001000,\"blockReplication\":1,"
                               "\"blockSize\":33554432,\"action\":\"add\"}";
    char text[512];
    snprintf(text, sizeof text, line, world.in, "part-0");
    source_put(&world, "_spark_metadata/0", text, 1);
    source_start(&world, NULL, false);
    source_expect(&world, "1 ");
    source_put(&world, "part-1", "2\n", 2);
    source_expect_nothing(&world);
    snprintf(text, sizeof text, line, world.in, "part-1");
    source_put(&world, "_spark_metadata/1", text, 2);
    source_expect(&world, "2 ");
    source_end(&world);
}

/* Where a limit leaves some to later batches, no new entry of the manifest tells of them. */
static void what_a_manifest_names_is_listed_until_it_is_taken(void **state)
{
    static const char *const options[] = {"maxFilesPerTrigger=1", NULL};
    struct source_world world;
    struct lt_position latest = {0};
    char text[512];
    source_begin(state, &world);
    source_put(&world, "part-0", "1\n", 1);
    snprintf(text, sizeof text,
             "v1\n{\"path\":\"file://%s/part-0\",\"size\":2,\"isDir\":false,"
             "\"modificationTime\":1700000001000,\"blockReplication\":1,"
             "\"blockSize\":33554432,\"action\":\"add\"}",
             world.in);
    source_put(&world, "_spark_metadata/0", text, 1);
    world.env.in_batches = true;
    source_start_batches(&world, options);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(world.source->ops->latest(world.source, &latest, &world.error), 0);
        assert_int_equal(latest.offset, 1);
    }
    source_extend(&world, NULL);
    source_expect(&world, "1 ");
    source_expect_end(&world);
    source_end(&world);
}

int main(void)
{
    static const struct suite_case cases[] = {
        SUITE_CASE(files_are_read_oldest_first_and_new_ones_as_they_come),
        SUITE_CASE(without_a_watch_the_directory_is_listed_again),
        SUITE_CASE(links_and_new_directories_are_seen),
        SUITE_CASE(epochs_are_logged_as_spark_logs_batches),
        SUITE_CASE(a_run_goes_on_at_the_byte_where_the_last_one_was),
        SUITE_CASE(batches_go_on_in_a_file_that_was_begun),
        SUITE_CASE(files_of_a_log_whose_epoch_never_was_are_read_first),
        SUITE_CASE(a_spark_checkpoint_is_taken_over),
        SUITE_CASE(what_spark_lets_lie_of_its_log_is_removed),
        SUITE_CASE(every_tenth_log_is_whole_and_the_others_go),
        SUITE_CASE(it_says_whether_files_wait),
        SUITE_CASE(limits_count_per_epoch),
        SUITE_CASE(the_newest_come_first_if_wanted),
        SUITE_CASE(a_cache_that_is_too_small_loses_no_file),
        SUITE_CASE(files_are_chosen_by_name_age_and_base),
        SUITE_CASE(available_now_reads_what_there_was_at_start),
        SUITE_CASE(a_range_is_replayed_to_the_byte),
        SUITE_CASE(partitions_are_columns),
        SUITE_CASE(what_is_known_of_a_file_can_be_named),
        SUITE_CASE(json_and_csv_are_read_by_their_schema),
        SUITE_CASE(the_manifest_of_a_file_sink_is_what_is_read),
        SUITE_CASE(what_a_manifest_names_is_listed_until_it_is_taken),
    };
    return run_suite(cases, sizeof cases / sizeof cases[0]);
}
