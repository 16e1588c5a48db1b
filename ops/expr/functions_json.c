/*
 * JSON text to typed values and back: from_json, to_json, schema_of_json. The reading and writing
 * is core/text's; here are the schema, the options, the session's zone, and the record path.
 *
 * from_json reads only the parts of its type that the program uses (use.h), where that cannot
 * change what they are: with FAILFAST or a corrupt-record column every field counts. Of a text that
 * is no JSON the fields that Spark would read decide what is left (core/text/json_broken_read.c).
 */
#include <stdlib.h>
#include <string.h>

#include "core/text/codec_times.h"
#include "core/text/json_infer.h"
#include "core/text/json_read.h"
#include "core/text/json_write.h"
#include "ops/expr/codec_arguments.h"
#include "ops/expr/codec_calls.h"

static int set_option(void *options, struct lt_arena *arena, const char *key, const char *value,
                      struct lt_error *error)
{
    return lt_json_options_set(options, arena, key, value, error);
}

static struct lt_times_setup times_setup(const struct lt_json_options *options,
                                         const struct lt_session *session, enum lt_datetime_use use)
{
    bool has_zone = options->time_zone != NULL;
    return (struct lt_times_setup){.use = use,
                                   .time_zone = has_zone ? options->time_zone : session->time_zone,
                                   .tells_old = session->tells_old_times,
                                   .date_format = options->date_format,
                                   .timestamp_format = options->timestamp_format,
                                   .timestamp_ntz_format = options->timestamp_ntz_format,
                                   .falls_back = options->datetime_parsing_fallback,
                                   .takes_day_numbers = true};
}

/* ----------------------------------------------------------------------------------- from_json */

/* One reader, of all the calls that have the same text and type. */
struct json_input {
    struct lt_json_options options;
    struct lt_arena *arena; /* of their texts and the type */
    struct lt_times *times;
    struct lt_json_reader *reader;
    const struct lt_type *declared, *read; /* the latter without what nobody uses */
    struct lt_reading reading;
    uint32_t first_field, field_count; /* registers that are filled */
};

static void release_input(void *state)
{
    struct json_input *input = state;
    lt_json_reader_destroy(input->reader);
    lt_times_destroy(input->times);
    lt_arena_destroy(input->arena);
    free(input);
}

static void count_input(const void *state, uint64_t *documents, uint64_t *fields_parsed)
{
    const struct json_input *input = state;
    struct lt_json_read_counters counters = lt_json_reader_counters(input->reader);
    *documents += counters.documents;
    *fields_parsed += counters.fields_parsed;
}

/* Fields of structs, at any depth. Recursion is bounded by the depth of types. */
static uint32_t count_fields(const struct lt_type *type)
{
    uint32_t count = type->kind == LT_TYPE_STRUCT ? type->field_count : 0;
    for (uint32_t i = 0; i < type->field_count; i++)
        count += count_fields(type->fields[i].type);
    return count;
}

static bool has_elements(const struct lt_type *type)
{
    bool has = (type->kind == LT_TYPE_ARRAY || type->kind == LT_TYPE_MAP) && count_fields(type) > 0;
    for (uint32_t i = 0; i < type->field_count; i++)
        has = has || has_elements(type->fields[i].type);
    return has;
}

static void add_input_cost(const void *state, struct lt_operator_cost *cost)
{
    const struct json_input *input = state;
    cost->documents++;
    cost->fields_parsed += count_fields(input->read);
    cost->fields_declared += count_fields(input->declared);
    cost->has_elements = cost->has_elements || has_elements(input->read);
}

static bool has_map_keys_of_strings(const struct lt_type *type)
{
    if (type->kind == LT_TYPE_MAP && type->fields[0].type->kind != LT_TYPE_STRING)
        return false;
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (!has_map_keys_of_strings(type->fields[i].type))
            return false;
    }
    return true;
}

static int infer_from_json(struct lt_analyser *analyser, struct lt_expression *call)
{
    const struct lt_type *type;
    int code = lt_infer_schema(analyser, call, 1, &type);
    if (code == LT_OK)
        code = lt_infer_options(analyser, call, 2);
    if (code != LT_OK)
        return code;
    if (!lt_type_is_nested(type))
        return lt_analyser_mismatch(
            analyser, call, "DATATYPE_MISMATCH.INVALID_JSON_SCHEMA",
            "Input schema \"%s\" must be a struct, an array, a map or a variant.",
            lt_analyser_shown(analyser, type));
    if (!has_map_keys_of_strings(type))
        return lt_analyser_mismatch(
            analyser, call, "DATATYPE_MISMATCH.INVALID_JSON_MAP_KEY_TYPE",
            "Input schema \"%s\" can only contain STRING as a key type for a MAP.",
            lt_analyser_shown(analyser, type));
    if (lt_type_has_kind(type, LT_TYPE_VARIANT))
        return lt_analyser_later(analyser, call, "a VARIANT of \"from_json\"");
    code = lt_infer_string(analyser, call, 0);
    return code == LT_OK ? lt_infer_done(call, type, true) : code;
}

