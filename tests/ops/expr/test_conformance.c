/*
 * Runs a folder of cases whose results were produced by a live Spark, and compares: our own,
 * tests/conformance, unless CASES names another. SHOW=1 prints the cases that fail.
 *
 * Each is evaluated in two ways, which must agree: by the threaded loop with everything optimised,
 * and by the switch with nothing optimised.
 *
 * Of our own folder the cases that ops/expr/DIFFERENCES.md names are known to differ, and skipped;
 * of a folder named by CASES every case must pass. Ends with "N passed, N failed".
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/error.h"
#include "tests/support/conformance.h"
#include "tests/support/conformance_generate.h"
#include "tests/support/conformance_pipeline.h"
#include "tests/support/conformance_rows.h"

enum { FIELDS = 6, SKIPPED = 77, FILES_MAX = 64, DISAGREEMENTS_MAX = 256, PATH_SIZE = 4096 };

static const char OURS[] = "tests/conformance";
enum { OUR_CASES = 4804 }; /* that none is left out in silence */

/* What is known to differ; NULL: nothing is. */
static char *differences;

struct counts {
    unsigned passed, failed, known, later;
};

/* Cases on which Spark itself gives two answers: the second of each. */
static struct {
    char *line, *id, *kind, *result;
} disagreements[DISAGREEMENTS_MAX];
static unsigned disagreement_count;

static bool is_shown(void)
{
    return getenv("SHOW") != NULL;
}

static void judge(const char *id, const char *text, bool is_passed, const char *wanted,
                  const struct conformance_outcome *out, struct counts *counts)
{
    bool is_known = !is_passed && differences != NULL && strstr(differences, id) != NULL;
    counts->passed += is_passed;
    counts->known += is_known;
    counts->failed += !is_passed && !is_known;
    if (is_passed)
        return;
    counts->later += strncmp(out->result, "UNSUPPORTED_FEATURE", 19) == 0 ||
                     strncmp(out->result, "UNRESOLVED_ROUTINE", 18) == 0;
    if (is_shown())
        printf("%s: %s\n  wanted %s\n  got    %s %s %s\n", id, text, wanted, out->kind, out->type,
               out->result);
}

/* ------------------------------------------------------------------------------- literal cases */

static bool agrees_otherwise(char *const fields[], const struct conformance_outcome *out)
{
    for (unsigned i = 0; i < disagreement_count; i++) {
        if (strcmp(disagreements[i].id, fields[0]) != 0)
            continue;
        return conformance_agrees(disagreements[i].kind, "-", disagreements[i].result,
                                  strlen(disagreements[i].result), out, false);
    }
    return false;
}

/* Through one of the machine's loops, or, where rows are wanted, through a plan. */
static void evaluate(const char *wanted, const char *text, const struct conformance_rows *rows,
                     struct lt_row *row, const struct lt_session *session, bool use_switch,
                     struct conformance_outcome *out)
{
    const struct lt_type *schema = rows == NULL ? NULL : rows->schema;
    if (strcmp(wanted, "rows") == 0)
        conformance_generate(text, schema, row, session, out);
    else
        conformance_evaluate(text, schema, row, session, use_switch, out);
    if (strcmp(out->kind, "refused") != 0 || strncmp(out->result, "UNSUPPORTED_GENERATOR", 21) != 0)
        return;
    conformance_outcome_fini(out); /* a generator that is to fail over a row */
    conformance_generate(text, schema, row, session, out);
}

static void run_literal(char *fields[], bool is_math, struct counts *counts)
{
    struct conformance_outcome out, second;
    struct lt_session session;
    char wanted[1024];
    (void)snprintf(wanted, sizeof wanted, "%s %s %s", fields[3], fields[4], fields[5]);
    bool is_known = conformance_settings(fields[1], &session);
    (void)conformance_unescape(fields[2]);
    size_t size = conformance_unescape(fields[5]);
    evaluate(fields[3], fields[2], NULL, NULL, &session, false, &out);
    evaluate(fields[3], fields[2], NULL, NULL, &session, true, &second);
    bool is_passed =
        is_known && (conformance_agrees(fields[3], fields[4], fields[5], size, &out, is_math) ||
                     agrees_otherwise(fields, &out));
    if (!conformance_same(&out, &second)) {
        printf("%s: the two ways differ: %s\n", fields[0], fields[2]);
        is_passed = false;
    }
    judge(fields[0], fields[2], is_passed, wanted, &out, counts);
    conformance_outcome_fini(&out);
    conformance_outcome_fini(&second);
}

/* -------------------------------------------------------------------------------------- schemas */

