/*
 * The directory sink on every rung: what stands in the directory, byte for byte, and what cannot be
 * written.
 */
#include "tests/support/files_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/files_sink.h"

static void an_epochs_files_are_seen_when_it_is_committed(void **state)
{
    struct files_world world;
    const char *const none[] = {NULL};
    files_set_up(state, &world, &lt_text_sink_type, "value STRING", none);
    files_write_value(&world, "a");
    files_write_value(&world, "b");
    files_expect(&world, true, "");
    files_prepare(&world);
    files_expect(&world, false, "");
    files_expect(&world, true,
           "/.part-00003-*-c000.txt.0b4b1b1e-0f9c-4b7e-8a55-6f1d2d3c4b5a.leat: a\nb\n");
    assert_int_equal(files_manifest_of(&world, -1).count, 0);
    files_write_value(&world, "of the next epoch");
    files_commit(&world);
    files_expect(&world, true, "/part-00003-*-c000.txt: a\nb\n");
    struct files_sum sum = files_manifest_of(&world, 0);
    assert_int_equal(sum.count, 1);
    assert_int_equal(sum.size_bytes, 4);
    assert_int_equal(world.pool->free_count, 64);
    files_finish_epoch(&world);
    files_finish_epoch(&world); /* without rows: an entry, and no file */
    files_expect(&world, true, "/part-00003-*-c000.txt: a\nb\n/part-00003-*-c000.txt: of the next "
                         "epoch\n");
    assert_int_equal(files_manifest_of(&world, 2).count, 2);
    files_tear_down(&world);
}

