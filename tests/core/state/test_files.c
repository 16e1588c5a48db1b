/*
 * State files: what is written is read, whatever the codec; and whatever bit of a file is wrong, it
 * is an error that names the file, and not one entry is guessed.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/base/arena.h"
#include "core/state/file_encode.h"
#include "core/state/folder.h"
#include "core/state/merge.h"
#include "core/state/sort.h"
#include "tests/support/scratch.h"

enum { KEY_SIZE = 24 };

static char root[SCRATCH_PATH_SIZE];

static int make_root(void **state)
{
    (void)state;
    scratch_create(root);
    return 0;
}

static int remove_root(void **state)
{
    (void)state;
    scratch_remove(root);
    return 0;
}

static char *path_of(const char *name)
{
    static char path[2 * SCRATCH_PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s", root, name);
    return path;
}

/* Numbers in the order of their keys' hashes. */
static struct lt_state_pair *make_order(uint32_t count)
{
    struct lt_state_pair *order = calloc(count + 1, sizeof *order);
    for (uint32_t i = 0; i < count; i++) {
        char key[KEY_SIZE];
        int size = snprintf(key, sizeof key, "key %u", i);
        order[i] = (struct lt_state_pair){lt_state_hash(key, (size_t)size, 0), i};
    }
    lt_state_sort(order, count);
    return order;
}

struct contents {
    uint32_t count;
    uint32_t every;    /* only numbers that it divides */
    uint32_t removed;  /* those that it divides are removals; 0: none */
    const char *value; /* "%s of %u" */
};

static void write_file(const char *name, struct lt_state_header header,
                       const struct contents *contents)
{
    struct lt_state_encoder encoder;
    lt_state_encoder_init(&encoder, &header);
    struct lt_state_pair *order = make_order(contents->count);
    for (uint32_t i = 0; i < contents->count; i++) {
        uint32_t number = (uint32_t)order[i].item;
        if (number % contents->every != 0)
            continue;
        char key[KEY_SIZE], value[64];
        struct lt_state_change change = {.hash = order[i].key, .final_at = LT_STATE_NEVER};
        int key_size = snprintf(key, sizeof key, "key %u", number);
        change.key = (struct lt_state_bytes){key, (size_t)key_size};
        change.is_removed = contents->removed != 0 && number % contents->removed == 0;
        int size = snprintf(value, sizeof value, "%s of %u", contents->value, number);
        if (!change.is_removed)
            change.value = (struct lt_state_bytes){value, (size_t)size};
        if (number % 5 == 0)
            change.final_at = (int64_t)number - 50;
        lt_state_encoder_add(&encoder, &change);
    }
    lt_state_encoder_end(&encoder);
    assert_int_equal(encoder.trailer.file_bytes, encoder.out_bytes);
    FILE *file = fopen(path_of(name), "wb");
    assert_int_equal(fwrite(encoder.out, 1, encoder.out_bytes, file), encoder.out_bytes);
    fclose(file);
    lt_state_encoder_fini(&encoder);
    free(order);
}

static struct lt_state_header header_of(enum lt_state_file_kind kind, uint64_t version,
                                        uint64_t base, enum lt_state_codec_kind codec)
{
    return (struct lt_state_header){.kind = kind,
                                    .codec = codec,
                                    .version = version,
                                    .base = base,
                                    .partition_count = 1,
                                    .end_group = LT_STATE_KEY_GROUPS};
}

static struct lt_state_expected expected_of(enum lt_state_file_kind kind, uint64_t version)
{
    return (struct lt_state_expected){.kind = kind, .version = version, .partition_count = 1};
}

static uint32_t number_of(const struct lt_state_change *change)
{
    char text[KEY_SIZE] = "";
    assert_true(change->key.size_bytes < KEY_SIZE);
    memcpy(text, change->key.data, change->key.size_bytes);
    unsigned number;
    assert_int_equal(sscanf(text, "key %u", &number), 1);
    return number;
}

/* Reads all of a file; the number of entries, or the error's code. */
static int64_t read_file(const char *name, const struct lt_state_expected *expected,
                         struct lt_error *error)
{
    struct lt_state_reader *reader;
    int code =
        lt_state_reader_open(path_of(name), expected, 0, LT_STATE_KEY_GROUPS, &reader, error);
    if (code != 0)
        return code;
    struct lt_state_stream *stream = lt_state_reader_stream(reader);
    struct lt_state_change change;
    int64_t count = 0;
    while ((code = stream->next(stream, &change, error)) == 1)
        count++;
    lt_state_reader_close(reader);
    return code < 0 ? code : count;
}

