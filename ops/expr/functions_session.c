/*
 * What surrounds a query: names that SQL written for Spark asks for.
 */
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "ops/expr/analyser.h"

static enum lt_kernel put_text(struct lt_machine *machine, const struct lt_call *call,
                               const char *text, union lt_value *out)
{
    return lt_machine_put(machine, call, text, strlen(text), out);
}

static enum lt_kernel version(struct lt_machine *machine, const struct lt_call *call,
                              union lt_value *out)
{
    return put_text(machine, call, LT_VERSION, out);
}

static enum lt_kernel current_catalog(struct lt_machine *machine, const struct lt_call *call,
                                      union lt_value *out)
{
    return put_text(machine, call, "spark_catalog", out);
}

static enum lt_kernel current_schema(struct lt_machine *machine, const struct lt_call *call,
                                     union lt_value *out)
{
    return put_text(machine, call, "default", out);
}

/* The name of the process's user, asked for once; its number where it has no name. */
static int prepare_user(const struct lt_prepare *prepare, struct lt_error *error)
{
    enum { ROOM = 4096 };
    char room[ROOM];
    struct passwd entry, *found = NULL;
    (void)error;
    if (getpwuid_r(geteuid(), &entry, room, sizeof room, &found) == 0 && found != NULL)
        prepare->call->state = lt_arena_text(prepare->arena, found->pw_name);
    else
        prepare->call->state = lt_arena_format(prepare->arena, "%u", (unsigned)geteuid());
    return LT_OK;
}

static enum lt_kernel current_user(struct lt_machine *machine, const struct lt_call *call,
                                   union lt_value *out)
{
    return put_text(machine, call, call->state, out);
}

/* Strings have the one collation that compares bytes. */
static enum lt_kernel collation(struct lt_machine *machine, const struct lt_call *call,
                                union lt_value *out)
{
    return put_text(machine, call, "SYSTEM.BUILTIN.UTF8_BINARY", out);
}

static int infer_collation(struct lt_analyser *analyser, struct lt_expression *call)
{
    const struct lt_type *type = call->arguments[0]->type;
    if (!lt_letter_accepts('s', type) && type->kind != LT_TYPE_VOID)
        return lt_analyser_unexpected(analyser, call, 0, "a STRING");
    return LT_INFER_LETTERS;
}

/* The one collation there is changes nothing; the others are refused by their names. */
static int infer_collate(struct lt_analyser *analyser, struct lt_expression *call)
{
    static const char system[] = "SYSTEM.BUILTIN.";
    const struct lt_type *type = call->arguments[0]->type;
    struct lt_expression **wanted = &call->arguments[1];
    if (!lt_letter_accepts('s', type) && type->kind != LT_TYPE_VOID)
        return lt_analyser_unexpected(analyser, call, 0, "a STRING");
    lt_fold(wanted, analyser->text, analyser->coerce.session, analyser->coerce.arena);
    if ((*wanted)->kind != LT_EXPR_LITERAL || (*wanted)->type->kind != LT_TYPE_STRING ||
        (*wanted)->is_null)
        return lt_analyser_fail(analyser, LT_E_ANALYSIS, *wanted, "UNEXPECTED_INPUT_TYPE", "42K09",
                                "the name of a collation must be a constant STRING");
    struct lt_arena *arena = analyser->coerce.arena;
    const char *name = lt_arena_text_n(arena, (const char *)(*wanted)->value.bytes.data,
                                       (*wanted)->value.bytes.size_bytes);
    if (strncasecmp(name, system, sizeof system - 1) == 0)
        name += sizeof system - 1;
    const struct lt_type *collated;
    struct lt_error inner;
    lt_error_clear(&inner);
    int code = lt_type_parse(lt_arena_format(arena, "STRING COLLATE `%s`", name), arena, &collated,
                             &inner);
    if (code != LT_OK)
        return lt_analyser_fail(analyser, code, *wanted, inner.condition, inner.sqlstate, "%s",
                                inner.text);
    code = lt_analyser_refuse_collation(analyser, call, collated);
    if (code == LT_OK)
        code = lt_analyser_cast(analyser, &call->arguments[0], lt_type_simple(LT_TYPE_STRING));
    if (code == LT_OK)
        *call = *call->arguments[0];
    return code;
}

/* What says where a record is from in a file: there are no files among the sources. */
static enum lt_kernel no_file_name(struct lt_machine *machine, const struct lt_call *call,
                                   union lt_value *out)
{
    return put_text(machine, call, "", out);
}

static enum lt_kernel no_file_block(struct lt_machine *machine, const struct lt_call *call,
                                    union lt_value *out)
{
    (void)machine;
    (void)call;
    out->i64 = -1;
    return LT_KERNEL_VALUE;
}

static const struct lt_function functions[] = {
    {"input_file_name", NULL, "input_file_name()",
     "The file that a record is from: an empty text, since no source reads files.",
     "input_file_name()", "", .is_total = true, .signatures = {LT_KERNEL("", "s", no_file_name)}},
    {"input_file_block_start", NULL, "input_file_block_start()",
     "Where the block of a file begins that a record is from: -1, since no source reads files.",
     "input_file_block_start()", "-1", .is_total = true,
     .signatures = {LT_KERNEL("", "l", no_file_block)}},
    {"input_file_block_length", NULL, "input_file_block_length()",
     "How long the block of a file is that a record is from: -1, since no source reads files.",
     "input_file_block_length()", "-1", .is_total = true,
     .signatures = {LT_KERNEL("", "l", no_file_block)}},
    {"collate", NULL, "collate(str, name)",
     "The string, to be compared by a collation; UTF8_BINARY is the only one.",
     "collate('a', 'UTF8_BINARY')", "a", .is_deterministic = true,
     .signatures = {LT_INLINE("sS", "s", LT_OP_MOVE, LT_FAMILY_NONE)}, .infer = infer_collate},
    {"version", NULL, "version()", "The version of leat.", "version()", NULL, .is_total = true,
     .signatures = {LT_KERNEL("", "s", version)}},
    {"current_catalog", NULL, "current_catalog()", "The name of the one catalog.",
     "current_catalog()", "spark_catalog", .is_deterministic = true, .is_total = true,
     .signatures = {LT_KERNEL("", "s", current_catalog)}},
    {"current_schema", "current_database", "current_schema()", "The name of the one schema.",
     "current_schema()", "default", .is_deterministic = true, .is_total = true,
     .signatures = {LT_KERNEL("", "s", current_schema)}},
    {"current_user", "user,session_user", "current_user()", "The user that runs the process.",
     "current_user()", NULL, .is_total = true, .prepare = prepare_user,
     .signatures = {LT_KERNEL("", "s", current_user)}},
    {"collation", NULL, "collation(str)", "The name of the string's collation.", "collation('a')",
     "SYSTEM.BUILTIN.UTF8_BINARY", LT_NULL_AWARE, .is_deterministic = true, .is_total = true,
     .signatures = {LT_KERNEL("s", "s", collation)}, .infer = infer_collation},
};

const struct lt_function_group lt_functions_session = {"session", functions,
                                                       sizeof functions / sizeof functions[0]};
