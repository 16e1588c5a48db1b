/* The DDL parser against a corpus of texts and what Spark makes of them: tests/conformance, or the
 * folder that CASES names. */
#include "core/data/type.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { FIELDS = 6, LINE_BYTES = 65536 };

/* Undoes the corpus's escapes in place. */
static void unescape(char *text)
{
    char *out = text;
    while (*text != '\0') {
        if (*text != '\\') {
            *out++ = *text++;
            continue;
        }
        switch (text[1]) {
        case 't':
            *out++ = '\t';
            break;
        case 'n':
            *out++ = '\n';
            break;
        case 'r':
            *out++ = '\r';
            break;
        default:
            *out++ = text[1];
        }
        text += 2;
    }
    *out = '\0';
}

/* 1 when the line's text gives what the line says. */
static int line_passes(char *fields[FIELDS])
{
    struct lt_arena *arena = lt_arena_create();
    const struct lt_type *type = NULL;
    struct lt_error error;
    lt_error_clear(&error);
    unescape(fields[2]);
    unescape(fields[5]);
    int code = lt_type_parse_ddl(fields[2], arena, &type, &error);
    char got[LT_ERROR_TEXT_MAX];
    int passes;
    if (strcmp(fields[3], "value") == 0) {
        passes = code == 0 && strcmp(lt_type_simple_string(arena, type), fields[4]) == 0 &&
                 strcmp(lt_type_ddl(arena, type), fields[5]) == 0;
        snprintf(got, sizeof got, "%s", code == 0 ? lt_type_ddl(arena, type) : error.text);
    } else {
        snprintf(got, sizeof got, "%s %s", error.condition, *error.sqlstate ? error.sqlstate : "-");
        int expected = strcmp(fields[3], "parse-error") == 0 ? LT_E_PARSE : LT_E_ANALYSIS;
        passes = code == expected && strcmp(got, fields[5]) == 0;
    }
    if (!passes)
        print_error("%s: %s: expected %s, got %s\n", fields[0], fields[2], fields[5], got);
    lt_arena_destroy(arena);
    return passes;
}

static void every_text_of_the_corpus_gives_what_spark_gives(void **state)
{
    (void)state;
    char path[4096];
    const char *folder = getenv("CASES");
    snprintf(path, sizeof path, "%s/ddl_types.tsv", folder == NULL ? "tests/conformance" : folder);
    FILE *file = fopen(path, "r");
    if (file == NULL && folder != NULL)
        skip();
    assert_non_null(file);
    char line[LINE_BYTES];
    int count = 0, passed = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        if (*line == '#')
            continue;
        line[strcspn(line, "\n")] = '\0';
        char *fields[FIELDS], *rest = line;
        for (int i = 0; i < FIELDS; i++)
            fields[i] = strsep(&rest, "\t");
        assert_non_null(fields[FIELDS - 1]);
        passed += line_passes(fields);
        count++;
    }
    fclose(file);
    print_message("%d passed, %d failed\n", passed, count - passed);
    assert_true(count > 0);
    assert_int_equal(passed, count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_text_of_the_corpus_gives_what_spark_gives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