static void what_is_written_is_read_by_every_codec(void **state)
{
    (void)state;
    static const uint32_t counts[] = {0, 1, 20, 30000};
    const struct contents all = {.every = 1, .removed = 7, .value = "the value"};
    for (int codec = 0; codec < LT_STATE_CODEC_COUNT; codec++) {
        for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
            struct contents contents = all;
            contents.count = counts[i];
            struct lt_error error = {.text = ""};
            write_file("5.delta", header_of(LT_STATE_DELTA, 5, 4, (enum lt_state_codec_kind)codec),
                       &contents);
            struct lt_state_expected expected = expected_of(LT_STATE_DELTA, 5);
            assert_int_equal(read_file("5.delta", &expected, &error), counts[i]);
            struct lt_state_reader *reader;
            assert_int_equal(lt_state_reader_open(path_of("5.delta"), &expected, 0,
                                                  LT_STATE_KEY_GROUPS, &reader, &error),
                             0);
            struct lt_state_stream *stream = lt_state_reader_stream(reader);
            struct lt_state_change change;
            while (stream->next(stream, &change, &error) == 1) {
                uint32_t number = number_of(&change);
                char value[64];
                int size = snprintf(value, sizeof value, "the value of %u", number);
                assert_int_equal(change.is_removed, number % 7 == 0);
                if (change.is_removed)
                    continue;
                assert_int_equal(change.value.size_bytes, size);
                assert_memory_equal(change.value.data, value, (size_t)size);
                assert_int_equal(change.final_at,
                                 number % 5 == 0 ? (int64_t)number - 50 : LT_STATE_NEVER);
            }
            lt_state_reader_close(reader);
        }
    }
}

static void times_keep_their_extremes(void **state)
{
    (void)state;
    static const int64_t times[] = {INT64_MIN, INT64_MIN + 1, -1, 0, 1, INT64_MAX - 1, INT64_MAX};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        unsigned char bytes[LT_STATE_ENTRY_OVERHEAD_MAX];
        struct lt_state_change change = {.final_at = times[i]}, again;
        uint64_t key_size, value_size;
        size_t size = lt_state_entry_write(&change, bytes);
        assert_int_equal(lt_state_entry_read(bytes, size, &again, &key_size, &value_size), size);
        assert_int_equal(again.final_at, times[i]);
    }
}

static void copy_changed(const char *from, const char *to, size_t at, int bit, size_t *size_bytes)
{
    FILE *file = fopen(path_of(from), "rb");
    unsigned char bytes[4096];
    *size_bytes = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    assert_true(*size_bytes < sizeof bytes);
    size_t kept = *size_bytes;
    if (bit >= 0)
        bytes[at] ^= (unsigned char)(1 << bit);
    else
        kept = at;
    file = fopen(path_of(to), "wb");
    assert_int_equal(fwrite(bytes, 1, kept, file), kept);
    fclose(file);
}

static void each_damaged_bit_is_seen(void **state)
{
    (void)state;
    const struct contents few = {.count = 40, .every = 1, .removed = 3, .value = "v"};
    for (int codec = 0; codec < LT_STATE_CODEC_COUNT; codec++) {
        write_file("whole", header_of(LT_STATE_DELTA, 9, 8, (enum lt_state_codec_kind)codec), &few);
        struct lt_state_expected expected = expected_of(LT_STATE_DELTA, 9);
        size_t size_bytes = 1;
        for (size_t at = 0; at < size_bytes; at++) {
            for (int bit = 0; bit < 8; bit++) {
                struct lt_error error = {.text = ""};
                copy_changed("whole", "9.delta", at, bit, &size_bytes);
                int64_t count = read_file("9.delta", &expected, &error);
                if (count >= 0)
                    fail_msg("byte %zu bit %d of %zu: not seen", at, bit, size_bytes);
                assert_int_equal(count, LT_E_CORRUPT);
                assert_non_null(strstr(error.text, "/9.delta"));
                assert_non_null(strstr(error.text, "; hint: "));
                assert_int_equal(strncmp(error.condition, "CANNOT_LOAD_STATE_STORE.", 24), 0);
            }
        }
        for (size_t at = 0; at < size_bytes; at++) {
            struct lt_error error = {.text = ""};
            copy_changed("whole", "9.delta", at, -1, &size_bytes);
            assert_int_equal(read_file("9.delta", &expected, &error), LT_E_CORRUPT);
        }
    }
}