static void run_ddl(char *fields[], struct counts *counts)
{
    struct lt_arena *arena = lt_arena_create();
    const struct lt_type *type;
    struct lt_error error;
    char wanted[1024], got[1024];
    (void)snprintf(wanted, sizeof wanted, "%s %s %s", fields[3], fields[4], fields[5]);
    (void)conformance_unescape(fields[2]);
    (void)conformance_unescape(fields[5]);
    lt_error_clear(&error);
    bool is_parsed = lt_type_parse_ddl(fields[2], arena, &type, &error) == LT_OK;
    struct conformance_outcome out = {.type = "-"};
    const char *result = got;
    (void)snprintf(out.kind, sizeof out.kind, "%s", is_parsed ? "value" : fields[3]);
    if (is_parsed) {
        (void)snprintf(out.type, sizeof out.type, "%s", lt_type_simple_string(arena, type));
        result = lt_type_ddl(arena, type);
    } else {
        (void)snprintf(got, sizeof got, "%s %s", error.condition, error.sqlstate);
    }
    out.result = strdup(result);
    out.result_size = strlen(result);
    bool is_right =
        is_parsed == (strcmp(fields[3], "value") == 0) &&
        conformance_agrees(fields[3], fields[4], fields[5], strlen(fields[5]), &out, false);
    judge(fields[0], fields[2], is_right, wanted, &out, counts);
    conformance_outcome_fini(&out);
    lt_arena_destroy(arena);
}

/* ------------------------------------------------------------------------------ cases over rows */

/* The case whose rows are read; it passes when all of them agree. */
struct row_case {
    char *line, *fields[CONFORMANCE_FIELDS];
    struct lt_session session;
    struct conformance_outcome out; /* of the row that did not agree, or of the refusal */
    char wanted[1024];
    bool is_open, is_right;
};

static void finish_case(struct row_case *one, struct counts *counts)
{
    if (!one->is_open)
        return;
    judge(one->fields[1], one->fields[3], one->is_right, one->wanted, &one->out, counts);
    conformance_outcome_fini(&one->out);
    free(one->line);
    *one = (struct row_case){0};
}

/* Keeps `out` if it is the first that does not agree. */
static void expect(struct row_case *one, bool is_right, const char *wanted,
                   struct conformance_outcome *out)
{
    if (!is_right && one->is_right) {
        (void)snprintf(one->wanted, sizeof one->wanted, "%s", wanted);
        one->out = *out;
        one->is_right = false;
        return;
    }
    conformance_outcome_fini(out);
}

static void start_case(struct row_case *one, const char *line, const struct conformance_rows *rows)
{
    one->line = strdup(line);
    unsigned count = conformance_split(one->line, one->fields);
    one->is_open = count >= 6;
    one->is_right = one->is_open && conformance_settings(one->fields[2], &one->session);
    if (!one->is_right)
        return;
    (void)conformance_unescape(one->fields[3]);
    if (strcmp(one->fields[4], "rows") == 0)
        return;
    struct conformance_outcome out;
    conformance_evaluate(one->fields[3], rows->schema, rows->rows[0], &one->session, false, &out);
    bool is_right = count == 7 && conformance_agrees(one->fields[4], "-", one->fields[6],
                                                     strlen(one->fields[6]), &out, false);
    expect(one, is_right, one->fields[4], &out);
}

static void run_row(struct row_case *one, char *fields[], const struct conformance_rows *rows)
{
    char wanted[1024];
    (void)snprintf(wanted, sizeof wanted, "row %s: %s %s", fields[2], fields[3], fields[4]);
    size_t size = conformance_unescape(fields[4]);
    struct lt_row *row = NULL;
    for (unsigned i = 0; i < rows->count && row == NULL; i++)
        row = lt_row_values(rows->rows[i])[0].i64 == atoll(fields[2]) ? rows->rows[i] : NULL;
    struct conformance_outcome out, second;
    evaluate(fields[3], one->fields[3], rows, row, &one->session, false, &out);
    evaluate(fields[3], one->fields[3], rows, row, &one->session, true, &second);
    bool is_right = row != NULL && conformance_same(&out, &second) &&
                    conformance_agrees(fields[3], one->fields[5], fields[4], size, &out, true);
    conformance_outcome_fini(&second);
    expect(one, is_right, wanted, &out);
}

static void run_columns(FILE *file, const char *folder, struct counts *counts)
{
    struct conformance_rows rows;
    struct row_case one = {0};
    char *line = NULL, *fields[CONFORMANCE_FIELDS];
    size_t capacity = 0;
    if (!conformance_rows_open(folder, &rows)) {
        printf("the rows in \"%s\" cannot be read\n", folder);
        counts->failed++;
        return;
    }
    while (getline(&line, &capacity, file) > 0) {
        if (strncmp(line, "C\t", 2) == 0) {
            finish_case(&one, counts);
            start_case(&one, line, &rows);
        } else if (one.is_open && strncmp(line, "R\t", 2) == 0 &&
                   conformance_split(line, fields) == 5 && one.is_right) {
            run_row(&one, fields, &rows);
        }
    }
    finish_case(&one, counts);
    free(line);
    conformance_rows_close(&rows);
}

