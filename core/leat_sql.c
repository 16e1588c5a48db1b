/*
 * The SQL door: one statement from text to its effect. What a statement makes lives in the context;
 * what it runs is the program's.
 */
#include "core/leat_sql.h"

#include <stdlib.h>
#include <string.h>

#include "core/text/utf8.h"
#include "ops/expr/diagnose.h"
#include "ops/sql/parse.h"

struct lt_door_sql *lt_door_sql_of(leat_context *context)
{
    if (context->sql == NULL) {
        struct lt_door_sql *sql = lt_arena_alloc(context->arena, sizeof *sql);
        sql->context = context;
        sql->settings = lt_door_sql_create_settings(context);
        sql->host = lt_door_sql_host(sql);
        context->sql = sql;
    }
    return context->sql;
}

static int insert(const struct lt_door_statement *statement)
{
    struct lt_sql_plan plan;
    leat_sql_result *result = statement->result;
    int code = lt_door_sql_insert(statement, &plan, &result->query, &result->ends);
    if (code == LT_OK)
        result->kind = LEAT_SQL_QUERY;
    return code;
}

static int run(const struct lt_door_statement *statement)
{
    switch (statement->tree->kind) {
    case LT_SQL_CREATE_TABLE:
    case LT_SQL_CREATE_VIEW:
        return lt_door_sql_create(statement);
    case LT_SQL_DROP:
        return lt_door_sql_drop(statement);
    case LT_SQL_SET:
        return lt_door_sql_set(statement);
    case LT_SQL_RESET:
        return lt_door_sql_reset(statement);
    case LT_SQL_INSERT:
        return insert(statement);
    case LT_SQL_SELECT:
        return lt_door_sql_select(statement);
    case LT_SQL_EXPLAIN:
        return lt_door_sql_explain(statement);
    case LT_SQL_DESCRIBE:
    case LT_SQL_DESCRIBE_QUERY:
    case LT_SQL_DESCRIBE_FUNCTION:
    case LT_SQL_SHOW_TABLES:
    case LT_SQL_SHOW_VIEWS:
    case LT_SQL_SHOW_FUNCTIONS:
    case LT_SQL_SHOW_COLUMNS:
    case LT_SQL_SHOW_PROPERTIES:
        break;
    case LT_SQL_SHOW_CREATE:
        return lt_door_sql_show_create(statement);
    case LT_SQL_SHOW_PARTITIONS:
        return lt_door_sql_show_partitions(statement);
    }
    return lt_door_sql_answer(statement);
}

/* The first byte that is not of a character; NULL: there is none. */
static const uint8_t *find_bad_byte(const char *text, size_t size_bytes)
{
    const uint8_t *at = (const uint8_t *)text, *end = at + size_bytes;
    if (lt_utf8_is_valid(text, size_bytes))
        return NULL;
    for (const uint8_t *next = at; at < end; at = next) {
        uint32_t code = lt_utf8_next(&next, end);
        bool is_itself = next - at == 3 && memcmp(at, "\xef\xbf\xbd", 3) == 0;
        if (code == LT_UTF8_REPLACEMENT && !is_itself)
            break;
    }
    return at;
}

/* What is not UTF-8 would become names and values that nobody wrote. */
static int check_utf8(const char *text, size_t size_bytes, struct lt_error *error)
{
    const uint8_t *bad = find_bad_byte(text, size_bytes);
    if (bad == NULL)
        return LT_OK;
    const struct lt_expr_place place = {.text = text,
                                        .begin = (uint32_t)(bad - (const uint8_t *)text)};
    const char *line_begin = memrchr(text, '\n', place.begin);
    size_t byte = place.begin - (line_begin == NULL ? 0 : (size_t)(line_begin - text) + 1) + 1;
    unsigned line, position;
    lt_expr_count_place(place, &line, &position);
    (void)lt_error_set(error, LT_E_INVALID,
                       "the text is not UTF-8: byte %zu of this line is 0x%02X, where no character "
                       "begins so; hint: iconv -f ISO-8859-1 -t UTF-8 converts a text of Latin 1",
                       byte, *bad);
    (void)lt_error_condition(error, "", "");
    return lt_error_place(error, line, position);
}

/* Finds where the first statement ends, then parses it again in memory that lasts. */
static int take_statement(leat_context *context, const char *text, const char **rest,
                          struct lt_door_statement *statement)
{
    struct lt_arena *scratch = lt_arena_create();
    struct lt_sql_statement *tree;
    text += strspn(text, " \t\r\n"); /* so that places are counted from the statement's begin */
    int code = lt_sql_parse(text, scratch, &tree, rest, statement->error);
    bool has_end = code == LT_OK && tree != NULL;
    int found = check_utf8(text, has_end ? tree->end : strlen(text), statement->error);
    code = found != LT_OK ? found : code;
    if (code == LT_OK && tree != NULL) {
        statement->text = lt_arena_text_n(context->arena, text, tree->end);
        code = lt_sql_parse(statement->text, context->arena, &tree, &(const char *){NULL},
                            statement->error);
        statement->tree = tree;
    }
    lt_arena_destroy(scratch);
    return code;
}

int leat_sql(leat_context *context, const char *text, const char **rest, leat_sql_result *result)
{
    return lt_door_sql_run(context, text, rest, LT_DOOR_SQL_RUN, result);
}

/* The statement in place of a query's or an INSERT's, which is told and not run. */
static void explain_instead(struct lt_door_statement *statement, struct lt_sql_statement *instead)
{
    enum lt_sql_kind kind = statement->tree->kind;
    if (kind != LT_SQL_SELECT && kind != LT_SQL_INSERT)
        return;
    *instead = *statement->tree;
    instead->kind = LT_SQL_EXPLAIN;
    instead->explain = LT_SQL_EXPLAIN_EXTENDED;
    instead->is_insert = kind == LT_SQL_INSERT;
    statement->tree = instead;
}

int lt_door_sql_run(leat_context *context, const char *text, const char **rest,
                    enum lt_door_sql_purpose purpose, leat_sql_result *result)
{
    const char *ignored;
    struct lt_error error;
    leat_sql_result own = {.kind = LEAT_SQL_NONE};
    if (context == NULL || text == NULL || (result != NULL && result->size < sizeof own.size))
        return LEAT_ERROR_INVALID;
    lt_error_clear(&context->error);
    lt_error_clear(&error);
    lt_store_relaxed_u32(&context->is_interrupted, 0); /* meant for a statement before */
    struct lt_sql_statement instead;
    struct lt_door_statement statement = {.sql = lt_door_sql_of(context),
                                          .error = &error,
                                          .result = &own,
                                          .only_check = purpose == LT_DOOR_SQL_CHECK};
    int code = take_statement(context, text, rest != NULL ? rest : &ignored, &statement);
    if (code == LT_OK && statement.tree != NULL) {
        own.kind = LEAT_SQL_DONE;
        if (purpose == LT_DOOR_SQL_EXPLAIN)
            explain_instead(&statement, &instead);
        code = run(&statement);
    }
    if (code != LT_OK)
        (void)lt_door_fail(context, &error);
    if (result == NULL || code != LT_OK) {
        free(own.text);
        leat_query_destroy(own.query);
        own = (leat_sql_result){.kind = LEAT_SQL_NONE};
    }
    if (result != NULL) {
        own.size = result->size;
        memcpy(result, &own, own.size < sizeof own ? own.size : sizeof own);
    }
    return code;
}