/* Each block is sound, and the trailer is made anew: only the checksum of checksums tells. */
static void a_block_that_is_missing_is_seen(void **state)
{
    (void)state;
    enum { ROOM = 1 << 20 };
    const struct contents many = {.count = 9000, .every = 1, .value = "some value"};
    struct lt_state_expected expected = expected_of(LT_STATE_DELTA, 2);
    struct lt_error error = {.text = ""};
    write_file("2.delta", header_of(LT_STATE_DELTA, 2, 1, LT_STATE_CODEC_NONE), &many);
    unsigned char *bytes = malloc(ROOM);
    FILE *file = fopen(path_of("2.delta"), "rb");
    size_t size_bytes = fread(bytes, 1, ROOM, file);
    fclose(file);
    struct lt_state_block block;
    struct lt_state_trailer trailer;
    unsigned char *first = bytes + LT_STATE_HEADER_BYTES;
    lt_state_block_read(first, &block);
    size_t block_bytes = LT_STATE_BLOCK_HEADER_BYTES + (size_t)block.stored_bytes;
    assert_null(lt_state_trailer_read(bytes + size_bytes - LT_STATE_TRAILER_BYTES, &trailer));
    assert_true(trailer.block_count > 2);
    memmove(first, first + block_bytes, size_bytes - LT_STATE_HEADER_BYTES - block_bytes);
    size_bytes -= block_bytes;
    trailer.file_bytes = size_bytes;
    trailer.block_count--;
    trailer.entry_count -= block.entry_count;
    lt_state_trailer_write(&trailer, bytes + size_bytes - LT_STATE_TRAILER_BYTES);
    file = fopen(path_of("2.delta"), "wb");
    assert_int_equal(fwrite(bytes, 1, size_bytes, file), size_bytes);
    fclose(file);
    free(bytes);
    assert_int_equal(read_file("2.delta", &expected, &error), LT_E_CORRUPT);
    assert_non_null(strstr(error.text, "its blocks are not those that it was written with"));
}

static void a_file_in_another_place_is_not_taken_for_its_own(void **state)
{
    (void)state;
    const struct contents few = {.count = 10, .every = 1, .value = "v"};
    struct lt_error error;
    write_file("3.delta", header_of(LT_STATE_DELTA, 3, 2, LT_STATE_CODEC_LZ4), &few);
    struct lt_state_expected expected = expected_of(LT_STATE_DELTA, 4);
    assert_int_equal(read_file("3.delta", &expected, &error), LT_E_CORRUPT);
    assert_non_null(strstr(error.text, "it is of version 3 by its header"));
    assert_string_equal(error.condition, "CANNOT_LOAD_STATE_STORE.UNEXPECTED_VERSION");
    expected = expected_of(LT_STATE_SNAPSHOT, 3);
    assert_int_equal(read_file("3.delta", &expected, &error), LT_E_CORRUPT);
    assert_non_null(strstr(error.text, "it is a delta file by its header"));
    expected = expected_of(LT_STATE_DELTA, 3);
    expected.partition_count = 2;
    assert_int_equal(read_file("3.delta", &expected, &error), LT_E_CORRUPT);
    assert_non_null(strstr(error.text, "partition 0 of 1 by its header"));
    expected = expected_of(LT_STATE_DELTA, 3);
    expected.key_suffix_bytes = 4;
    assert_int_equal(read_file("3.delta", &expected, &error), LT_E_CORRUPT);
    assert_non_null(strstr(error.text, "its keys are of another operator"));
    expected = expected_of(LT_STATE_SNAPSHOT, 8);
    assert_int_equal(read_file("8.snapshot", &expected, &error), LT_E_CORRUPT);
    assert_string_equal(error.condition,
                        "CANNOT_LOAD_STATE_STORE.CANNOT_READ_MISSING_SNAPSHOT_FILE");
}