static int refuse_time(const struct lt_prepare *prepare, struct lt_error *error)
{
    (void)lt_error_set(error, LT_E_UNSUPPORTED, "\"%s\" cannot read a TIME; hint: read a STRING",
                       prepare->call->name);
    return lt_error_condition(error, "UNSUPPORTED_DATATYPE", "0A000");
}

/* The field that gets malformed documents, when it is used. */
static bool wants_corrupt_record(const struct lt_use *use, const char *name)
{
    for (uint32_t i = 0; use->type->kind == LT_TYPE_STRUCT && i < use->type->field_count; i++) {
        if (strcmp(use->type->fields[i].name, name) == 0 && lt_use_has(use, i))
            return true;
    }
    return false;
}

/* Fields are read one by one, in what they come to, where Spark reads them so: where they are taken
 * at once of a call without options. */
static bool is_read_alone(const struct lt_expression *call)
{
    return lt_use_is_alone(call) && call->argument_count == 2;
}

/* The type that Spark reads then: of an array's elements one field; fields of a struct are read one
 * by one out of all. */
static const struct lt_type *alone_type(const struct lt_expression *call, struct lt_arena *arena)
{
    const struct lt_type *type = call->type;
    if (type->kind != LT_TYPE_ARRAY)
        return type;
    const struct lt_field *field = &type->fields[0].type->fields[call->alone - 1];
    return lt_type_array(arena, lt_type_struct(arena, field, 1), type->fields[0].nullable);
}

static lt_kernel_fn fill_from_json;

static int create_reader(const struct lt_prepare *prepare, struct json_input *input,
                         struct lt_error *error)
{
    const struct lt_json_options *options = &input->options;
    const struct lt_type *type = prepare->call->type;
    int code = lt_codec_check_mode(prepare, options->mode, error);
    if (code != LT_OK)
        return code;
    if (lt_type_has_kind(type, LT_TYPE_TIME))
        return refuse_time(prepare, error);
    struct lt_times_setup setup = times_setup(options, prepare->call->session, LT_DATETIME_READING);
    code = lt_times_create(&setup, &input->times, error);
    if (code != LT_OK)
        return code;
    if (options->mode == LT_CODEC_PERMISSIVE &&
        !wants_corrupt_record(prepare->use, options->corrupt_column))
        type = lt_use_prune(input->arena, prepare->use);
    if (type != prepare->call->type && prepare->fills_fields != NULL) {
        *prepare->fills_fields = true;
        prepare->call->kernel = fill_from_json;
        input->first_field = prepare->first_field;
        input->field_count = type->field_count;
    }
    input->declared = prepare->call->type;
    input->read = type;
    bool is_alone = is_read_alone(prepare->expression);
    const struct lt_json_read_setup read = {
        .type = type,
        .declared = is_alone ? alone_type(prepare->expression, input->arena) : input->declared,
        .reads_alone = is_alone,
        .options = options,
        .times = lt_times_codec(input->times)};
    return lt_json_reader_create(&read, &input->reader, error);
}

