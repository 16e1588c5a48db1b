/* The two ways to a document's places: what they list, and that they agree on documents of chance.
 */
#include "core/text/json_index.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { WAYS = 2, CHANCES = 200000, TEXT_MAX = 400 };

static struct lt_json_index *ways[WAYS];

static int create_ways(void **state)
{
    (void)state;
    for (int way = 0; way < WAYS; way++)
        ways[way] = lt_json_index_create(way == 1);
    return ways[0] == NULL || ways[1] == NULL;
}

static int destroy_ways(void **state)
{
    (void)state;
    for (int way = 0; way < WAYS; way++)
        lt_json_index_destroy(ways[way]);
    return 0;
}

/* Both ways, over memory that ends with the document. */
static void marks_are(const char *document, size_t size_bytes, const char *expected)
{
    char *tight = calloc(size_bytes + 1, 1);
    memcpy(tight + 1, document, size_bytes);
    for (int way = 0; way < WAYS; way++) {
        struct lt_json_places places;
        assert_int_equal(lt_json_index_run(ways[way], tight + 1, size_bytes, &places),
                         expected != NULL);
        if (expected == NULL)
            continue;
        assert_string_equal((const char *)places.marks, expected);
        assert_int_equal(places.count, strlen(expected));
        for (uint32_t i = 0; i < places.count; i++)
            assert_int_equal(tight[1 + places.places[i]], places.marks[i]);
    }
    free(tight);
}
#define MARKS(document, expected) marks_are(document, sizeof(document) - 1, expected)

static void brackets_and_the_beginnings_of_scalars_are_listed(void **state)
{
    (void)state;
    MARKS("{\"a\": [1, true ,null],\"b\":{}}", "{\":[1,t,n],\":{}}");
    MARKS(" 12x\"y\" ", "1");
    MARKS("\"a\"b\"c\"", "\"b");
    MARKS("[\"{[,:]}\"]", "[\"]");
    MARKS("\t[\n1\r]", "[1]");
}

static void escaped_quotes_do_not_end_a_string(void **state)
{
    (void)state;
    MARKS("[\"\\\"\",\"\\\\\",\"\\\\\\\"\"]", "[\",\",\"]");
    MARKS("[\"\\\"]", NULL);
    char text[200];
    for (int blanks = 0; blanks < 130; blanks++) { /* across the blocks' borders */
        int size = snprintf(text, sizeof text, "%*s[\"\\\\\\\"\",\"\\\\\",1]", blanks, "");
        marks_are(text, (size_t)size, "[\",\",1]");
    }
}

static void what_is_no_text_has_no_places(void **state)
{
    (void)state;
    MARKS("", NULL);
    MARKS("  \n ", NULL);
    MARKS("{\"a", NULL);
    MARKS("[\"tab\there\"]", NULL);
    MARKS("[\"\xff\"]", NULL);
    MARKS("[\"h\xc3\xa9\"]", "[\"]");
}

static void an_index_serves_documents_of_any_size(void **state)
{
    (void)state;
    enum { SIZE = 100000 };
    char *text = malloc(SIZE);
    char *marks = malloc(SIZE + 1);
    memset(text, '[', SIZE);
    memset(marks, '[', SIZE);
    for (size_t size = 1; size < SIZE; size = size * 3 + 1) {
        marks[size] = '\0';
        marks_are(text, size, marks);
        marks[size] = '[';
    }
    free(text);
    free(marks);
}

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static void both_ways_agree_on_texts_of_chance(void **state)
{
    (void)state;
    static const char common[] = "{}[]\",:\\\\\\ 01atn\"\"\"   ";
    static const char rare[] = "\t\n\r\x01\x0c\x1a\x7f\x80\xc3\xa9\xff";
    uint64_t seed = 20240607;
    int agreed = 0;
    for (int chance = 0; chance < CHANCES; chance++) {
        char text[TEXT_MAX];
        size_t size_bytes = next_random(&seed) % TEXT_MAX;
        uint64_t one_in = next_random(&seed) % 4 == 0 ? 100 : UINT64_MAX;
        for (size_t i = 0; i < size_bytes; i++)
            text[i] = next_random(&seed) % one_in == 0
                          ? rare[next_random(&seed) % (sizeof rare - 1)]
                          : common[next_random(&seed) % (sizeof common - 1)];
        struct lt_json_places wide, portable;
        bool is_good = lt_json_index_run(ways[0], text, size_bytes, &wide);
        assert_int_equal(is_good, lt_json_index_run(ways[1], text, size_bytes, &portable));
        if (!is_good)
            continue;
        assert_int_equal(wide.count, portable.count);
        assert_memory_equal(wide.places, portable.places, (wide.count + 1) * sizeof *wide.places);
        assert_memory_equal(wide.marks, portable.marks, wide.count + LT_JSON_MARKS_BEHIND);
        assert_int_equal(wide.may_have_escapes, portable.may_have_escapes);
        assert_int_equal(wide.escapes_at, portable.escapes_at);
        agreed++;
    }
    assert_true(agreed > CHANCES / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(brackets_and_the_beginnings_of_scalars_are_listed),
        cmocka_unit_test(escaped_quotes_do_not_end_a_string),
        cmocka_unit_test(what_is_no_text_has_no_places),
        cmocka_unit_test(an_index_serves_documents_of_any_size),
        cmocka_unit_test(both_ways_agree_on_texts_of_chance),
    };
    return cmocka_run_group_tests(tests, create_ways, destroy_ways);
}
