/*
 * The directory source on every reactor: packed, damaged, missing and changing files, and options
 * that are refused.
 */
#include "tests/support/source_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "tests/support/scratch.h"

static void put_bytes(struct source_world *world, const char *name, const void *bytes, size_t size)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", world->in, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static size_t gzip(const char *text, uint8_t *out, size_t out_size)
{
    z_stream stream = {0};
    assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = (Bytef *)(uintptr_t)text;
    stream.avail_in = (uInt)strlen(text);
    stream.next_out = out;
    stream.avail_out = (uInt)out_size;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    size_t size = stream.total_out;
    assert_int_equal(deflateEnd(&stream), Z_OK);
    return size;
}

static void packed_files_are_unpacked(void **state)
{
    struct source_world world;
    uint8_t bytes[512];
    source_begin(state, &world);
    source_start(&world, NULL, false);
    size_t size = gzip("1\n2\n", bytes, sizeof bytes);
    size += gzip("3\n", bytes + size, sizeof bytes - size); /* two members */
    put_bytes(&world, "a.gz", bytes, size);
    source_expect_by(&world, "1 ", 1);
    source_end_epoch(&world, "{\"logOffset\":-1,\"files\":0,\"byte\":2}", true);
    source_stop(&world);
    source_start(&world, NULL, false);
    source_expect(&world, "2 3 ");
    size = ZSTD_compress(bytes, sizeof bytes, "4\n5\n", 4, 1);
    assert_false(ZSTD_isError(size));
    put_bytes(&world, "b.zst", bytes, size);
    source_expect(&world, "4 5 ");
    put_bytes(&world, "empty.gz", bytes, 0);
    put_bytes(&world, "c.zst", bytes, size - 2);
    source_expect_failure(&world, LT_E_CORRUPT, "/c.zst\": byte ");
    assert_non_null(strstr(world.reader->error.text, "cut off"));
    source_end(&world);
}

static void damaged_files_end_the_query_or_are_left_out(void **state)
{
    static const char *const options[] = {"ignoreCorruptFiles=true", NULL};
    struct source_world world;
    uint8_t bytes[512];
    source_begin(state, &world);
    size_t size = gzip("1\n2\n", bytes, sizeof bytes);
    put_bytes(&world, "a.gz", bytes, size - 4);
    source_start(&world, NULL, false);
    source_expect_failure(&world, LT_E_CORRUPT, "/a.gz\": byte ");
    source_stop(&world);
    put_bytes(&world, "b.gz", "no gzip at all", 14);
    put_bytes(&world, "c.bz2", "x", 1);
    source_start(&world, options, false);
    source_put(&world, "d", "3\n", 3);
    while (strstr(lt_text_get(&world.seen), "3 ") == NULL) {
        assert_int_not_equal(source_poll(&world, 256), LT_POLL_FAILED);
        source_rest(&world);
    }
    source_end(&world);
}

static void what_becomes_of_a_file_that_vanishes_or_changes(void **state)
{
    static const char *const limited[] = {"maxFilesPerTrigger=1", NULL};
    static const char *const lenient[] = {"maxFilesPerTrigger=1", "ignoreMissingFiles=true", NULL};
    struct source_world world;
    char path[256];
    source_begin(state, &world);
    snprintf(path, sizeof path, "%s/b", world.in);
    for (int turn = 0; turn < 2; turn++) {
        source_put(&world, "a", "1\n", 1);
        source_put(&world, "b", "2\n", 2);
        source_put(&world, "c", "3\n", 3);
        source_start(&world, turn == 0 ? limited : lenient, false);
        source_expect(&world, "1 ");
        assert_int_equal(unlink(path), 0);
        source_end_epoch(&world, NULL, false);
        if (turn == 0) {
            source_expect_failure(&world, LT_E_NOT_FOUND,
                                  "/b\" vanished before it was read; hint: ");
        } else {
            source_expect_nothing(&world);
            source_end_epoch(&world, NULL, false);
            source_expect(&world, "3 ");
        }
        source_stop(&world);
        while (world.log_count > 0)
            free(world.log[--world.log_count].text);
    }
    source_put(&world, "d", "1\n2\n3\n", 4);
    source_start(&world, limited, false);
    while (strstr(lt_text_get(&world.seen), "1 2 ") == NULL) {
        assert_int_not_equal(source_poll(&world, 1), LT_POLL_FAILED);
        if (world.reader->ops->is_idle(world.reader))
            source_end_epoch(&world, NULL, true);
        source_rest(&world);
    }
    lt_text_clear(&world.seen);
    source_end_epoch(&world, NULL, true);
    source_stop(&world);
    source_put(&world, "d", "1\n2\n4\n", 5);
    source_start(&world, limited, false);
    source_expect_failure(&world, LT_E_DATA_LOSS, "/d\": it was read up to byte");
    source_stop(&world);
    source_put(&world, "d", "1\n", 4);
    source_start(&world, limited, false);
    source_expect_failure(&world, LT_E_DATA_LOSS, "has become shorter since; hint: ");
    source_end(&world);
}