/* Three versions: the newer hide the older, removals hide and are then no entries. */
static void a_merge_gives_the_newest_of_each_key(void **state)
{
    (void)state;
    enum { MANY = 9000 };
    const struct contents old = {.count = MANY, .every = 1, .value = "old"};
    const struct contents mid = {.count = MANY, .every = 2, .removed = 8, .value = "mid"};
    const struct contents new = {.count = MANY, .every = 3, .removed = 9, .value = "new"};
    write_file("1.snapshot", header_of(LT_STATE_SNAPSHOT, 1, 0, LT_STATE_CODEC_LZ4), &old);
    write_file("2.delta", header_of(LT_STATE_DELTA, 2, 1, LT_STATE_CODEC_ZSTD), &mid);
    write_file("3.delta", header_of(LT_STATE_DELTA, 3, 2, LT_STATE_CODEC_NONE), &new);
    struct lt_state_inputs inputs = {.first_group = 16, .end_group = 200};
    struct lt_state_expected expected = expected_of(LT_STATE_DELTA, 3);
    lt_state_inputs_add(&inputs, path_of("3.delta"), &expected);
    expected.version = 2;
    lt_state_inputs_add(&inputs, path_of("2.delta"), &expected);
    expected = expected_of(LT_STATE_SNAPSHOT, 1);
    lt_state_inputs_add(&inputs, path_of("1.snapshot"), &expected);
    struct lt_state_merge *merge = lt_state_merge_create(&inputs, NULL, true);
    struct lt_state_stream *stream = lt_state_merge_stream(merge);
    struct lt_state_pair *order = make_order(MANY);
    struct lt_state_change change;
    struct lt_error error;
    for (uint32_t i = 0; i < MANY; i++) {
        uint32_t number = (uint32_t)order[i].item;
        uint32_t group = lt_state_group_of_hash(order[i].key);
        bool is_removed =
            number % 3 == 0 ? number % 9 == 0 : number % 2 == 0 && number % 8 == 0;
        if (is_removed || group < 16 || group >= 200)
            continue;
        char value[32];
        int size = snprintf(value, sizeof value, "%s of %u",
                            number % 3 == 0   ? "new"
                            : number % 2 == 0 ? "mid"
                                              : "old",
                            number);
        assert_int_equal(stream->next(stream, &change, &error), 1);
        assert_int_equal(number_of(&change), number);
        assert_int_equal(change.value.size_bytes, size);
        assert_memory_equal(change.value.data, value, (size_t)size);
    }
    assert_int_equal(stream->next(stream, &change, &error), 0);
    lt_state_merge_destroy(merge);
    free(order);
}

