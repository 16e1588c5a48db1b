/*
 * CSV records to structs and back: from_csv, to_csv, schema_of_csv. The reading and writing is
 * core/text's; here are the schema, the options, the session's zone, and the record path.
 *
 * from_csv looks only into the fields that the program uses (use.h), where that cannot change what
 * they are: with FAILFAST or a corrupt-record column every field counts.
 */
#include <stdlib.h>
#include <string.h>

#include "core/text/codec_times.h"
#include "core/text/csv_infer.h"
#include "core/text/csv_read.h"
#include "core/text/csv_write.h"
#include "ops/expr/codec_arguments.h"
#include "ops/expr/codec_calls.h"
#include "ops/expr/expr.h"

static int set_option(void *options, struct lt_arena *arena, const char *key, const char *value,
                      struct lt_error *error)
{
    return lt_csv_options_set(options, arena, key, value, error);
}

static struct lt_times_setup times_setup(const struct lt_csv_options *options,
                                         const struct lt_session *session, enum lt_datetime_use use)
{
    bool has_zone = options->time_zone != NULL;
    return (struct lt_times_setup){.use = use,
                                   .time_zone = has_zone ? options->time_zone : session->time_zone,
                                   .tells_old = session->tells_old_times,
                                   .date_format = options->date_format,
                                   .timestamp_format = options->timestamp_format,
                                   .timestamp_ntz_format = options->timestamp_ntz_format,
                                   .falls_back = options->datetime_parsing_fallback};
}

/* ------------------------------------------------------------------------------------ from_csv */

/* One reader, of all the calls that have the same text and type. */
struct csv_input {
    struct lt_csv_options options;
    struct lt_arena *arena; /* of their texts */
    struct lt_times *times;
    struct lt_csv_reader *reader;
    uint32_t declared_count, read_count; /* fields; the latter without what nobody uses */
    struct lt_reading reading;
};

static void release_input(void *state)
{
    struct csv_input *input = state;
    lt_csv_reader_destroy(input->reader);
    lt_times_destroy(input->times);
    lt_arena_destroy(input->arena);
    free(input);
}

static void count_input(const void *state, uint64_t *documents, uint64_t *fields_parsed)
{
    const struct csv_input *input = state;
    struct lt_csv_read_counters counters = lt_csv_reader_counters(input->reader);
    *documents += counters.records;
    *fields_parsed += counters.fields_parsed;
}

static int infer_from_csv(struct lt_analyser *analyser, struct lt_expression *call)
{
    const struct lt_type *type;
    const char *written = lt_expr_text(call->arguments[1], analyser->coerce.arena);
    int code = lt_infer_schema(analyser, call, 1, &type);
    if (code != LT_OK)
        return code;
    if (type->kind != LT_TYPE_STRUCT)
        return lt_analyser_fail(
            analyser, LT_E_ANALYSIS, call, "INVALID_SCHEMA.NON_STRUCT_TYPE", "42K07",
            "The input schema \"%s\" is not a valid schema string. The input expression should be "
            "evaluated to struct type, but got \"%s\"; hint: write 'a INT, b STRING'",
            written, lt_analyser_shown(analyser, type));
    code = lt_infer_options(analyser, call, 2);
    if (code == LT_OK)
        code = lt_infer_string(analyser, call, 0);
    return code == LT_OK ? lt_infer_done(call, type, call->arguments[0]->nullable) : code;
}

static int check_types(const struct lt_prepare *prepare, struct lt_error *error)
{
    const struct lt_type *type = prepare->call->type;
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (type->fields[i].type->kind != LT_TYPE_TIME)
            continue;
        (void)lt_error_set(error, LT_E_UNSUPPORTED,
                           "\"%s\" cannot read the TIME \"%s\"; hint: read a STRING",
                           prepare->call->name, type->fields[i].name);
        return lt_error_condition(error, "UNSUPPORTED_DATATYPE", "0A000");
    }
    return LT_OK;
}

static void add_input_cost(const void *state, struct lt_operator_cost *cost)
{
    const struct csv_input *input = state;
    cost->documents++;
    cost->fields_parsed += input->read_count;
    cost->fields_declared += input->declared_count;
}

/* Which fields are looked into; NULL: all of them. */
static const bool *wanted_fields(const struct lt_prepare *prepare, const struct csv_input *input)
{
    const struct lt_type *type = prepare->call->type;
    bool *is_wanted = lt_arena_alloc(input->arena, type->field_count * sizeof *is_wanted);
    if (input->options.mode != LT_CODEC_PERMISSIVE)
        return NULL;
    for (uint32_t i = 0; i < type->field_count; i++) {
        is_wanted[i] = lt_use_has(prepare->use, i);
        if (is_wanted[i] && strcmp(type->fields[i].name, input->options.corrupt_column) == 0)
            return NULL;
    }
    return is_wanted;
}