static int prepare_from_json(const struct lt_prepare *prepare, struct lt_error *error)
{
    struct json_input *input = lt_alloc(sizeof *input);
    input->arena = lt_arena_create();
    input->reading.is_shared = prepare->is_shared;
    lt_json_options_init(&input->options);
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

static enum lt_kernel conclude(struct lt_machine *machine, const struct lt_call *call,
                               enum lt_codec_result result)
{
    const struct json_input *input = call->state;
    const char *old = lt_times_take_old(input->times);
    if (old != NULL)
        return lt_codec_tell_old(machine, call, old, strlen(old));
    switch (result) {
    case LT_CODEC_VALUE:
        return LT_KERNEL_VALUE;
    case LT_CODEC_NULL:
    case LT_CODEC_DROPPED:
        return LT_KERNEL_NULL;
    case LT_CODEC_FAILED:
        return lt_machine_fault(machine, call, lt_json_reader_condition(input->reader), "22023",
                                "the JSON is malformed: %s", lt_json_reader_cause(input->reader));
    case LT_CODEC_NO_MEMORY:
        break;
    }
    return lt_machine_too_large(machine, call);
}

static enum lt_kernel read_json(struct lt_machine *machine, const struct lt_call *call,
                                union lt_value *out)
{
    struct json_input *input = call->state;
    const struct lt_codec_memory memory = lt_codec_machine_memory(machine);
    return conclude(machine, call,
                    lt_json_read(input->reader, lt_argument_bytes(machine, call, 0), &memory, out));
}

/* Bits to bytes of 0 and 1, eight at a time. */
static void spread_nulls(uint8_t *out, uint64_t nulls, uint32_t count)
{
    const uint64_t each = UINT64_C(0x0101010101010101);
    for (uint32_t i = 0; i < count; i += 8, nulls >>= 8) {
        uint64_t bits = (nulls & 0xFF) * each & UINT64_C(0x8040201008040201);
        uint64_t bytes = (bits + 0x7F * each) >> 7 & each;
        memcpy(out + i, &bytes, sizeof bytes);
    }
}

static enum lt_kernel fill_fields(struct lt_machine *machine, const struct lt_call *call,
                                  union lt_value *out)
{
    struct json_input *input = call->state;
    const struct lt_codec_memory memory = lt_codec_machine_memory(machine);
    enum lt_kernel result = LT_KERNEL_NULL;
    uint64_t nulls = UINT64_MAX;
    out->structure = NULL;
    if (!lt_argument_is_null(machine, call, 0))
        result =
            conclude(machine, call,
                     lt_json_read_apart(input->reader, lt_argument_bytes(machine, call, 0), &memory,
                                        machine->values + input->first_field, &nulls));
    spread_nulls(machine->nulls + input->first_field,
                 result == LT_KERNEL_VALUE ? nulls : UINT64_MAX, input->field_count);
    return result;
}

static enum lt_kernel fill_from_json(struct lt_machine *machine, const struct lt_call *call,
                                     union lt_value *out)
{
    struct json_input *input = call->state;
    return lt_reading_once(&input->reading, machine, call, fill_fields, out);
}

static enum lt_kernel from_json(struct lt_machine *machine, const struct lt_call *call,
                                union lt_value *out)
{
    struct json_input *input = call->state;
    return lt_reading_once(&input->reading, machine, call, read_json, out);
}

/* ------------------------------------------------------------------------------------- to_json */

struct json_output {
    struct lt_json_options options;
    struct lt_arena *arena;
    struct lt_times *times;
    struct lt_codec_times codec;
    struct lt_json_write_options write;
};

static void release_output(void *state)
{
    struct json_output *output = state;
    lt_times_destroy(output->times);
    lt_arena_destroy(output->arena);
    free(output);
}

/* Recursion is bounded by the depth of types. */
static bool has_key_of_bytes(const struct lt_type *type)
{
    bool has = type->kind == LT_TYPE_MAP && type->fields[0].type->kind == LT_TYPE_BINARY;
    for (uint32_t i = 0; i < type->field_count; i++)
        has = has || has_key_of_bytes(type->fields[i].type);
    return has;
}

static int infer_to_json(struct lt_analyser *analyser, struct lt_expression *call)
{
    int code = lt_infer_options(analyser, call, 1);
    if (code != LT_OK)
        return code;
    const struct lt_expression *value = call->arguments[0];
    bool is_null = value->type->kind == LT_TYPE_VOID && !lt_coerce_is_open(value);
    if (!lt_type_is_nested(value->type) && !is_null)
        return lt_analyser_mismatch(
            analyser, call, "DATATYPE_MISMATCH.INVALID_JSON_SCHEMA",
            "Input schema \"%s\" must be a struct, an array, a map or a variant; hint: "
            "to_json(named_struct('name', value))",
            lt_analyser_shown(analyser, value->type));
    if (lt_type_has_kind(value->type, LT_TYPE_VARIANT))
        return lt_analyser_later(analyser, call, "\"to_json\" of a VARIANT");
    if (has_key_of_bytes(value->type)) /* for which Spark prints the address of an object */
        return lt_analyser_mismatch(
            analyser, call, "DATATYPE_MISMATCH.INVALID_JSON_MAP_KEY_TYPE",
            "Input schema \"%s\" can only contain STRING as a key type for a MAP, not BINARY; "
            "hint: base64(key)",
            lt_analyser_shown(analyser, value->type));
    return lt_infer_done(call, lt_type_simple(LT_TYPE_STRING), true);
}

static int prepare_to_json(const struct lt_prepare *prepare, struct lt_error *error)
{
    struct json_output *output = lt_alloc(sizeof *output);
    output->arena = lt_arena_create();
    lt_json_options_init(&output->options);
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
    output->codec = lt_times_codec(output->times);
    output->write = (struct lt_json_write_options){
        .keep_null_fields = !output->options.ignore_null_fields,
        .pretty = output->options.pretty,
        .offset_s = lt_times_offset_s,
        .context = output->times,
        .times = lt_times_has_pattern(output->times) ? &output->codec : NULL};
    prepare->call->state = output;
    return LT_OK;
}

/* The machine's text keeps its memory: after the longest document nothing is allocated. */
static enum lt_kernel to_json(struct lt_machine *machine, const struct lt_call *call,
                              union lt_value *out)
{
    struct json_output *output = call->state;
    struct lt_text_buffer *text = &machine->text;
    lt_text_clear(text);
    lt_json_write_value(text, call->argument_types[0], lt_argument(machine, call, 0),
                        &output->write);
    if (lt_times_take_failure(output->times))
        return lt_machine_fault(machine, call, "UNSUPPORTED_TEMPORAL_FIELD", "22007",
                                "a pattern asks for what its value has not");
    return lt_machine_put(machine, call, text->data, text->size_bytes, out);
}

/* ------------------------------------------------------------------------------ schema_of_json */

static int infer_type(const struct lt_prepare *prepare, const struct lt_json_options *options,
                      struct lt_error *error)
{
    struct lt_session session = *lt_session_default(); /* UTC, whatever the session's zone */
    struct lt_times_setup setup = times_setup(options, &session, LT_DATETIME_READING);
    const struct lt_bytes sample = prepare->expression->arguments[0]->value.bytes;
    const struct lt_type *type;
    struct lt_times *times;
    int code = lt_times_create(&setup, &times, error);
    if (code != LT_OK)
        return code;
    const struct lt_codec_times codec = lt_times_codec(times);
    struct lt_error why;
    lt_error_clear(&why);
    if (lt_json_infer(sample.data, sample.size_bytes, options, &codec, prepare->arena, &type,
                      &why) == LT_OK)
        lt_schema_of_set(prepare, type);
    else
        lt_schema_of_fail(prepare, "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION", "22023", &why);
    lt_times_destroy(times);
    return LT_OK;
}

static int prepare_schema(const struct lt_prepare *prepare, struct lt_error *error)
{
    struct lt_json_options options;
    lt_json_options_init(&options);
    int code = lt_options_read(prepare->expression, 1, set_option, &options, prepare->arena, error);
    return code == LT_OK ? infer_type(prepare, &options, error) : code;
}

static const struct lt_function functions[] = {
    {"from_json", NULL, "from_json(json, schema[, options])",
     "The JSON text as a struct, array or map of the schema, a constant; what does not fit is "
     "NULL.",
     "from_json('{\"a\":1,\"b\":\"x\"}', 'a INT, b STRING').a", "1", .is_deterministic = true,
     .flow = LT_FLOW_READER, .infer = infer_from_json, .prepare = prepare_from_json,
     .release = release_input, .count = count_input, .add_cost = add_input_cost,
     .signatures = {LT_KERNEL("SS[a]", "a", from_json)}},
    {"to_json", NULL, "to_json(value[, options])",
     "A struct, array or map as JSON text; NULL fields are left out unless ignoreNullFields is "
     "false.",
     "to_json(named_struct('a', 1, 'b', 'x'))", "{\"a\":1,\"b\":\"x\"}", .is_deterministic = true,
     .infer = infer_to_json, .prepare = prepare_to_json, .release = release_output,
     .signatures = {LT_KERNEL("a[a]", "s", to_json)}},
    {"schema_of_json", NULL, "schema_of_json(json[, options])",
     "The type of a constant JSON text, as from_json takes it.", "schema_of_json('{\"a\":1}')",
     "STRUCT<a: BIGINT>", .is_deterministic = true, .infer = lt_infer_schema_of,
     .prepare = prepare_schema, .signatures = {LT_KERNEL("S[a]", "s", lt_schema_of)}},
};

const struct lt_function_group lt_functions_json = {"json", functions,
                                                    sizeof functions / sizeof functions[0]};
