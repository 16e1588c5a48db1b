/*
 * Spark shows a window as its analyser completes it: with where NULLs go in each order, and with
 * the frame, which follows from the function where none is written. The parser reads directions and
 * frames and forgets them (ops/expr/parse_over.c), so they are taken from the text again.
 */
#include "ops/sql/windows.h"

#include <string.h>

#include "core/base/ascii.h"
#include "ops/expr/diagnose.h"
#include "ops/expr/expr.h"
#include "ops/expr/many_rows.h"
#include "ops/expr/unresolved.h"
#include "ops/sql/aggregate.h"
#include "ops/sql/find.h"
#include "ops/sql/group.h"
#include "ops/sql/parse.h"

static const char blanks[] = " \t\r\n";

/* ------------------------------------------------------------------------------------- checking */

static int check_named(const struct lt_sql_names *names, const struct lt_sql_select *select,
                       const struct lt_expression *name)
{
    const char *text = lt_arena_text_n(names->arena, (const char *)name->value.bytes.data,
                                       name->value.bytes.size_bytes);
    struct lt_expr_place place = {names->text, name->begin, name->end};
    for (uint32_t i = 0; i < select->window_count; i++) {
        if (lt_ascii_compare(select->windows[i], text) == 0)
            return LT_OK;
    }
    return lt_expr_error(
        names->error, LT_E_ANALYSIS, "MISSING_WINDOW_SPECIFICATION", "42P20", place,
        "Window specification is not defined in the WINDOW clause for %s. For more information "
        "about WINDOW clauses, please refer to "
        "'https://spark.apache.org/docs/latest/sql-ref-syntax-qry-select-window.html'.",
        text);
}

/* What it is partitioned and ordered by, and the function's arguments. */
static int check_parts(struct lt_sql_names *names, const struct lt_expression *window)
{
    const struct lt_expression *call = window->arguments[0];
    for (uint32_t i = 1; i < window->argument_count; i++) {
        struct lt_expression *argument = window->arguments[i];
        int code = lt_sql_check_names(names, &argument);
        if (code != LT_OK)
            return code;
    }
    for (uint32_t i = 0; i < call->argument_count; i++) {
        struct lt_expression *argument = call->arguments[i];
        int code = argument->kind == LT_EXPR_STAR ? LT_OK : lt_sql_check_names(names, &argument);
        if (code != LT_OK)
            return code;
    }
    return LT_OK;
}

/* LT_EXPR_OVER of function, partition..., order..., its index the count of what it is ordered by;
 * or LT_EXPR_OVER_NAME of function and name. */
static int check_window(struct lt_sql_names *names, const struct lt_sql_select *select,
                        const struct lt_expression *window)
{
    const struct lt_expression *call = window->arguments[0];
    struct lt_expr_place place = {names->text, window->begin, window->end};
    if (strcmp(window->name, LT_EXPR_OVER_NAME) == 0)
        return check_named(names, select, window->arguments[1]);
    int code = check_parts(names, window);
    if (code != LT_OK)
        return code;
    const struct lt_many_rows *function = lt_many_rows_find(call->name);
    bool is_known = lt_sql_is_aggregate(call->name) ||
                    (function != NULL && function->kind != LT_MANY_ROWS_TIME_WINDOW);
    bool is_ordered = window->index > 0;
    if (function != NULL && function->kind == LT_MANY_ROWS_RANKING && !is_ordered)
        return lt_expr_error(names->error, LT_E_ANALYSIS, "_LEGACY_ERROR_TEMP_1037", "", place,
                             "Window function %s requires window to be ordered, please add ORDER "
                             "BY clause. For example SELECT %s(value_expr) OVER (PARTITION BY "
                             "window_partition ORDER BY window_ordering) from table.",
                             lt_expr_text(call, names->arena), lt_expr_text(call, names->arena));
    if (is_known)
        return LT_OK;
    return lt_expr_error(names->error, LT_E_ANALYSIS, "UNSUPPORTED_EXPR_FOR_WINDOW", "42P20", place,
                         "Expression \"%s\" not supported within a window function.",
                         lt_expr_text(call, names->arena));
}

/* --------------------------------------------------------------------------------- how it shows */

/* The frame of a window that has none written. */
static const char *default_frame(const struct lt_expression *window, struct lt_arena *arena)
{
    const struct lt_expression *call = window->arguments[0];
    const struct lt_many_rows *function = lt_many_rows_find(call->name);
    bool is_ranking = function != NULL && function->kind == LT_MANY_ROWS_RANKING;
    bool is_lag = lt_ascii_compare(call->name, "lag") == 0;
    if (is_lag || lt_ascii_compare(call->name, "lead") == 0) {
        const char *offset = call->argument_count > 1 ? lt_expr_text(call->arguments[1], arena)
                                                      : "1";
        return lt_arena_format(arena, "ROWS BETWEEN %s%s FOLLOWING AND %s%s FOLLOWING",
                               is_lag ? "-" : "", offset, is_lag ? "-" : "", offset);
    }
    if (is_ranking && lt_ascii_compare(call->name, "cume_dist") != 0)
        return "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW";
    return window->index > 0 ? "RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"
                             : "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING";
}

static const char *skip_word(const char *at, const char *word)
{
    if (!lt_ascii_starts_with(at, word))
        return at;
    at += strlen(word);
    return at + strspn(at, blanks);
}