static int create_reader(const struct lt_prepare *prepare, struct csv_input *input,
                         struct lt_error *error)
{
    const struct lt_csv_options *options = &input->options;
    struct lt_times_setup setup = times_setup(options, prepare->call->session, LT_DATETIME_READING);
    int code = lt_codec_check_mode(prepare, options->mode, error);
    if (code == LT_OK)
        code = check_types(prepare, error);
    if (code == LT_OK)
        code = lt_times_create(&setup, &input->times, error);
    if (code != LT_OK)
        return code;
    const struct lt_csv_read_setup read = {.type = prepare->call->type,
                                           .options = options,
                                           .times = lt_times_codec(input->times),
                                           .is_wanted = wanted_fields(prepare, input)};
    input->declared_count = read.type->field_count;
    for (uint32_t i = 0; i < input->declared_count; i++)
        input->read_count += read.is_wanted == NULL || read.is_wanted[i];
    return lt_csv_reader_create(&read, &input->reader, error);
}

static int prepare_from_csv(const struct lt_prepare *prepare, struct lt_error *error)
{
    struct csv_input *input = lt_alloc(sizeof *input);
    input->arena = lt_arena_create();
    input->reading.is_shared = prepare->is_shared;
    lt_csv_options_init(&input->options);
    int code =
        lt_options_read(prepare->expression, 2, set_option, &input->options, input->arena, error);
    if (code == LT_OK)
        code = create_reader(prepare, input, error);
    if (code == LT_OK)
        prepare->call->state = input;
    else
        release_input(input);
    return code;
}

static enum lt_kernel read_csv(struct lt_machine *machine, const struct lt_call *call,
                               union lt_value *out)
{
    struct csv_input *input = call->state;
    const struct lt_codec_memory memory = lt_codec_machine_memory(machine);
    size_t used_bytes;
    const struct lt_bytes text = lt_argument_bytes(machine, call, 0);
    enum lt_codec_result result = lt_csv_read(input->reader, text, &memory, &used_bytes, out);
    const char *old = lt_times_take_old(input->times);
    if (old != NULL)
        return lt_codec_tell_old(machine, call, old, strlen(old));
    switch (result) {
    case LT_CODEC_VALUE:
        return LT_KERNEL_VALUE;
    case LT_CODEC_NULL:
    case LT_CODEC_DROPPED:
        return LT_KERNEL_NULL;
    case LT_CODEC_FAILED: {
        const char *condition = lt_csv_reader_condition(input->reader);
        bool is_whole = strcmp(condition, "MALFORMED_CSV_RECORD") == 0;
        return lt_machine_fault(machine, call, condition, is_whole ? "KD000" : "22023",
                                "the CSV record is malformed: %s",
                                lt_csv_reader_cause(input->reader));
    }
    case LT_CODEC_NO_MEMORY:
        break;
    }
    return lt_machine_too_large(machine, call);
}

static enum lt_kernel from_csv(struct lt_machine *machine, const struct lt_call *call,
                               union lt_value *out)
{
    struct csv_input *input = call->state;
    return lt_reading_once(&input->reading, machine, call, read_csv, out);
}

/* -------------------------------------------------------------------------------------- to_csv */

struct csv_output {
    struct lt_csv_options options;
    struct lt_arena *arena;
    struct lt_times *times;
    struct lt_csv_write_setup write;
};

static void release_output(void *state)
{
    struct csv_output *output = state;
    lt_times_destroy(output->times);
    lt_arena_destroy(output->arena);
    free(output);
}

static int infer_to_csv(struct lt_analyser *analyser, struct lt_expression *call)
{
    int code = lt_infer_options(analyser, call, 1);
    if (code != LT_OK)
        return code;
    const struct lt_expression *value = call->arguments[0];
    bool is_null = value->type->kind == LT_TYPE_VOID && !lt_coerce_is_open(value);
    if (!is_null &&
        (value->type->kind != LT_TYPE_STRUCT || lt_type_has_kind(value->type, LT_TYPE_VARIANT)))
        return lt_analyser_mismatch(analyser, call, "DATATYPE_MISMATCH.UNSUPPORTED_INPUT_TYPE",
                                    "The input of `to_csv` can't be \"%s\" type data; hint: "
                                    "to_csv(struct(...))",
                                    lt_analyser_shown(analyser, value->type));
    return lt_infer_done(call, lt_type_simple(LT_TYPE_STRING), true);
}

