/*
 * The directory source on every reactor, and what a directory can hold that nobody has asked for:
 * names with anything in them, things that are no files, files that shrink or are replaced while
 * they are read, and packed files that are not what they say.
 */
#include "tests/support/source_world.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "tests/support/scratch.h"

enum { PATH_SIZE = 512, LARGE_BYTES = 8 * 1024 * 1024 };

static const char *path_of(const struct source_world *world, const char *name)
{
    static char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s", world->in, name);
    return path;
}

static void put_bytes(struct source_world *world, const char *name, const void *bytes, size_t size)
{
    FILE *file = fopen(path_of(world, name), "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* ---------------------------------------------------------------------------------------- names */

static const char *const names[] = {
    "a b",    "50%",        "50%25",      "%2F",       "new\nline", "tab\t",  "quote\"s'",
    "back\\", "\xff\xfe",   "\xc3\xbc",   "-rf",       "*",         "?[a]",   "{a,b}",
    "k=v",    "file:",      "#fragment",  "semi;colon", "dollar$x", "nul%00", " ",
    "~",      "name=a\nb%",
};
enum { NAME_COUNT = sizeof names / sizeof names[0] };

static void names_of_any_kind_are_read_and_known_again(void **state)
{
    struct source_world world;
    char longest[201] = "", content[16];
    struct lt_text_buffer wanted;
    source_begin(state, &world);
    lt_text_init(&wanted);
    memset(longest, 'n', sizeof longest - 1);
    for (int i = 0; i <= NAME_COUNT; i++) {
        snprintf(content, sizeof content, "%d\n", i);
        lt_text_format(&wanted, "%d ", i);
        source_put(&world, i < NAME_COUNT ? names[i] : longest, content, i);
    }
    source_start(&world, NULL, false);
    source_expect(&world, lt_text_get(&wanted));
    source_end_epoch(&world, NULL, true);
    source_stop(&world);
    source_start(&world, NULL, false); /* by what the log says */
    source_expect_nothing(&world);
    source_put(&world, "z%\n", "last\n", NAME_COUNT + 1);
    source_expect(&world, "last ");
    source_end(&world);
    lt_text_fini(&wanted);
}

/* A name is a value of a partition, escaped as Spark does, or not at all. */
static void values_of_partitions_may_hold_anything(void **state)
{
    struct source_world world;
    source_begin(state, &world);
    source_put(&world, "k=a b%2Fc/x", "1\n", 1);
    source_put(&world, "k=%0A%25%zz/x", "2\n", 2);
    source_put(&world, "k=x=y/x", "3\n", 3);
    source_put(&world, "k=__HIVE_DEFAULT_PARTITION__/x", "4\n", 4);
    source_start(&world, NULL, false);
    source_expect(&world, "1|a b/c 2|\n%%zz 3|x=y 4|null ");
    source_end(&world);
}

/* --------------------------------------------------------------------------------------- things */

static void what_is_no_file_is_left_alone(void **state)
{
    static const char *const recursive[] = {"recursiveFileLookup=true", NULL};
    struct source_world world;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    source_begin(state, &world);
    source_put(&world, "sub/a", "1\n", 1);
    assert_int_equal(mkfifo(path_of(&world, "pipe"), 0600), 0);
    assert_int_equal(symlink("nowhere", path_of(&world, "dangling")), 0);
    assert_int_equal(symlink("itself", path_of(&world, "itself")), 0);
    assert_int_equal(symlink("..", path_of(&world, "sub/up")), 0);
    assert_int_equal(symlink("/dev/zero", path_of(&world, "device")), 0);
    assert_int_equal(mkdir(path_of(&world, "folder.gz"), 0700), 0);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%.90s/socket", world.in);
    assert_int_equal(bind(fd, (struct sockaddr *)(void *)&address, sizeof address), 0);
    source_start(&world, recursive, false);
    source_expect(&world, "1 ");
    assert_int_equal(symlink("later", path_of(&world, "later")), 0); /* while it is watched */
    source_put(&world, "b", "2\n", 2);
    source_expect(&world, "2 ");
    source_expect_nothing(&world);
    close(fd);
    source_end(&world);
}

/* ------------------------------------------------------------------------------------- changing */

/* As old as the others: what is much older than the newest would be left out. */
static void put_large(struct source_world *world, const char *name)
{
    const struct timespec times[2] = {{.tv_sec = 1700000000}, {.tv_sec = 1700000000}};
    char *bytes = malloc(LARGE_BYTES);
    for (int i = 0; i < LARGE_BYTES; i++)
        bytes[i] = i % 8 == 7 ? '\n' : 'x';
    put_bytes(world, name, bytes, LARGE_BYTES);
    free(bytes);
    assert_int_equal(utimensat(AT_FDCWD, path_of(world, name), times, 0), 0);
}

static void read_a_little(struct source_world *world)
{
    while (world->seen.size_bytes == 0) {
        assert_int_not_equal(source_poll(world, 1), LT_POLL_FAILED);
        source_rest(world);
    }
}

static void a_file_that_shrinks_while_it_is_read_is_data_loss(void **state)
{
    static const char *const lenient[] = {"ignoreCorruptFiles=true", NULL};
    for (int turn = 0; turn < 2; turn++) {
        struct source_world world;
        source_begin(state, &world);
        put_large(&world, "large");
        source_start(&world, turn == 0 ? NULL : lenient, false);
        read_a_little(&world);
        assert_int_equal(truncate(path_of(&world, "large"), 100), 0);
        if (turn == 0) {
            source_expect_failure(&world, LT_E_DATA_LOSS, "/large\": it ends at byte ");
            assert_non_null(strstr(world.reader->error.text,
                                   " and had 8388608 bytes: it was cut off while it was read; "
                                   "hint: files must not change once they are in their place"));
        } else {
            source_put(&world, "next", "end\n", 1);
            while (strstr(lt_text_get(&world.seen), "end ") == NULL) {
                assert_int_not_equal(source_poll(&world, 256), LT_POLL_FAILED);
                source_rest(&world);
            }
        }
        source_end(&world);
    }
}

static void a_file_that_is_replaced_while_it_is_read_is_read_as_it_was(void **state)
{
    struct source_world world;
    size_t rows = 0;
    source_begin(state, &world);
    put_large(&world, "large");
    source_start(&world, NULL, false);
    read_a_little(&world);
    source_put(&world, "large", "another\n", 1);
    while (world.seen.size_bytes < LARGE_BYTES) {
        assert_int_not_equal(source_poll(&world, 256), LT_POLL_FAILED);
        source_rest(&world);
    }
    for (const char *at = lt_text_get(&world.seen); *at != '\0'; at += 8, rows++)
        assert_memory_equal(at, "xxxxxxx ", 8);
    assert_int_equal(rows, LARGE_BYTES / 8);
    lt_text_clear(&world.seen);
    source_expect_nothing(&world); /* a path is a file, once and for all */
    source_end(&world);
}

/* --------------------------------------------------------------------------------------- packed */

static size_t gzip(const void *bytes, size_t size, uint8_t *out, size_t out_size)
{
    z_stream stream = {0};
    assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = (Bytef *)(uintptr_t)bytes;
    stream.avail_in = (uInt)size;
    stream.next_out = out;
    stream.avail_out = (uInt)out_size;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    size_t total = stream.total_out;
    assert_int_equal(deflateEnd(&stream), Z_OK);
    return total;
}

static void members_and_frames_may_be_empty_and_cut_lines(void **state)
{
    struct source_world world;
    uint8_t bytes[1024];
    source_begin(state, &world);
    size_t size = gzip("1\n2", 3, bytes, sizeof bytes);
    size += gzip("", 0, bytes + size, sizeof bytes - size);
    size += gzip("3\n", 2, bytes + size, sizeof bytes - size);
    put_bytes(&world, "a.gz", bytes, size);
    source_start(&world, NULL, false);
    source_expect(&world, "1 23 ");
    size = ZSTD_compress(bytes, sizeof bytes, "4\n5", 3, 1);
    size += ZSTD_compress(bytes + size, sizeof bytes - size, "", 0, 1);
    static const uint8_t skippable[] = {0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 'h', 'i'};
    memcpy(bytes + size, skippable, sizeof skippable);
    size += sizeof skippable;
    size += ZSTD_compress(bytes + size, sizeof bytes - size, "6\n", 2, 1);
    put_bytes(&world, "b.zst", bytes, size);
    source_expect(&world, "4 56 ");
    source_end(&world);
}

static size_t zstd(const void *bytes, size_t size, uint8_t *out, size_t out_size)
{
    ZSTD_CCtx *context = ZSTD_createCCtx();
    assert_false(ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)));
    size_t total = ZSTD_compress2(context, out, out_size, bytes, size);
    assert_false(ZSTD_isError(total));
    ZSTD_freeCCtx(context);
    return total;
}