/* ------------------------------------------------------------------------------------ pipelines */

/* One Q, with its W, S and R. */
struct pipeline {
    char *lines[PIPELINE_ROWS_MAX + PIPELINE_ITEMS_MAX];
    char *id, *kind, *type, *error, *where;
    const char *items[PIPELINE_ITEMS_MAX], *wanted[PIPELINE_ROWS_MAX];
    unsigned line_count, item_count, wanted_count;
    struct lt_session session;
    bool is_known; /* its settings are */
};

static bool agrees_with_pipeline(const struct pipeline *one, const struct pipeline_result *result)
{
    struct conformance_outcome out = {.type = "-",
                                      .result = (char *)(uintptr_t)result->error,
                                      .result_size = strlen(result->error)};
    bool wants_rows = strcmp(one->kind, "rows") == 0;
    if (!wants_rows) {
        (void)snprintf(out.kind, sizeof out.kind, "%s", result->kind);
        return conformance_agrees(one->kind, "-", one->error, strlen(one->error), &out, false);
    }
    bool is_right = strcmp(result->kind, "rows") == 0 && strcmp(result->type, one->type) == 0 &&
                    result->row_count == one->wanted_count;
    for (unsigned i = 0; i < one->wanted_count && is_right; i++)
        is_right = strcmp(result->rows[i], one->wanted[i]) == 0;
    return is_right;
}

/* What differs first, for SHOW. */
static void describe(const struct pipeline *one, const struct pipeline_result *result,
                     const char **wanted, struct conformance_outcome *out)
{
    unsigned i = 0;
    while (i < one->wanted_count && i < result->row_count &&
           strcmp(one->wanted[i], result->rows[i]) == 0)
        i++;
    bool is_type = strcmp(one->type, result->type) != 0;
    *wanted = *one->error != '\0'     ? one->error
              : is_type               ? one->type
              : i < one->wanted_count ? one->wanted[i]
                                      : "no row";
    const char *got = *result->error != '\0'  ? result->error
                      : is_type               ? result->type
                      : i < result->row_count ? result->rows[i]
                                              : "no row";
    *out = (struct conformance_outcome){.type = "-", .result = (char *)(uintptr_t)got};
    (void)snprintf(out->kind, sizeof out->kind, "%s", result->kind);
}

static void finish_pipeline(struct pipeline *one, const struct conformance_rows *rows,
                            struct counts *counts)
{
    if (one->id != NULL) {
        static struct pipeline_result result, second;
        const char *wanted;
        struct conformance_outcome out;
        struct lt_session plain = conformance_plain(&one->session);
        conformance_pipeline_run(one->where, one->items, one->item_count, rows, &one->session,
                                 &result);
        conformance_pipeline_run(one->where, one->items, one->item_count, rows, &plain, &second);
        bool is_same = conformance_pipeline_same(&result, &second);
        if (!is_same)
            printf("%s: the two ways differ\n", one->id);
        describe(one, &result, &wanted, &out);
        judge(one->id, one->item_count > 0 ? one->items[one->item_count - 1] : "",
              is_same && one->is_known && agrees_with_pipeline(one, &result), wanted, &out, counts);
        conformance_pipeline_fini(&result);
        conformance_pipeline_fini(&second);
    }
    while (one->line_count > 0)
        free(one->lines[--one->line_count]);
    *one = (struct pipeline){0};
}

static void start_pipeline(struct pipeline *one, char *fields[], unsigned count)
{
    static char nothing[] = "";
    one->id = fields[1];
    one->is_known = conformance_settings(fields[2], &one->session);
    one->kind = fields[3];
    one->type = fields[4];
    one->error = count > 5 ? fields[5] : nothing;
}

/* A line of a case; kept, since all of the case points into it. */
static void add_line(struct pipeline *one, char *line)
{
    char *fields[CONFORMANCE_FIELDS];
    if (one->line_count == PIPELINE_ROWS_MAX)
        return;
    line = one->lines[one->line_count++] = strdup(line);
    unsigned count = conformance_split(line, fields);
    if (count >= 5 && fields[0][0] == 'Q') {
        start_pipeline(one, fields, count);
        return;
    }
    if (count != 3)
        return;
    (void)conformance_unescape(fields[2]);
    if (fields[0][0] == 'W')
        one->where = strcmp(fields[2], "-") == 0 ? NULL : fields[2];
    else if (fields[0][0] == 'S' && one->item_count < PIPELINE_ITEMS_MAX)
        one->items[one->item_count++] = fields[2];
    else if (fields[0][0] == 'R')
        one->wanted[one->wanted_count++] = fields[2];
}

