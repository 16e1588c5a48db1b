/*
 * Frames: where records end, whatever pieces the bytes come in.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/limits.h"
#include "core/base/text_buffer.h"
#include "io/frame.h"

/* Goes over `size` bytes that come in steps of `step`, each time in another place; the records, in
 * brackets, and what stopped it. */
static char *records_of(const struct lt_framing *framing, const char *bytes, size_t size,
                        size_t step)
{
    struct lt_text_buffer out;
    struct lt_frame_cursor cursor;
    struct lt_frame frame;
    struct lt_error error;
    char *memory = NULL;
    size_t had = 0, gone = 0;
    lt_text_init(&out);
    lt_frame_cursor_set(&cursor, NULL, 0, 0);
    for (bool goes_on = true; goes_on;) {
        had = had + step < size ? had + step : size;
        char *moved = malloc(had - gone + 1); /* exact: reading behind it is seen */
        memcpy(moved, bytes + gone, had - gone);
        lt_frame_cursor_move(&cursor, moved, had - gone);
        free(memory);
        memory = moved;
        cursor.is_end = had == size;
        enum lt_frame_result result;
        while ((result = lt_frame_next(framing, &cursor, &frame, &error)) == LT_FRAME_RECORD) {
            lt_text_append_char(&out, '[');
            lt_text_append_n(&out, frame.data, frame.size_bytes);
            lt_text_append_char(&out, ']');
            cursor.begin += frame.used_bytes;
            cursor.is_spent = true;
            gone += frame.used_bytes;
        }
        if (result == LT_FRAME_BROKEN)
            lt_text_format(&out, "!%s", error.text);
        goes_on = result != LT_FRAME_BROKEN && had < size;
    }
    free(memory);
    return lt_text_take(&out);
}

static void expect(const struct lt_framing *framing, const char *bytes, size_t size,
                   const char *expected)
{
    for (size_t step = 1; step <= size + 1; step++) {
        char *records = records_of(framing, bytes, size, step);
        assert_string_equal(records, expected);
        free(records);
    }
}

static void expect_lines(const char *bytes, const char *expected)
{
    const struct lt_framing framing = {.kind = LT_FRAME_LINE, .max_bytes = 1000};
    expect(&framing, bytes, strlen(bytes), expected);
}

static void lines_end_at_any_of_the_three_breaks(void **state)
{
    (void)state;
    expect_lines("", "");
    expect_lines("a", "[a]");
    expect_lines("a\n", "[a]");
    expect_lines("a\nb", "[a][b]");
    expect_lines("\n", "[]");
    expect_lines("\n\n", "[][]");
    expect_lines("a\r\nb\rc\n\rd\r", "[a][b][c][][d]");
    expect_lines("\r\r\n\n\r\n", "[][][][]");
}

static void long_lines_cross_blocks_of_the_scan(void **state)
{
    (void)state;
    char bytes[400], expected[500] = "";
    for (int size = 55; size < 75; size++) {
        int written = snprintf(bytes, sizeof bytes, "%0*d\r\n%0*d\n%d", size, 1, 3 * size, 2, 3);
        assert_true(written > 0);
        written = snprintf(expected, sizeof expected, "[%0*d][%0*d][%d]", size, 1, 3 * size, 2, 3);
        assert_true(written > 0);
        expect_lines(bytes, expected);
    }
}

static void a_separator_takes_the_place_of_line_breaks(void **state)
{
    (void)state;
    struct lt_framing framing = {.kind = LT_FRAME_LINE, .max_bytes = 1000, .separator_bytes = 3};
    memcpy(framing.separator, "aab", 3);
    expect(&framing, "xaabyaaabaab", 12, "[x][ya][]");
    expect(&framing, "aaaa\naa", 7, "[aaaa\naa]");
    framing.separator_bytes = 2;
    expect(&framing, "xaaay", 5, "[x][ay]");
    framing.separator_bytes = 1;
    expect(&framing, "1\na2", 4, "[1\n][2]");
}

static void lengths_stand_in_front(void **state)
{
    (void)state;
    struct lt_framing framing = {.kind = LT_FRAME_LENGTH2, .max_bytes = 1000};
    expect(&framing, "\0\3abc\0\0\0\1x", 10, "[abc][][x]");
    framing.is_little_endian = true;
    expect(&framing, "\3\0abc\1\0x", 8, "[abc][x]");
    framing.kind = LT_FRAME_LENGTH4;
    expect(&framing, "\2\0\0\0ab", 6, "[ab]");
    framing.is_little_endian = false;
    expect(&framing, "\0\0\0\2ab\0\0\0\0", 10, "[ab][]");
    framing.kind = LT_FRAME_VARINT;
    char varint[202] = {(char)0xC8, 1};
    memset(varint + 2, 'v', 200);
    char *records = records_of(&framing, varint, sizeof varint, 7);
    assert_int_equal(strlen(records), 202);
    free(records);
    framing.kind = LT_FRAME_FIXED;
    framing.fixed_bytes = 2;
    expect(&framing, "aabbcc", 6, "[aa][bb][cc]");
}

static void the_whole_is_one_record_unless_it_is_empty(void **state)
{
    (void)state;
    const struct lt_framing framing = {.kind = LT_FRAME_WHOLE, .max_bytes = 1000};
    expect(&framing, "a\nb\n", 4, "[a\nb\n]");
    expect(&framing, "", 0, "");
}

static void a_record_that_is_cut_off_is_told(void **state)
{
    (void)state;
    const struct lt_framing framing = {.kind = LT_FRAME_LENGTH2, .max_bytes = 1000};
    char *records = records_of(&framing, "\0\1a\0\5xyz", 8, 3);
    assert_string_equal(records, "[a]!the stream ends within a record: 5 bytes are left (frame "
                                 "length2); hint: the sender was cut off, or frame and byteOrder "
                                 "are not what it sends");
    free(records);
}

static void a_record_over_the_limit_is_told(void **state)
{
    (void)state;
    struct lt_framing framing = {.kind = LT_FRAME_LINE, .max_bytes = 3};
    const char *error = "[abc]!a record of more than 3 bytes (frame line); hint: the option "
                        "maxRecordBytes sets the limit, and frame and lineSep say where records "
                        "end";
    expect(&framing, "abc\nabcd\n", 9, error);
    expect(&framing, "abc\nabcd", 8, error);
    expect(&framing, "abc\r\nabcdefghi", 14, error);
    framing.kind = LT_FRAME_LENGTH4;
    char *records = records_of(&framing, "\377\377\377\377a", 5, 5);
    assert_non_null(strstr(records, "a record of more than 3 bytes (frame length4)"));
    free(records);
    framing.kind = LT_FRAME_VARINT;
    records = records_of(&framing, "\377\377\377\377\377\1", 6, 6);
    assert_non_null(strstr(records, "a record's size has more than 5 bytes"));
    free(records);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_end_at_any_of_the_three_breaks),
        cmocka_unit_test(long_lines_cross_blocks_of_the_scan),
        cmocka_unit_test(a_separator_takes_the_place_of_line_breaks),
        cmocka_unit_test(lengths_stand_in_front),
        cmocka_unit_test(the_whole_is_one_record_unless_it_is_empty),
        cmocka_unit_test(a_record_that_is_cut_off_is_told),
        cmocka_unit_test(a_record_over_the_limit_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