static void damage_is_told_with_file_and_byte(void **state)
{
    static const char *const suffixes[] = {"garbage.gz", "flipped.gz", "flipped.zst", "text.zst"};
    for (int i = 0; i < 4; i++) {
        struct source_world world;
        char text[4096], says[64];
        uint8_t bytes[8192];
        source_begin(state, &world);
        for (int k = 0; k < (int)sizeof text; k++)
            text[k] = (char)(k % 16 == 15 ? '\n' : 'a' + (k * k / 7 + k) % 26);
        size_t size = i < 2 ? gzip(text, sizeof text, bytes, sizeof bytes)
                            : zstd(text, sizeof text, bytes, sizeof bytes);
        if (i == 0) {
            memcpy(bytes + size, "garbage", 7);
            size += 7;
        } else if (i < 3) {
            bytes[size / 2] ^= 0x55;
        } else {
            size = 11;
            memcpy(bytes, "plain text\n", size);
        }
        put_bytes(&world, suffixes[i], bytes, size);
        source_start(&world, NULL, false);
        snprintf(says, sizeof says, "/%s\": byte ", suffixes[i]);
        source_expect_failure(&world, LT_E_CORRUPT, says);
        assert_non_null(strstr(world.reader->error.text, "hint: ignoreCorruptFiles goes on"));
        source_end(&world);
    }
}

