/* What Spark 2 took for a time, as a live Spark with timeParserPolicy=EXCEPTION tells it. */
#include "core/text/datetime_old.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

enum { TEXTS_MAX = 24 };

struct row {
    const char *pattern, *old[TEXTS_MAX], *none[TEXTS_MAX];
};

static bool reads(struct lt_datetime_context *context, const char *pattern, const char *text,
                  enum lt_datetime_old way)
{
    return lt_datetime_old_reads(pattern, strlen(pattern), context, text, strlen(text), way);
}

static void expect_rows(const struct row *rows, size_t count, enum lt_datetime_old way)
{
    struct lt_datetime_context context = {.zones = lt_zones_create()};
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < TEXTS_MAX && rows[i].old[j] != NULL; j++)
            if (!reads(&context, rows[i].pattern, rows[i].old[j], way))
                fail_msg("\"%s\" is not read by \"%s\"", rows[i].old[j], rows[i].pattern);
        for (size_t j = 0; j < TEXTS_MAX && rows[i].none[j] != NULL; j++)
            if (reads(&context, rows[i].pattern, rows[i].none[j], way))
                fail_msg("\"%s\" is read by \"%s\"", rows[i].none[j], rows[i].pattern);
    }
    lt_zones_destroy(context.zones);
}

static void functions_read_what_simple_date_format_did(void **state)
{
    static const struct row rows[] = {
        {"yyyy-MM-dd",
         {"2020-1-1", "2020-01-1x", "20200-1-1", "2020- 1-01", "2020-01-01Z", "\t2020-01-01",
          "2020-01- 01", "2020-12-31 23"},
         {"+2020-01-01", "2020--1-01", "2020-+1-01", "2020-01-0", "2020-00-10", "2020-01-32",
          "0-01-01", "99999999999-01-01", "2020/01/01", "2020-01", "2020-1-", "-5-1-1",
          "2 020-01-01", "2021-02-29 ", "9999999-1-1"}},
        {"yy-MM-dd", {"2020-1-1", "5-1-1", "20-1-1", "020-1-1"}, {"-1-1-1"}},
        {"yyy-M-d", {"20-1-1", "2020-1-1 "}, {NULL}},
        {"y", {"2020x"}, {NULL}},
        {"MMM d yyyy",
         {"january 1 2020", "jan  1 2020", "may 1 20"},
         {"Foo 1 2020", "Janu 1 2020", "1 1 2020"}},
        {"MMMM d yyyy", {"jan 1 2020", "January  1 2020"}, {NULL}},
        {"MM", {"1", "12 "}, {"13 ", "0"}},
        {"M", {"5x"}, {"13x"}},
        {"HH:mm:ss",
         {"1:2:3", "1:2:3.5"},
         {"25:00:00", "24:00:00 ", "23:60:00", "23:59:60", "12:00"}},
        {"hh:mm a", {"1:2 AM", "12:30 pm x"}, {"13:00 PM", "0:30 AM", "1:2am"}},
        {"hh:mm", {"12:00x"}, {"13:00", "0:00"}},
        {"kk:mm", {"24:00 ", "1:1"}, {"0:30", "25:00"}},
        {"KK:mm a", {"0:1 PM"}, {"12:00 AM"}},
        {"HH:mm:ss.SSS", {"1:2:3.4"}, {"1:2:3.4567", "01:02:03.1234", "01:02:03."}},
        {"ss.S", {"1.1", "01.12"}, {"01.1234"}},
    };
    (void)state;
    expect_rows(rows, sizeof rows / sizeof rows[0], LT_DATETIME_OLD_STRICT);
}

