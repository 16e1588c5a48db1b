/* The judgement of envelopes_judge.h: each letter is one record, equal letters are equal records.
 */
#include "envelopes_judge.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { RECORDS_MAX = 64, LISTED_MAX = 16 };

static size_t prints_of(const char *letters, struct lt_envelope_print *prints)
{
    size_t count = strlen(letters);
    assert_true(count <= RECORDS_MAX);
    for (size_t i = 0; i < count; i++)
        prints[i] = (struct lt_envelope_print){.low = 16, .high = (uint64_t)letters[i]};
    return count;
}

static struct lt_findings judge(const char *expected, const char *found, struct lt_finding *list)
{
    struct lt_envelope_print expected_prints[RECORDS_MAX];
    struct lt_envelope_print found_prints[RECORDS_MAX];
    struct lt_findings findings = {.list = list, .capacity = LISTED_MAX};
    size_t expected_count = prints_of(expected, expected_prints);
    size_t found_count = prints_of(found, found_prints);
    assert_int_equal(
        lt_envelopes_judge(expected_prints, expected_count, found_prints, found_count, &findings),
        0);
    /* Each record of either side is told of exactly once. */
    assert_int_equal(findings.compared + findings.totals[LT_MISSING], expected_count);
    assert_int_equal(findings.compared + findings.totals[LT_EXTRA], found_count);
    return findings;
}

/* Holds the counts against "missing extra different out-of-order". */
static void assert_counts(const char *expected, const char *found, const char *counts)
{
    char text[64];
    struct lt_finding list[LISTED_MAX];
    struct lt_findings f = judge(expected, found, list);
    int size = snprintf(text, sizeof(text), "%d %d %d %d", (int)f.totals[LT_MISSING],
                        (int)f.totals[LT_EXTRA], (int)f.totals[LT_DIFFERENT],
                        (int)f.totals[LT_OUT_OF_ORDER]);
    assert_true(size > 0 && size < (int)sizeof(text));
    if (strcmp(text, counts) != 0)
        fail_msg("\"%s\" as \"%s\" was judged \"%s\" and not \"%s\"", expected, found, text,
                 counts);
}

static void equal_partitions_have_no_finding(void **state)
{
    (void)state;
    assert_counts("abcdef", "abcdef", "0 0 0 0");
    assert_counts("aaaa", "aaaa", "0 0 0 0");
    assert_counts("", "", "0 0 0 0");
}

static void missing_and_extra_records_do_not_shift_the_rest(void **state)
{
    (void)state;
    assert_counts("abcdef", "abdef", "1 0 0 0");
    assert_counts("abcdef", "bcdef", "1 0 0 0");
    assert_counts("abcdef", "abcde", "1 0 0 0");
    assert_counts("abcdef", "", "6 0 0 0");
    assert_counts("abcdef", "abXcdef", "0 1 0 0");
    assert_counts("", "XY", "0 2 0 0");
}

static void doubled_record_is_extra(void **state)
{
    (void)state;
    assert_counts("abcdef", "abccdef", "0 1 0 0");
    assert_counts("abcdef", "abcdefabcdef", "0 6 0 0");
}

static void equal_records_are_told_apart_by_number(void **state)
{
    (void)state;
    assert_counts("aabaa", "aaba", "1 0 0 0");
    assert_counts("aabaa", "aaaaa", "0 0 1 0");
}

static void changed_record_is_different_and_not_missing(void **state)
{
    (void)state;
    assert_counts("abcdef", "abXdef", "0 0 1 0");
    assert_counts("abcdef", "abXYef", "0 0 2 0");
    assert_counts("abcdef", "abXef", "1 0 1 0");
    assert_counts("abcdef", "abXYZdef", "0 2 1 0");
    assert_counts("abcdef", "UVWXYZ", "0 0 6 0");
}

static void moved_record_counts_once(void **state)
{
    (void)state;
    assert_counts("abcdef", "abdcef", "0 0 0 1");
    assert_counts("abcdef", "bcdefa", "0 0 0 1");
    assert_counts("abcdef", "fabcde", "0 0 0 1");
    assert_counts("abcdef", "fedcba", "0 0 0 5");
}

static void all_kinds_at_once_are_told_apart(void **state)
{
    (void)state;
    /* b dropped, d doubled, f and g swapped, i changed. */
    assert_counts("abcdefghij", "acddegfhXj", "1 1 1 1");
}

static void findings_name_both_indices_in_order(void **state)
{
    (void)state;
    struct lt_finding list[LISTED_MAX];
    struct lt_findings f = judge("abcdefgh", "acdXfZgh", list);
    assert_int_equal(f.count, 3);
    assert_int_equal(list[0].kind, LT_MISSING);
    assert_int_equal(list[0].expected_index, 1);
    assert_true(list[0].found_index == SIZE_MAX);
    assert_int_equal(list[1].kind, LT_DIFFERENT);
    assert_int_equal(list[1].expected_index, 4);
    assert_int_equal(list[1].found_index, 3);
    assert_int_equal(list[2].kind, LT_EXTRA);
    assert_true(list[2].expected_index == SIZE_MAX);
    assert_int_equal(list[2].found_index, 5);
}

static void full_list_keeps_the_first_and_counts_all(void **state)
{
    (void)state;
    struct lt_finding list[LISTED_MAX];
    struct lt_findings f = judge("abcdefghijklmnopqrstuvwxyz", "z", list);
    assert_int_equal(f.count, LISTED_MAX);
    assert_int_equal(list[0].expected_index, 0);
    assert_int_equal(f.totals[LT_MISSING], 25);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_partitions_have_no_finding),
        cmocka_unit_test(missing_and_extra_records_do_not_shift_the_rest),
        cmocka_unit_test(doubled_record_is_extra),
        cmocka_unit_test(equal_records_are_told_apart_by_number),
        cmocka_unit_test(changed_record_is_different_and_not_missing),
        cmocka_unit_test(moved_record_counts_once),
        cmocka_unit_test(all_kinds_at_once_are_told_apart),
        cmocka_unit_test(findings_name_both_indices_in_order),
        cmocka_unit_test(full_list_keeps_the_first_and_counts_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