/* Four megabytes of one line in four kilobytes. */
static void a_line_that_swells_meets_the_limit(void **state)
{
    static const char *const options[] = {"maxRecordBytes=1m", NULL};
    struct source_world world;
    enum { BYTES = 4 * 1024 * 1024 };
    char *zeros = calloc(1, BYTES);
    uint8_t *bytes = malloc(BYTES);
    source_begin(state, &world);
    put_bytes(&world, "bomb.gz", bytes, gzip(zeros, BYTES, bytes, BYTES));
    source_start(&world, options, false);
    source_expect_failure(&world, LT_E_LIMIT, "/bomb.gz\": ");
    assert_non_null(strstr(world.reader->error.text, "hint: the option maxRecordBytes"));
    source_end(&world);
    free(zeros);
    free(bytes);
}

int main(void)
{
    const struct suite_case cases[] = {
        SUITE_CASE(names_of_any_kind_are_read_and_known_again),
        SUITE_CASE(values_of_partitions_may_hold_anything),
        SUITE_CASE(what_is_no_file_is_left_alone),
        SUITE_CASE(a_file_that_shrinks_while_it_is_read_is_data_loss),
        SUITE_CASE(a_file_that_is_replaced_while_it_is_read_is_read_as_it_was),
        SUITE_CASE(members_and_frames_may_be_empty_and_cut_lines),
        SUITE_CASE(damage_is_told_with_file_and_byte),
        SUITE_CASE(a_line_that_swells_meets_the_limit),
    };
    return run_suite(cases, sizeof cases / sizeof cases[0]);
}