static void zones_literals_and_days_of_the_year_are_read_so_too(void **state)
{
    static const struct row rows[] = {
        {"yyyy-MM-dd z",
         {"2020-1-1 PST", "2020-1-1 GMT+8:00", "2020-1-1 GMT+08:00", "2020-1-1 +0800",
          "2020-1-1 UTC", "2020-1-1 Pacific Standard Time", "2020-1-1 gmt", "2020-1-1 CET",
          "2020-1-1 UTC+8"},
         {"2020-1-1 Foo", "2020-1-1 +08", "2020-1-1 +8", "2020-1-1 Z",
          "2020-1-1 America/Los_Angeles", "2020-1-1 GMT-1", "2020-1-1 +08:00", "2020-1-1 GMT+24:00",
          "2020-1-1 GMT+23:59", "2020-1-1 +2400"}},
        {"yyyy-MM-dd Z",
         {"2020-1-1 +0800", "2020-1-1 PST", "2020-1-1 GMT", "2020-1-1 -0830"},
         {"2020-1-1 +08:00", "2020-1-1 +800", "2020-1-1 0800"}},
        {"yyyy-MM-dd X",
         {"2020-1-1 Z", "2020-1-1 +08", "2020-1-1 +0800"},
         {"2020-1-1 z", "2020-1-1 +8"}},
        {"yyyy-MM-dd XX", {"2020-1-1 +0800", "2020-1-1 Z"}, {"2020-1-1 +08"}},
        {"yyyy-MM-dd XX"
         "X",
         {"2020-1-1 +08:00", "2020-1-1 Z"},
         {"2020-1-1 +0800", "2020-1-1 PST"}},
        {"yyyy-MM-dd'T'HH", {"2020-1-1T5"}, {"2020-01-01 T05"}},
        {"yyyy-MM-dd''HH", {"2020-1-1'5"}, {NULL}},
        {"yyyyMMdd", {"2020011", "202001011", "20200101x", "2020 1 1"}, {"20201301"}},
        {"yyyyMMddHHmmss", {"2020010112000", "202001011200001"}, {NULL}},
        {"yyyy-DDD", {"2020-1", "2020-366 "}, {"2021-366 ", "2020-0"}},
        {"yyyy-DD", {"2020-100 ", "2020-1"}, {NULL}},
        {"yyyy-D", {"2020-001 x"}, {NULL}},
        {"G yyyy", {"AD 2020x", "ad 2020x", "BC 1x", "Anno Domini 2020"}, {"Foo 1"}},
        {"GGGG yyyy", {"AD 2020x", "Anno Domini 2020x"}, {NULL}},
        {"yyyy-MM-dd HH:mm:ss",
         {"2020-1-1 1:2:3"},
         {"2020-02-30 1:2:3", "2020-01-01", "2020-01-01 1:2"}},
        {"yyyy-MM-dd[ HH]", {"2020-1-1[ 5]"}, {"2020-1-1"}},
        {"yyyy.MM.dd", {"2020.1.1"}, {"2020,1,1"}},
        {"d MMM", {NULL}, {"29 feb x", "30 feb", "29 Feb"}},
        {"yyyy-MM-dd a", {"2020-1-1 AM", "2020-1-1 am"}, {"2020-1-1 xx"}},
        {"yyyy-LL", {"2020-1"}, {NULL}},
        {"yyyy MMM", {"2020 feb."}, {NULL}},
        {"yyyy VV", {NULL}, {"2020 PSTx", "2020 UTC x"}},
        {"yyyy xxx", {NULL}, {"2020 +08:00 x"}},
        {"yyyy O", {NULL}, {"2020 GMT+8 x"}},
        {"HH HH", {"1 2", "05 06"}, {NULL}},
        {"hh HH", {"01 13x"}, {"13 13", "02 13x"}},
        {"yyyy-MM-dd D", {NULL}, {"2020-1-1 2", "2020-01-01 5x"}},
        {"D d", {NULL}, {"5 6 ", "5 6x"}},
        /* The calendar is Julian up to October 4, 1582, and ten days are none. */
        {"yyyy-MM-dd", {"1500-2-29", "1582-10-4"}, {"1582-10-5", "1582-10-14", "1900-2-29"}},
        {"D d", {NULL}, {"35 5"}},
        {"d D", {"4 35"}, {"5 35"}},
        {"yyyy 'o''clock' HH", {"2020 o'clock 5"}, {"2020 oclock 5", "2020 O'clock 5"}},
        {"yyyy 'open", {NULL}, {"2020 open"}},
    };
    (void)state;
    expect_rows(rows, sizeof rows / sizeof rows[0], LT_DATETIME_OLD_STRICT);
}

static void json_and_csv_read_what_fast_date_format_did(void **state)
{
    static const struct row rows[] = {
        {"yyyy-MM-dd",
         {"2020-1-1", "2020-01-1x", "20200-1-1", "2020- 1-01", "2020-01-0", "2020-00-10",
          "2020-01-32", "0-01-01"},
         {"x", "+2020-01-01", "2020--1-01", "2020-+1-01", "99999999999-1-1"}},
    };
    (void)state;
    expect_rows(rows, 1, LT_DATETIME_OLD_LENIENT);
}

static void an_hour_that_the_clock_leaves_out_was_none(void **state)
{
    struct lt_datetime_context context = {.zones = lt_zones_create()};
    (void)state;
    assert_int_equal(lt_zones_open(context.zones, "America/Los_Angeles", &context.zone, NULL), 0);
    assert_false(reads(&context, "yyyy-MM-dd HH", "2024-3-10 2", LT_DATETIME_OLD_STRICT));
    assert_true(reads(&context, "yyyy-MM-dd HH", "2024-3-10 3", LT_DATETIME_OLD_STRICT));
    lt_zones_destroy(context.zones);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_read_what_simple_date_format_did),
        cmocka_unit_test(zones_literals_and_days_of_the_year_are_read_so_too),
        cmocka_unit_test(json_and_csv_read_what_fast_date_format_did),
        cmocka_unit_test(an_hour_that_the_clock_leaves_out_was_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