static void partitions_are_directories_as_spark_names_them(void **state)
{
    struct files_world world;
    const char *const options[] = {"partitionBy= d , k", NULL};
    files_set_up(state, &world, &lt_text_sink_type, "k STRING, v STRING, d DATE", options);
    const char *const rows[][3] = {
        {"a b/c:d%=#", "x", "19724"}, {NULL, "y", NULL},        {"", "z", "19724"},
        {"\xc3\xbc{}[]^\"?*'~<>|\\ \x01", "q", "19724"}, {NULL, "w", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(files_write_texts(&world, rows[i]), LT_WRITE_DONE);
    files_finish_epoch(&world);
    files_expect(&world, true,
           "/d=2024-01-02/k=__HIVE_DEFAULT_PARTITION__/part-00003-*.c000.txt: z\n"
           "/d=2024-01-02/k=a b%2Fc%3Ad%25%3D%23/part-00003-*.c000.txt: x\n"
           "/d=2024-01-02/k=\xc3\xbc%7B}%5B%5D%5E%22%3F%2A%27~<>|%5C %01/part-00003-*.c000.txt: "
           "q\n"
           "/d=__HIVE_DEFAULT_PARTITION__/k=__HIVE_DEFAULT_PARTITION__/part-00003-*.c000.txt: "
           "y\nw\n");
    files_tear_down(&world);
}

static void a_partition_that_can_be_no_directory_fails_its_record(void **state)
{
    struct files_world world;
    const char *const options[] = {"partitionBy=k", NULL};
    files_set_up(state, &world, &lt_text_sink_type, "k STRING, v STRING", options);
    char long_text[300];
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    const char *const rows[][2] = {{long_text, "a"}, {"b", "b"}};
    assert_int_equal(files_write_texts(&world, rows[0]), LT_WRITE_FAILED);
    assert_int_equal(files_write_texts(&world, rows[1]), LT_WRITE_DONE);
    files_finish_epoch(&world);
    files_expect(&world, true, "/k=b/part-00003-*.c000.txt: b\n");
    files_tear_down(&world);
}

static void every_csv_file_has_its_header(void **state)
{
    struct files_world world;
    const char *const options[] = {"header=true", "maxRecordsPerFile=2", NULL};
    files_set_up(state, &world, &lt_csv_sink_type, "a STRING, b INT", options);
    const char *const rows[][2] = {{"x", "1"}, {"y", NULL}, {"z,", "3"}};
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(files_write_texts(&world, rows[i]), LT_WRITE_DONE);
    files_finish_epoch(&world);
    files_expect(&world, true, "/part-00003-*-c000.csv: a,b\nx,1\ny,\n"
                         "/part-00003-*-c001.csv: a,b\n\"z,\",3\n");
    files_tear_down(&world);
}

static void a_file_ends_when_it_is_large_or_old(void **state)
{
    struct files_world world;
    const char *const options[] = {"maxFileSize=10", "maxFileDuration=1 second", NULL};
    files_set_up(state, &world, &lt_text_sink_type, "value STRING", options);
    files_write_value(&world, "12345678"); /* and a line feed */
    files_write_value(&world, "1");
    files_write_value(&world, "2");
    lt_clock_manual_advance(&world.clock, LT_NS_PER_S);
    world.clock.wall_us = 1700000000000000;
    files_write_value(&world, "3");
    files_write_value(&world, "4");
    files_finish_epoch(&world);
    files_expect(&world, true, "/part-00003-*-c000.txt: 12345678\n1\n"
                         "/part-00003-*-c001.txt: 2\n3\n/part-00003-*-c002.txt: 4\n");
    files_tear_down(&world);
}

static void files_are_compressed_block_by_block(void **state)
{
    static const char *const names[] = {"compression=gzip", "compression=ZSTD"};
    for (size_t i = 0; i < 2; i++) {
        struct files_world world;
        const char *const options[] = {names[i], NULL};
        files_set_up(state, &world, &lt_text_sink_type, "value STRING", options);
        files_write_value(&world, "a");
        files_write_value(&world, "b");
        files_finish_epoch(&world);
        files_expect(&world, true,
               i == 0 ? "/part-00003-*-c000.txt.gz: a\nb\n" : "/part-00003-*-c000.txt.zst: a\nb\n");
        files_tear_down(&world);
    }
}

/* More than a lane may hold, in many partitions. */
static void more_than_fits_in_memory_goes_through(void **state)
{
    enum { ROWS = 3000, TEXT_BYTES = 50000 };
    struct files_world world;
    const char *const options[] = {"partitionBy=k", "maxOpenFiles=3", NULL};
    files_set_up(state, &world, &lt_text_sink_type, "k INT, v STRING", options);
    char *text = lt_alloc(TEXT_BYTES + 1), number[16];
    memset(text, 'x', TEXT_BYTES);
    for (int i = 0; i < ROWS; i++) {
        snprintf(number, sizeof number, "%d", i % 10 == 0 ? 100 : i % 7);
        const char *const row[] = {number, text};
        assert_int_equal(files_write_texts(&world, row), LT_WRITE_DONE);
    }
    files_finish_epoch(&world);
    struct files_sum sum = files_manifest_of(&world, 0);
    assert_int_equal(sum.count, 8);
    assert_int_equal(sum.size_bytes, (int64_t)ROWS * (TEXT_BYTES + 1));
    free(text);
    files_tear_down(&world);
}

/* So many that the file system is synced, and not each of them. */
static void an_epoch_of_very_many_files_goes_through(void **state)
{
    enum { FILES = 400 };
    struct files_world world;
    const char *const options[] = {"partitionBy=k", NULL};
    files_set_up(state, &world, &lt_text_sink_type, "k INT, v STRING", options);
    for (int i = 0; i < 2 * FILES; i++) {
        char number[16];
        snprintf(number, sizeof number, "%d", i % FILES);
        const char *const row[] = {number, "x"};
        assert_int_equal(files_write_texts(&world, row), LT_WRITE_DONE);
    }
    files_finish_epoch(&world);
    struct files_sum sum = files_manifest_of(&world, 0);
    assert_int_equal(sum.count, FILES);
    assert_int_equal(sum.size_bytes, 2 * FILES * 2);
    files_tear_down(&world);
}

static void what_cannot_be_written_is_refused_at_the_start(void **state)
{
    static const struct {
        const char *schema, *option, *wanted, *condition;
    } cases[] = {
        {"a STRING", "compression=lz4",
         "The codec lz4 is not available. Available codecs are gzip, none, uncompressed, zstd.",
         "CODEC_NOT_AVAILABLE.WITH_AVAILABLE_CODECS_SUGGESTION"},
        {"a STRING, b INT", "partitionBy=c",
         "Partition column c not found in existing columns (a, b)", ""},
        {"a STRING, b INT", "partitionBy=b,B", "partition column B is named twice", ""},
        {"a STRING, b INT", "partitionBy=b,,a", "option \"partitionBy\" has an empty name", ""},
        {"a STRING, b ARRAY<INT>", "partitionBy=b", "Cannot use ARRAY<INT> for partition column",
         "INVALID_PARTITION_COLUMN_DATA_TYPE"},
        {"a STRING, A INT", "partitionBy=b", "The column `A` already exists",
         "COLUMN_ALREADY_EXISTS"},
        {"a STRING, b INT", "header=true", "header", ""},
        {"a STRING, b INT", "retention=1 hour", "supports only a single column", ""},
        {"a STRING", "maxFileSzie=1", "maxFileSize", ""},
    };
    struct files_world world;
    memset(&world, 0, sizeof world);
    (void)state;
    snprintf(world.path, sizeof world.path, "/nowhere");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lt_error error;
        const char *const options[] = {cases[i].option, NULL};
        lt_error_clear(&error);
        world.arena = lt_arena_create();
        assert_true(files_bind(&world, &lt_text_sink_type, cases[i].schema, options, &error) < 0);
        if (strstr(error.text, cases[i].wanted) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", error.text, cases[i].wanted);
        if (cases[i].condition[0] != '\0')
            assert_string_equal(error.condition, cases[i].condition);
        files_end(&world);
        lt_arena_destroy(world.arena);
    }
}

int main(void)
{
    const struct suite_case cases[] = {
        SUITE_CASE(an_epochs_files_are_seen_when_it_is_committed),
        SUITE_CASE(partitions_are_directories_as_spark_names_them),
        SUITE_CASE(a_partition_that_can_be_no_directory_fails_its_record),
        SUITE_CASE(every_csv_file_has_its_header),
        SUITE_CASE(a_file_ends_when_it_is_large_or_old),
        SUITE_CASE(files_are_compressed_block_by_block),
        SUITE_CASE(more_than_fits_in_memory_goes_through),
        SUITE_CASE(an_epoch_of_very_many_files_goes_through),
        SUITE_CASE(what_cannot_be_written_is_refused_at_the_start),
    };
    return run_suite(cases, sizeof cases / sizeof cases[0]);
}
