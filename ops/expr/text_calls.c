/*
 * What Spark's text of a call does not take from the call as it was written.
 */
#include "ops/expr/text_calls.h"

#include <string.h>

#include "ops/expr/expr.h"
#include "ops/expr/functions.h"

/* Without what stands behind the brackets. */
static uint32_t count_in_brackets(const struct lt_expression *call)
{
    uint32_t count = call->argument_count;
    while (count > 0 && lt_expr_is_part(call->arguments[count - 1]))
        count--;
    return count;
}

const char *lt_shown_order(const struct lt_expression *call, int64_t order)
{
    static const char *const all[] = {" ASC NULLS FIRST", " DESC NULLS FIRST", " ASC NULLS LAST",
                                      " DESC NULLS LAST"};
    static const char *const bare[] = {"percentile_cont", "percentile_disc"};
    bool is_descending = (order & LT_EXPR_DESCENDING) != 0;
    if (strcmp(call->name, "mode") == 0)
        return is_descending ? "" : " DESC"; /* as Spark has it */
    if (lt_is_one_of(call->name, bare, 2))
        return is_descending ? " DESC" : "";
    return all[order & (LT_EXPR_DESCENDING | LT_EXPR_NULLS_LAST)];
}

/* Functions that Spark prints by another name than they are called by. */
const char *lt_shown_name(const struct lt_expression *node)
{
    static const struct {
        const char *name;
        uint32_t count; /* 0: any */
        const char *shown;
    } others[] = {
        {"array_agg", 0, "collect_list"},
        {"acos", 0, "ACOS"},
        {"acosh", 0, "ACOSH"},
        {"asin", 0, "ASIN"},
        {"asinh", 0, "ASINH"},
        {"atan", 0, "ATAN"},
        {"atan2", 0, "ATAN2"},
        {"atanh", 0, "ATANH"},
        {"cbrt", 0, "CBRT"},
        {"ceil", 1, "CEIL"},
        {"cos", 0, "COS"},
        {"cosh", 0, "COSH"},
        {"cot", 0, "COT"},
        {"csc", 0, "CSC"},
        {"degrees", 0, "DEGREES"},
        {"e", 0, "E"},
        {"exp", 0, "EXP"},
        {"expm1", 0, "EXPM1"},
        {"floor", 1, "FLOOR"},
        {"hypot", 0, "HYPOT"},
        {"log", 2, "LOG"},
        {"log10", 0, "LOG10"},
        {"log1p", 0, "LOG1P"},
        {"log2", 0, "LOG2"},
        {"pi", 0, "PI"},
        {"power", 0, "POWER"},
        {"radians", 0, "RADIANS"},
        {"regexp", 0, "REGEXP"},
        {"regexp_like", 0, "REGEXP_LIKE"},
        {"rint", 0, "rint"},
        {"sec", 0, "SEC"},
        {"signum", 0, "SIGNUM"},
        {"sin", 0, "SIN"},
        {"sinh", 0, "SINH"},
        {"sqrt", 0, "SQRT"},
        {"tan", 0, "TAN"},
        {"tanh", 0, "TANH"},
        {"dateadd", 2, "date_add"},
        {"to_varchar", 0, "to_char"},
        {"random", 0, "rand"},
        {"user", 0, "current_user"},
        {"session_user", 0, "current_user"},
    };
    if (node->argument_count == 2 && lt_expr_is_part(node->arguments[1]) &&
        strcmp(node->arguments[1]->name, LT_EXPR_IGNORE_NULLS) == 0) {
        if (strcmp(node->name, "first_value") == 0)
            return "first";
        if (strcmp(node->name, "last_value") == 0)
            return "last";
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (strcmp(others[i].name, node->name) == 0 &&
            (others[i].count == 0 || others[i].count == node->argument_count))
            return others[i].shown;
    }
    return node->name;
}