/* Where the frame is written behind what rows are ordered by, or its ')'. */
static const char *find_frame(const struct lt_expression *window, const char *text)
{
    const struct lt_expression *last = window->arguments[window->argument_count - 1];
    const char *at = text + last->end;
    if (window->argument_count == 1) { /* nothing but the frame stands in the brackets */
        at += strcspn(at, "(");
        at += *at == '(';
    }
    static const char *const words[] = {"asc", "desc", "nulls", "first", "last"};
    at += strspn(at, blanks);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        at = skip_word(at, words[i]);
    return at;
}

/* The words with one blank between them. */
static const char *frame_of(const struct lt_expression *window, const char *text,
                            struct lt_arena *arena)
{
    const char *at = find_frame(window, text), *end = text + window->end - 1, *frame = "";
    if (!lt_ascii_starts_with(at, "rows") && !lt_ascii_starts_with(at, "range"))
        return default_frame(window, arena);
    while (at < end) {
        size_t size = strcspn(at, " \t\r\n)");
        frame = lt_arena_format(arena, "%s%s%.*s", frame, *frame == '\0' ? "" : " ", (int)size, at);
        at += size + strspn(at + size, blanks);
        if (*at == ')' && at < end)
            at++;
    }
    const char *bounds = frame + strcspn(frame, " ");
    if (lt_ascii_starts_with(bounds, " between"))
        return frame;
    return lt_arena_format(arena, "%.*s BETWEEN%s AND CURRENT ROW", (int)(bounds - frame), frame,
                           bounds);
}

static const char *qualified_text(const struct lt_sql_names *names,
                                  const struct lt_expression *node)
{
    struct lt_expression *copy = lt_sql_copy_tree(node, names->arena);
    lt_sql_qualify(names, copy);
    return lt_expr_text(copy, names->arena);
}

/* (PARTITION BY s.k ORDER BY s.v ASC NULLS FIRST ROWS BETWEEN ...); or with plain names. */
static const char *specification_of(const struct lt_sql_names *names,
                                    const struct lt_expression *window, bool is_qualified)
{
    struct lt_arena *arena = names->arena;
    if (strcmp(window->name, LT_EXPR_OVER_NAME) == 0)
        return lt_expr_text(window->arguments[1], arena);
    const uint32_t orders = window->argument_count - (uint32_t)window->index;
    const char *text = "(";
    for (uint32_t i = 1; i < window->argument_count; i++) {
        const struct lt_expression *item = window->arguments[i];
        bool is_order = i >= orders;
        const char *before = i == orders ? "ORDER BY " : i == 1 ? "PARTITION BY " : ", ";
        text = lt_arena_format(arena, "%s%s%s%s%s%s", text, i > 1 && i == orders ? " " : "", before,
                               is_qualified ? qualified_text(names, item)
                                            : lt_expr_text(item, arena),
                               is_order ? " " : "",
                               is_order ? lt_sql_order_text(names->text, item->end) : "");
    }
    return lt_arena_format(arena, "%s%s%s)", text, window->argument_count > 1 ? " " : "",
                           frame_of(window, names->text, arena));
}

/* The name of the column: its alias, or how the item is written. */
static const char *column_of(const struct lt_sql_names *names, const struct lt_expression *item,
                             const struct lt_expression *window)
{
    struct lt_arena *arena = names->arena;
    if (item->kind == LT_EXPR_ALIAS)
        return item->arguments[0] == window ? item->name : "_we0";
    if (item != window)
        return "_we0"; /* what Spark calls a part of an item */
    return lt_arena_format(arena, "%s OVER %s", lt_expr_text(window->arguments[0], arena),
                           specification_of(names, window, false));
}

/* The function in capitals; of lag and lead with the offset as its frame has it, and a default. */
static const char *function_of(const struct lt_sql_names *names,
                               const struct lt_expression *call)
{
    struct lt_arena *arena = names->arena;
    bool is_lag = lt_ascii_compare(call->name, "lag") == 0;
    if ((!is_lag && lt_ascii_compare(call->name, "lead") != 0) || call->argument_count == 0)
        return lt_sql_upper(lt_expr_text(call, arena), arena);
    const char *offset =
        call->argument_count > 1 ? lt_expr_text(call->arguments[1], arena) : "1";
    const char *other =
        call->argument_count > 2 ? lt_expr_text(call->arguments[2], arena) : "NULL";
    return lt_sql_upper(lt_arena_format(arena, "%s(%s, %s%s, %s)", call->name,
                                        lt_expr_text(call->arguments[0], arena),
                                        is_lag ? "-" : "", offset, other),
                        arena);
}

int lt_sql_use_windows(struct lt_sql_analysis *analysis, const struct lt_sql_select *select,
                       struct lt_sql_names *names, bool *has_windows)
{
    for (uint32_t i = 0; i < select->items.count; i++) {
        const struct lt_expression *item = select->items.items[i];
        const struct lt_expression *window = lt_sql_find(item, lt_sql_is_over);
        if (window == NULL)
            continue;
        int code = check_window(names, select, window);
        if (code != LT_OK)
            return code;
        struct lt_sql_use *use =
            lt_sql_use(&analysis->uses, "Window", names->text, window->begin, window->end);
        use->kind = function_of(names, window->arguments[0]);
        use->column = lt_name_quoted_one(column_of(names, item, window), names->arena);
        use->specification = lt_sql_upper(specification_of(names, window, true), names->arena);
        *has_windows = true;
    }
    return LT_OK;
}
