/*
 * What from_json, from_csv and their kin share.
 */
#include "ops/expr/codec_calls.h"
#include "ops/expr/codec_arguments.h"

enum { OLD_SHOWN_MAX = 64 };

int lt_codec_check_mode(const struct lt_prepare *prepare, enum lt_codec_mode mode,
                        struct lt_error *error)
{
    if (mode != LT_CODEC_DROPMALFORMED)
        return LT_OK;
    (void)lt_error_set(error, LT_E_ANALYSIS,
                       "The function `%s` doesn't support the DROPMALFORMED mode. Acceptable "
                       "modes are PERMISSIVE and FAILFAST.",
                       prepare->call->name);
    return lt_error_condition(error, "PARSE_MODE_UNSUPPORTED", "42601");
}

static void *take_memory(void *context, size_t size_bytes)
{
    return lt_machine_alloc(context, size_bytes);
}

struct lt_codec_memory lt_codec_machine_memory(struct lt_machine *machine)
{
    return (struct lt_codec_memory){.alloc = take_memory, .context = machine};
}

enum lt_kernel lt_codec_tell_old(struct lt_machine *machine, const struct lt_call *call,
                                 const char *text, size_t size_bytes)
{
    struct lt_call aloud = *call;
    aloud.is_try = false;
    return lt_machine_fault(
        machine, &aloud, "INCONSISTENT_BEHAVIOR_CROSS_VERSION.PARSE_DATETIME_BY_NEW_PARSER",
        "42K0B",
        "You may get a different result due to the upgrading to Spark >= 3.0:\nFail to parse "
        "'%.*s' "
        "in the new parser.\nYou can set \"spark.sql.legacy.timeParserPolicy\" to \"LEGACY\" to "
        "restore the behavior before Spark 3.0, or set to \"CORRECTED\" and treat it as an invalid "
        "datetime string",
        (int)(size_bytes < OLD_SHOWN_MAX ? size_bytes : OLD_SHOWN_MAX), text);
}

int lt_infer_schema_of(struct lt_analyser *analyser, struct lt_expression *call)
{
    int code = lt_infer_options(analyser, call, 1);
    if (code == LT_OK)
        code = lt_infer_sample(analyser, call, 0);
    return code == LT_OK ? lt_infer_done(call, lt_type_simple(LT_TYPE_STRING), false) : code;
}

struct schema_of {
    const char *text; /* NULL: */
    const char *condition, *sqlstate, *why;
};

static void keep_schema(const struct lt_prepare *prepare, struct schema_of schema)
{
    struct schema_of *kept = lt_arena_alloc(prepare->arena, sizeof *kept);
    *kept = schema;
    prepare->call->state = kept;
}

void lt_schema_of_set(const struct lt_prepare *prepare, const struct lt_type *type)
{
    keep_schema(prepare, (struct schema_of){.text = lt_type_sql(prepare->arena, type)});
}

void lt_schema_of_fail(const struct lt_prepare *prepare, const char *condition,
                       const char *sqlstate, const struct lt_error *why)
{
    keep_schema(prepare, (struct schema_of){.condition = condition,
                                            .sqlstate = sqlstate,
                                            .why = lt_arena_text(prepare->arena, why->text)});
}

enum lt_kernel lt_schema_of(struct lt_machine *machine, const struct lt_call *call,
                            union lt_value *out)
{
    const struct schema_of *schema = call->state;
    if (schema->text == NULL)
        return lt_machine_fault(machine, call, schema->condition, schema->sqlstate, "%s",
                                schema->why);
    *out = lt_value_text(schema->text);
    return LT_KERNEL_VALUE;
}
