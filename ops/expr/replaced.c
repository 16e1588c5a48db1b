/*
 * The names, in the order of the alphabet.
 */
#include "ops/expr/replaced.h"

#include <stdlib.h>

#include "core/base/ascii.h"
#include "ops/expr/functions.h"

static const char *const NAMES[] = {
    "aes_decrypt",
    "aes_encrypt",
    "aggregate",
    "array_append",
    "array_compact",
    "array_prepend",
    "array_size",
    "array_sort",
    "arrays_zip",
    "assert_true",
    "between",
    "btrim",
    "current_catalog",
    "current_database",
    "current_schema",
    "current_timezone",
    "current_user",
    "date_part",
    "datepart",
    "decode",
    "elt",
    "encode",
    "equal_null",
    "exists",
    "extract",
    "filter",
    "forall",
    "ifnull",
    "ilike",
    "is_valid_utf8",
    "left",
    "luhn_check",
    "make_valid_utf8",
    "map_concat",
    "map_contains_key",
    "map_filter",
    "map_zip_with",
    "nullif",
    "nullifzero",
    "nvl",
    "nvl2",
    "parse_url",
    "reduce",
    "regexp_count",
    "regexp_substr",
    "right",
    "session_user",
    "split_part",
    "to_binary",
    "to_date",
    "to_timestamp",
    "to_timestamp_ltz",
    "to_timestamp_ntz",
    "transform",
    "transform_keys",
    "transform_values",
    "try_add",
    "try_aes_decrypt",
    "try_divide",
    "try_element_at",
    "try_make_interval",
    "try_make_timestamp",
    "try_make_timestamp_ltz",
    "try_mod",
    "try_multiply",
    "try_parse_url",
    "try_subtract",
    "try_to_binary",
    "try_to_date",
    "try_to_timestamp",
    "try_url_decode",
    "try_validate_utf8",
    "uniform",
    "url_decode",
    "url_encode",
    "user",
    "validate_utf8",
    "version",
    "zeroifnull",
    "zip_with",
};

static int compare(const void *name, const void *other)
{
    return lt_ascii_compare(name, *(const char *const *)other);
}

bool lt_function_is_replaced(const char *name)
{
    return bsearch(name, NAMES, sizeof NAMES / sizeof NAMES[0], sizeof NAMES[0], compare) != NULL;
}

bool lt_expr_is_time_less_span(const struct lt_expression *node)
{
    return lt_is_call_of(node, "-") && node->argument_count == 2 &&
           lt_type_is_interval(node->arguments[1]->type) &&
           !lt_type_is_interval(node->arguments[0]->type);
}

/* Recursion is bounded: a tree is as deep as the parser lets it be. */
bool lt_expr_has_replaced(const struct lt_expression *node)
{
    bool has = node->is_replaced;
    for (uint32_t i = 0; i < node->argument_count && !has; i++)
        has = lt_expr_has_replaced(node->arguments[i]);
    return has;
}