/* What Spark puts in place of an argument that is missing. */
const char *lt_shown_rest(const struct lt_expression *node)
{
    const char *name = strcmp(node->name, "try_make_interval") == 0 ? "make_interval" : node->name;
    static const struct {
        const char *name;
        uint32_t count;
        const char *rest;
    } defaults[] = {
        {"substr", 2, ", 2147483647"},
        {"substring", 2, ", 2147483647"},
        {"locate", 2, ", 1"},
        {"position", 2, ", 1"},
        {"overlay", 3, ", -1"},
        {"replace", 2, ", "},
        {"split", 2, ", -1"},
        {"lpad", 2, ",  "},
        {"rpad", 2, ",  "},
        {"unix_timestamp", 1, ", yyyy-MM-dd HH:mm:ss"},
        {"to_unix_timestamp", 1, ", yyyy-MM-dd HH:mm:ss"},
        {"from_unixtime", 1, ", yyyy-MM-dd HH:mm:ss"},
        {"months_between", 2, ", true"},
        {"sort_array", 1, ", true"},
        {"round", 1, ", 0"},
        {"bround", 1, ", 0"},
        {"regexp_replace", 3, ", 1"},
        {"regexp_extract", 2, ", 1"},
        {"regexp_extract_all", 2, ", 1"},
        {"regexp_instr", 2, ", 0"},
        {"mask", 1, ", X, x, n, NULL"},
        {"mask", 2, ", x, n, NULL"},
        {"mask", 3, ", n, NULL"},
        {"mask", 4, ", NULL"},
        {"aggregate", 3, ", lambdafunction(namedlambdavariable(), namedlambdavariable())"},
        {"reduce", 3, ", lambdafunction(namedlambdavariable(), namedlambdavariable())"},
        {"array_sort", 1,
         ", lambdafunction((IF(((namedlambdavariable() IS NULL) AND (namedlambdavariable() IS "
         "NULL)), 0, (IF((namedlambdavariable() IS NULL), 1, (IF((namedlambdavariable() IS NULL), "
         "-1, (IF((namedlambdavariable() < namedlambdavariable()), -1, (IF((namedlambdavariable() "
         "> namedlambdavariable()), 1, 0)))))))))), namedlambdavariable(), "
         "namedlambdavariable())"},
        {"percentile", 2, ", 1"},
        {"approx_percentile", 2, ", 10000"},
        {"percentile_approx", 2, ", 10000"},
        {"listagg", 1, ", NULL"},
        {"string_agg", 1, ", NULL"},
        {"str_to_map", 1, ", ,, :"},
        {"str_to_map", 2, ", :"},
        {"make_interval", 1, ", 0, 0, 0, 0, 0, 0.000000"},
        {"make_interval", 2, ", 0, 0, 0, 0, 0.000000"},
        {"make_interval", 3, ", 0, 0, 0, 0.000000"},
        {"make_interval", 4, ", 0, 0, 0.000000"},
        {"make_interval", 5, ", 0, 0.000000"},
        {"make_interval", 6, ", 0.000000"},
        {"make_dt_interval", 1, ", 0, 0, 0.000000"},
        {"make_dt_interval", 2, ", 0, 0.000000"},
        {"make_dt_interval", 3, ", 0.000000"},
        {"make_ym_interval", 0, "0, 0"},
        {"make_ym_interval", 1, ", 0"},
        {"make_dt_interval", 0, "0, 0, 0, 0.000000"},
    };
    for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++) {
        if (strcmp(defaults[i].name, name) == 0 && defaults[i].count == count_in_brackets(node))
            return defaults[i].rest;
    }
    return "";
}

/* How many parameters the lambda has that a function of lambdas takes there; 0: it takes a value.
 */
uint32_t lt_shown_parameters(const struct lt_expression *call, uint32_t index)
{
    static const struct {
        const char *name;
        uint32_t index, count;
    } places[] = {
        {"transform", 1, 1},    {"filter", 1, 1},           {"exists", 1, 1},
        {"forall", 1, 1},       {"aggregate", 2, 2},        {"aggregate", 3, 1},
        {"reduce", 2, 2},       {"reduce", 3, 1},           {"zip_with", 2, 2},
        {"array_sort", 1, 2},   {"map_filter", 1, 2},       {"transform_keys", 1, 2},
        {"map_zip_with", 2, 3}, {"transform_values", 1, 2},
    };
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (places[i].index == index && strcmp(places[i].name, call->name) == 0)
            return places[i].count;
    }
    return 0;
}

/* How many arguments are shown: readers and writers keep schema and options to themselves,
 * try_make_timestamp its zone, and aggregates what is no value. */
uint32_t lt_shown_count(const struct lt_expression *call)
{
    if (call->argument_count == 7 && strcmp(call->name, "try_make_timestamp") == 0)
        return 6;
    static const char *const names[] = {"from_json",  "to_json",   "schema_of_json",
                                        "from_csv",   "to_csv",    "schema_of_csv",
                                        "first",      "last",      "first_value",
                                        "last_value", "any_value", "approx_count_distinct"};
    if (call->argument_count == 2 && strcmp(call->name, "mode") == 0)
        return 0; /* text.c has it behind the brackets */
    bool is_one = lt_is_one_of(call->name, names, sizeof names / sizeof names[0]);
    return call->argument_count > 1 && is_one ? 1 : call->argument_count;
}