static void a_directory_that_goes_away_ends_the_query(void **state)
{
    struct source_world world;
    source_begin(state, &world);
    source_put(&world, "a", "1\n", 1);
    source_start(&world, NULL, false);
    source_expect(&world, "1 ");
    scratch_remove(world.in);
    source_expect_failure(&world, LT_E_NOT_FOUND, "[PATH_NOT_FOUND] Path does not exist: ");
    source_end(&world);
}

static void options_are_checked_with_sparks_texts(void **state)
{
    static const struct {
        const char *options[3], *says;
    } cases[] = {
        {{"maxFilesPerTrigger=0", NULL}, "maxFilesPerTrigger"},
        {{"maxFilesPerTrigger=1", "maxBytesPerTrigger=1", NULL},
         "Options 'maxFilesPerTrigger' and 'maxBytesPerTrigger' can't be both set at the same "
         "time"},
        {{"discardCachedInputRatio=2", NULL},
         "Invalid value '2' for option 'discardCachedInputRatio'"},
        {{"cleanSource=archive", NULL},
         "Archive mode must be used with 'sourceArchiveDir' option."},
        {{"modifiedBefore=2024-01-01", NULL}, "modifiedbefore"},
        {{"maxFilePerTrigger=1", NULL}, "maxFilesPerTrigger"},
        {{"path=/dev/zero", NULL},
         "\"/dev/zero\" is no directory and no regular file; hint: pipes and devices"},
        {{"path=/nowhere/at/all", NULL}, "[PATH_NOT_FOUND] Path does not exist: /nowhere/at/all"},
        {{"path=hdfs://host/x", NULL}, "is no path of this machine"},
        {{"path=/a{b", NULL}, "is not closed"},
        {{"sourceArchiveDir=/x", NULL}, "cleanSource archive only"},
        {{"header=true", NULL}, "header"},
        {{"frame=line", NULL}, "frame"},
    };
    struct source_world world;
    source_begin(state, &world);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_true(source_try_bind(&world, world.type, cases[i].options, NULL) < 0);
        if (strstr(world.error.text, cases[i].says) == NULL)
            fail_msg("%s: %s", cases[i].says, world.error.text);
    }
    assert_true(source_try_bind(&world, &lt_files_json_source_type, NULL, NULL) < 0);
    assert_non_null(strstr(world.error.text, "Schema must be specified when creating a streaming "
                                             "source DataFrame."));
    const char *inside = lt_arena_format(world.arena, "sourceArchiveDir=%s/x", world.in);
    const char *const archives[] = {"cleanSource=archive", inside, NULL};
    assert_true(source_try_bind(&world, world.type, archives, NULL) < 0);
    assert_non_null(strstr(world.error.text, "Base archive path cannot be set to the path"));
    source_end(&world);
}

int main(void)
{
    static const struct suite_case cases[] = {
        SUITE_CASE(packed_files_are_unpacked),
        SUITE_CASE(damaged_files_end_the_query_or_are_left_out),
        SUITE_CASE(what_becomes_of_a_file_that_vanishes_or_changes),
        SUITE_CASE(a_directory_that_goes_away_ends_the_query),
        SUITE_CASE(options_are_checked_with_sparks_texts),
    };
    return run_suite(cases, sizeof cases / sizeof cases[0]);
}
