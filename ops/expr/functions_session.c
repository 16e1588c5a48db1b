/*
 * What surrounds a query: names that SQL written for Spark asks for.
 */
#include <pwd.h>
#include <stdio.h>
#include <string.h>
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

static const struct lt_function functions[] = {
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