static void run_pipelines(FILE *file, const char *folder, struct counts *counts)
{
    static struct pipeline one;
    struct conformance_rows rows;
    char *line = NULL;
    size_t capacity = 0;
    if (!conformance_rows_open(folder, &rows)) {
        printf("the rows in \"%s\" cannot be read\n", folder);
        counts->failed++;
        return;
    }
    while (getline(&line, &capacity, file) > 0) {
        if (line[0] == 'Q')
            finish_pipeline(&one, &rows, counts);
        if (line[0] != '#')
            add_line(&one, line);
    }
    finish_pipeline(&one, &rows, counts);
    free(line);
    conformance_rows_close(&rows);
}

/* ---------------------------------------------------------------------------------------- files */

static FILE *open_case_file(const char *folder, const char *name)
{
    char path[PATH_SIZE];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return fopen(path, "r");
}

static void load_disagreements(const char *folder)
{
    FILE *file = open_case_file(folder, "spark_disagrees.tsv");
    char *line = NULL, *fields[CONFORMANCE_FIELDS];
    size_t capacity = 0;
    while (file != NULL && getline(&line, &capacity, file) > 0) {
        if (line[0] == '#' || disagreement_count == DISAGREEMENTS_MAX)
            continue;
        char *copy = strdup(line);
        if (conformance_split(copy, fields) < FIELDS) {
            free(copy);
            continue;
        }
        (void)conformance_unescape(fields[5]);
        disagreements[disagreement_count].line = copy;
        disagreements[disagreement_count].id = fields[0];
        disagreements[disagreement_count].kind = fields[4];
        disagreements[disagreement_count++].result = fields[5];
    }
    free(line);
    if (file != NULL)
        (void)fclose(file);
}

static struct counts run_file(const char *folder, const char *name)
{
    struct counts counts = {0};
    char *line = NULL, *fields[CONFORMANCE_FIELDS];
    size_t capacity = 0;
    FILE *file = open_case_file(folder, name);
    bool is_ddl = strcmp(name, "ddl_types.tsv") == 0, is_math = strcmp(name, "math.tsv") == 0;
    if (file != NULL && strcmp(name, "columns.tsv") == 0)
        run_columns(file, folder, &counts);
    if (file != NULL && strcmp(name, "pipelines.tsv") == 0)
        run_pipelines(file, folder, &counts);
    while (file != NULL && getline(&line, &capacity, file) > 0) {
        if (line[0] == '#' || conformance_split(line, fields) != FIELDS)
            continue;
        if (is_ddl)
            run_ddl(fields, &counts);
        else
            run_literal(fields, is_math, &counts);
    }
    printf("%-24s %4u/%u passed, %u not in this version\n", name, counts.passed,
           counts.passed + counts.failed + counts.known, counts.later);
    free(line);
    if (file != NULL)
        (void)fclose(file);
    return counts;
}

static void load_differences(void)
{
    size_t capacity = 0;
    FILE *file = fopen("ops/expr/DIFFERENCES.md", "re");
    if (file == NULL)
        return; /* then they all count as failed */
    if (getdelim(&differences, &capacity, '\0', file) < 0) {
        free(differences);
        differences = NULL;
    }
    (void)fclose(file);
}

static int is_case_file(const struct dirent *entry)
{
    size_t size = strlen(entry->d_name);
    return size > 4 && strcmp(entry->d_name + size - 4, ".tsv") == 0 &&
           strcmp(entry->d_name, "spark_disagrees.tsv") != 0;
}

int main(void)
{
    const char *folder = getenv("CASES");
    bool is_ours = folder == NULL || *folder == '\0';
    struct dirent **names;
    folder = is_ours ? OURS : folder;
    int count = scandir(folder, &names, is_case_file, alphasort);
    if (count <= 0) {
        printf("no case files in \"%s\"\n", folder);
        return is_ours ? 1 : SKIPPED;
    }
    struct counts totals = {0};
    load_disagreements(folder);
    if (is_ours)
        load_differences();
    for (int i = 0; i < count; i++) {
        const char *name = names[i]->d_name;
        struct counts one = run_file(folder, name);
        totals.passed += one.passed;
        totals.failed += one.failed;
        totals.known += one.known;
        free(names[i]);
    }
    free(names);
    for (unsigned i = 0; i < disagreement_count; i++)
        free(disagreements[i].line);
    free(differences);
    if (is_ours && totals.passed + totals.failed + totals.known != OUR_CASES) {
        printf("%d cases were to be run\n", OUR_CASES);
        totals.failed++;
    }
    printf("%u passed, %u failed", totals.passed, totals.failed);
    if (totals.known > 0)
        printf(", %u skipped", totals.known);
    printf("\n");
    return totals.failed != 0;
}