static int prepare_to_csv(const struct lt_prepare *prepare, struct lt_error *error)
{
    struct csv_output *output = lt_alloc(sizeof *output);
    output->arena = lt_arena_create();
    lt_csv_options_init(&output->options);
    int code =
        lt_options_read(prepare->expression, 1, set_option, &output->options, output->arena, error);
    struct lt_times_setup setup =
        times_setup(&output->options, prepare->call->session, LT_DATETIME_PRINTING);
    if (code == LT_OK)
        code = lt_times_create(&setup, &output->times, error);
    if (code != LT_OK) {
        release_output(output);
        return code;
    }
    output->write = (struct lt_csv_write_setup){.options = &output->options,
                                                .times = lt_times_codec(output->times)};
    prepare->call->state = output;
    return LT_OK;
}

/* The machine's text keeps its memory: after the longest record nothing is allocated. */
static enum lt_kernel to_csv(struct lt_machine *machine, const struct lt_call *call,
                             union lt_value *out)
{
    struct csv_output *output = call->state;
    struct lt_text_buffer *text = &machine->text;
    const struct lt_struct *structure = lt_argument(machine, call, 0)->structure;
    if (call->argument_types[0]->field_count == 0)
        return LT_KERNEL_NULL;
    lt_text_clear(text);
    lt_csv_write_row(text, call->argument_types[0], structure->values, structure->nulls,
                     &output->write);
    if (lt_times_take_failure(output->times))
        return lt_machine_fault(machine, call, "UNSUPPORTED_TEMPORAL_FIELD", "22007",
                                "a pattern asks for what its value has not");
    if (text->size_bytes == 0) /* one column that is NULL: Spark's writer makes no line of it */
        return LT_KERNEL_NULL;
    return lt_machine_put(machine, call, text->data, text->size_bytes, out);
}

/* ------------------------------------------------------------------------------- schema_of_csv */

static int infer_type(const struct lt_prepare *prepare, const struct lt_csv_options *options,
                      struct lt_error *error)
{
    struct lt_session session = *lt_session_default(); /* UTC, whatever the session's zone */
    struct lt_times_setup setup = times_setup(options, &session, LT_DATETIME_READING);
    const struct lt_bytes sample = prepare->expression->arguments[0]->value.bytes;
    const struct lt_type *type;
    struct lt_times *times;
    /* A date is one by its pattern alone: what a cast would take as well is a timestamp. */
    if (setup.date_format == NULL)
        setup.date_format = "yyyy-MM-dd";
    setup.falls_back = "false";
    int code = lt_times_create(&setup, &times, error);
    if (code != LT_OK)
        return code;
    const struct lt_codec_times codec = lt_times_codec(times);
    struct lt_error why;
    lt_error_clear(&why);
    if (lt_csv_infer(sample.data, sample.size_bytes, options, &codec, prepare->arena, &type,
                     &why) == LT_OK)
        lt_schema_of_set(prepare, type);
    else
        lt_schema_of_fail(prepare, "MALFORMED_CSV_RECORD", "KD000", &why);
    lt_times_destroy(times);
    return LT_OK;
}

static int prepare_schema(const struct lt_prepare *prepare, struct lt_error *error)
{
    struct lt_csv_options options;
    lt_csv_options_init(&options);
    int code = lt_options_read(prepare->expression, 1, set_option, &options, prepare->arena, error);
    return code == LT_OK ? infer_type(prepare, &options, error) : code;
}

static const struct lt_function functions[] = {
    {"from_csv", NULL, "from_csv(csv, schema[, options])",
     "The CSV record as a struct of the schema, a constant; what does not fit is NULL.",
     "from_csv('1,x', 'a INT, b STRING').b", "x", .is_deterministic = true, .flow = LT_FLOW_READER,
     .infer = infer_from_csv, .prepare = prepare_from_csv, .release = release_input,
     .count = count_input, .add_cost = add_input_cost, .decodes_texts = true,
     .signatures = {LT_KERNEL("SS[a]", "R", from_csv)}},
    {"to_csv", NULL, "to_csv(struct[, options])", "A struct as a CSV record.",
     "to_csv(named_struct('a', 1, 'b', 'x,y'))", "1,\"x,y\"", .is_deterministic = true,
     .infer = infer_to_csv, .prepare = prepare_to_csv, .release = release_output,
     .signatures = {LT_KERNEL("a[a]", "s", to_csv)}},
    {"schema_of_csv", NULL, "schema_of_csv(csv[, options])",
     "The type of a constant CSV record, as from_csv takes it.", "schema_of_csv('1,x')",
     "STRUCT<_c0: INT, _c1: STRING>", .is_deterministic = true, .infer = lt_infer_schema_of,
     .prepare = prepare_schema, .signatures = {LT_KERNEL("S[a]", "s", lt_schema_of)}},
};

const struct lt_function_group lt_functions_csv = {"csv", functions,
                                                   sizeof functions / sizeof functions[0]};