static void names_are_what_they_say(void **state)
{
    (void)state;
    char name[LT_STATE_FILE_NAME_SIZE];
    enum lt_state_file_kind kind;
    uint64_t version;
    assert_string_equal(lt_state_file_name(LT_STATE_DELTA, 17, name), "17.delta");
    assert_true(lt_state_file_name_parse("18446744073709551615.snapshot", &kind, &version));
    assert_int_equal(kind, LT_STATE_SNAPSHOT);
    assert_true(version == UINT64_MAX);
    static const char *const others[] = {"", "1", ".delta", "01.delta", "1.deltas", "-1.delta",
                                         "1.Delta", "18446744073709551616.delta", " 1.delta",
                                         "1.delta.crc", "+1.snapshot", ".1.delta.leat.tmp"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_false(lt_state_file_name_parse(others[i], &kind, &version));
}

/* ----------------------------------------------------------------------- which files are merged */

static void put(struct lt_state_files *files, enum lt_state_file_kind kind, uint64_t version,
                uint64_t base, uint64_t size_bytes)
{
    lt_state_files_put(files, &(struct lt_state_file){.kind = kind,
                                                      .version = version,
                                                      .base = base,
                                                      .size_bytes = size_bytes,
                                                      .partition_count = 1,
                                                      .is_sound = true});
}

/* What could not be read when the folder was listed may be read a moment later: the version is not
 * to be put together without what that file is a change of. */
static void a_chain_has_no_file_that_was_not_read(void **state)
{
    (void)state;
    struct lt_state_files files = {0};
    struct lt_state_inputs inputs = {.end_group = LT_STATE_KEY_GROUPS};
    struct lt_state_expected expected = expected_of(LT_STATE_DELTA, 2);
    struct lt_error error;
    put(&files, LT_STATE_DELTA, 1, 0, 100);
    lt_state_files_put(&files, &(struct lt_state_file){
                                   .kind = LT_STATE_DELTA, .version = 2, .number = EMFILE});
    assert_int_equal(lt_state_files_chain(&files, "/s", 2, &expected, &inputs, &error),
                     LT_E_LIMIT);
    assert_non_null(strstr(error.text, "Error reading delta file /s/2.delta of leat: cannot read "
                                       "it: Too many open files"));
    lt_state_inputs_fini(&inputs);
    lt_state_files_fini(&files);
}

static void files_are_merged_with_files_of_their_like(void **state)
{
    (void)state;
    struct lt_state_files files = {0};
    for (uint64_t version = 1; version <= 4; version++)
        put(&files, LT_STATE_DELTA, version, version - 1, 100);
    assert_int_equal(lt_state_files_plan(&files, 4, 5).count, 0);
    struct lt_state_merging plan = lt_state_files_plan(&files, 4, 4);
    assert_int_equal(plan.count, 4);
    assert_int_equal(plan.base, 0); /* all of it: a snapshot */
    put(&files, LT_STATE_SNAPSHOT, 4, 0, 10000);
    assert_int_equal(lt_state_files_plan(&files, 4, 1).count, 0);
    for (uint64_t version = 5; version <= 8; version++)
        put(&files, LT_STATE_DELTA, version, version - 1, 100);
    plan = lt_state_files_plan(&files, 8, 4);
    assert_int_equal(plan.count, 4); /* the snapshot is too large to be written again */
    assert_int_equal(plan.base, 4);
    put(&files, LT_STATE_DELTA, 8, 4, 390);
    for (uint64_t version = 9; version <= 11; version++)
        put(&files, LT_STATE_DELTA, version, version - 1, 100);
    plan = lt_state_files_plan(&files, 11, 4);
    assert_int_equal(plan.count, 3); /* nor the merged one, which is larger than all new ones */
    assert_int_equal(plan.base, 8);
    put(&files, LT_STATE_DELTA, 11, 10, 2500);
    plan = lt_state_files_plan(&files, 11, 4);
    assert_int_equal(plan.base, 0); /* now all are of its like */
    lt_state_files_fini(&files);
}

static void a_file_that_a_kept_version_is_made_of_stays(void **state)
{
    (void)state;
    struct lt_state_files files = {0};
    put(&files, LT_STATE_SNAPSHOT, 2, 0, 10);
    for (uint64_t version = 1; version <= 8; version++)
        put(&files, LT_STATE_DELTA, version, version - 1, 10);
    put(&files, LT_STATE_DELTA, 6, 2, 10); /* merged */
    bool gone[16] = {false};
    size_t index;
    while ((index = lt_state_files_needless(&files, 5)) < files.count) {
        gone[files.list[index].version] |= files.list[index].kind == LT_STATE_DELTA;
        assert_int_equal(files.list[index].kind, LT_STATE_DELTA);
        lt_state_files_remove(&files, index);
    }
    static const bool expected[9] = {[1] = true, [2] = true}; /* 5 is made of 4, 3 and snapshot 2 */
    assert_memory_equal(gone, expected, sizeof expected);
    while ((index = lt_state_files_needless(&files, 7)) < files.count) {
        gone[files.list[index].version] = true;
        lt_state_files_remove(&files, index);
    }
    assert_true(gone[3]);
    assert_true(gone[5]);
    assert_false(gone[6]);
    assert_int_equal(files.list[0].kind, LT_STATE_SNAPSHOT);
    assert_int_equal(files.count, 4); /* 2.snapshot, 6, 7, 8 */
    lt_state_files_fini(&files);
}

static void sorting_keeps_the_order_of_equals(void **state)
{
    (void)state;
    enum { MANY = 5000 };
    unsigned seed = 3;
    static struct lt_state_pair pairs[MANY];
    for (size_t count = 0; count <= MANY; count = count < 60 ? count + 1 : count * 3) {
        for (size_t i = 0; i < count; i++) {
            uint64_t high = count % 2 == 0 ? (uint64_t)rand_r(&seed) << 40 : 0;
            pairs[i] = (struct lt_state_pair){high ^ (uint64_t)(rand_r(&seed) % 97), i};
        }
        lt_state_sort(pairs, count);
        for (size_t i = 1; i < count; i++) {
            assert_true(pairs[i - 1].key <= pairs[i].key);
            assert_true(pairs[i - 1].key < pairs[i].key || pairs[i - 1].item < pairs[i].item);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_by_every_codec),
        cmocka_unit_test(times_keep_their_extremes),
        cmocka_unit_test(each_damaged_bit_is_seen),
        cmocka_unit_test(a_block_that_is_missing_is_seen),
        cmocka_unit_test(a_file_in_another_place_is_not_taken_for_its_own),
        cmocka_unit_test(a_merge_gives_the_newest_of_each_key),
        cmocka_unit_test(names_are_what_they_say),
        cmocka_unit_test(a_chain_has_no_file_that_was_not_read),
        cmocka_unit_test(files_are_merged_with_files_of_their_like),
        cmocka_unit_test(a_file_that_a_kept_version_is_made_of_stays),
        cmocka_unit_test(sorting_keeps_the_order_of_equals),
    };
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
