#include "ops/read_meter.h"

#include <stdio.h>

bool lt_read_meter_is_needed(const struct lt_program *program)
{
    struct lt_operator_cost cost = {0};
    lt_program_add_cost(program, &cost);
    return cost.documents > 0;
}

static struct lt_shared_u64 *add(const struct lt_operator_env *env, const char *what,
                                 const char *unit, const char *help)
{
    char name[128];
    (void)snprintf(name, sizeof name, "%s%s", env->counter_prefix, what);
    return lt_counters_add(env->counters, LT_COUNTER_SUM, name, unit, help);
}

void lt_read_meter_init(struct lt_read_meter *meter, const struct lt_program *program,
                        const struct lt_operator_env *env)
{
    if (!lt_read_meter_is_needed(program))
        return;
    meter->program = program;
    meter->documents = add(env, "documents", "texts", "JSON and CSV texts gone through");
    meter->fields_parsed = add(env, "fields_parsed", "fields", "fields of them looked into");
    meter->texts_copied =
        add(env, "texts_copied", "texts", "texts in them that had escapes and left with a row");
}

void lt_read_meter_update(const struct lt_read_meter *meter)
{
    if (meter->program == NULL)
        return;
    struct lt_program_json_counters now = lt_program_json_counters(meter->program);
    lt_counter_set(meter->documents, now.documents);
    lt_counter_set(meter->fields_parsed, now.fields_parsed);
    lt_counter_set(meter->texts_copied, now.copies);
}
