/*
 * How types print. Three notations share one walk:
 *
 *   simple   struct<id:int,tags:array<string>>          schemas in messages and progress; names
 * bare SQL      STRUCT<id: INT NOT NULL, tags: ARRAY<STRING>>   errors, and what the DDL parser
 * reads back JSON     {"type":"struct","fields":[...]}           Spark's schema text
 *
 * A DDL column list is SQL notation at the top with blanks in place of colons: id INT NOT NULL,tags
 * ...
 *
 * Recursion ends: types are at most LT_LIMIT_TYPE_DEPTH deep.
 */
#include "core/data/type.h"

#include "core/base/ascii.h"
#include "core/base/text_buffer.h"

#define KIND_NAME(kind, name) [LT_TYPE_##kind] = name,
static const char *const kind_names[LT_TYPE_KIND_COUNT] = {LT_TYPE_MAP(KIND_NAME)};
#undef KIND_NAME

static const char *const year_month_fields[] = {"year", "month"};
static const char *const day_time_fields[] = {"day", "hour", "minute", "second"};

/* "decimal(10,2)", "interval day to hour": everything of one level but nested types. */
static void append_name(struct lt_text_buffer *text, const struct lt_type *type)
{
    switch (type->kind) {
    case LT_TYPE_DECIMAL:
        lt_text_format(text, "decimal(%u,%u)", type->precision, type->scale);
        break;
    case LT_TYPE_TIME:
        lt_text_format(text, "time(%u)", type->precision);
        break;
    case LT_TYPE_CHAR:
    case LT_TYPE_VARCHAR:
        lt_text_format(text, "%s(%u)", kind_names[type->kind], type->char_count);
        break;
    case LT_TYPE_INTERVAL_YEAR_MONTH:
    case LT_TYPE_INTERVAL_DAY_TIME: {
        const char *const *names =
            type->kind == LT_TYPE_INTERVAL_DAY_TIME ? day_time_fields : year_month_fields;
        lt_text_format(text, "interval %s", names[type->interval_start]);
        if (type->interval_end != type->interval_start)
            lt_text_format(text, " to %s", names[type->interval_end]);
        break;
    }
    default:
        lt_text_append(text, kind_names[type->kind]);
    }
}

static void append_upper(struct lt_text_buffer *text, const struct lt_type *type)
{
    size_t begin = text->size_bytes;
    append_name(text, type);
    for (size_t i = begin; i < text->size_bytes; i++)
        if (text->data[i] >= 'a' && text->data[i] <= 'z')
            text->data[i] = (char)(text->data[i] - 'a' + 'A');
}

static void append_simple(struct lt_text_buffer *text, const struct lt_type *type)
{
    append_name(text, type);
    if (type->collation != NULL)
        lt_text_format(text, " collate %s", type->collation);
    if (!lt_type_is_nested(type))
        return;
    lt_text_append_char(text, '<');
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (i != 0)
            lt_text_append_char(text, ',');
        if (type->kind == LT_TYPE_STRUCT)
            lt_text_format(text, "%s:", type->fields[i].name);
        append_simple(text, type->fields[i].type);
    }
    lt_text_append_char(text, '>');
}

/* Names that the DDL parser would not read back as written stand in back-ticks. */
static bool needs_quotes(const char *name)
{
    if (lt_ascii_is_digit(*name) || *name == '\0')
        return true;
    for (const char *c = name; *c != '\0'; c++)
        if (!lt_ascii_is_letter(*c) && !lt_ascii_is_digit(*c) && *c != '_')
            return true;
    return false;
}

static void append_field_name(struct lt_text_buffer *text, const char *name)
{
    if (!needs_quotes(name)) {
        lt_text_append(text, name);
        return;
    }
    lt_text_append_char(text, '`');
    for (const char *c = name; *c != '\0'; c++) {
        if (*c == '`')
            lt_text_append_char(text, '`');
        lt_text_append_char(text, *c);
    }
    lt_text_append_char(text, '`');
}

static void append_field_rest(struct lt_text_buffer *text, const struct lt_field *field)
{
    if (!field->nullable)
        lt_text_append(text, " NOT NULL");
    if (field->comment == NULL)
        return;
    lt_text_append(text, " COMMENT '");
    for (const char *c = field->comment; *c != '\0'; c++) {
        if (*c == '\'')
            lt_text_append_char(text, '\\');
        lt_text_append_char(text, *c);
    }
    lt_text_append_char(text, '\'');
}

static void append_sql(struct lt_text_buffer *text, const struct lt_type *type)
{
    append_upper(text, type);
    if (type->collation != NULL)
        lt_text_format(text, " COLLATE %s", type->collation);
    if (!lt_type_is_nested(type))
        return;
    lt_text_append_char(text, '<');
    for (uint32_t i = 0; i < type->field_count; i++) {
        const struct lt_field *field = &type->fields[i];
        if (i != 0)
            lt_text_append(text, ", ");
        if (type->kind != LT_TYPE_STRUCT) {
            append_sql(text, field->type);
            continue;
        }
        append_field_name(text, field->name);
        lt_text_append(text, ": ");
        append_sql(text, field->type);
        append_field_rest(text, field);
    }
    lt_text_append_char(text, '>');
}

/* A JSON string. The room core/text writes JSON for the engine; schemas are below it. */
static void append_json_string(struct lt_text_buffer *text, const char *string)
{
    lt_text_append_char(text, '"');
    for (const char *c = string; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            lt_text_format(text, "\\%c", *c);
        else if ((unsigned char)*c < 0x20)
            lt_text_format(text, "\\u%04X", (unsigned char)*c);
        else
            lt_text_append_char(text, *c);
    }
    lt_text_append_char(text, '"');
}

static void append_json_leaf(struct lt_text_buffer *text, const struct lt_type *type)
{
    lt_text_append_char(text, '"');
    switch (type->kind) {
    case LT_TYPE_TINYINT:
        lt_text_append(text, "byte");
        break;
    case LT_TYPE_SMALLINT:
        lt_text_append(text, "short");
        break;
    case LT_TYPE_INT:
        lt_text_append(text, "integer");
        break;
    case LT_TYPE_BIGINT:
        lt_text_append(text, "long");
        break;
    default:
        append_simple(text, type);
    }
    lt_text_append_char(text, '"');
}

static void append_json(struct lt_text_buffer *text, const struct lt_type *type);

static void append_json_fields(struct lt_text_buffer *text, const struct lt_type *type)
{
    lt_text_append(text, "{\"type\":\"struct\",\"fields\":[");
    for (uint32_t i = 0; i < type->field_count; i++) {
        const struct lt_field *field = &type->fields[i];
        lt_text_append(text, i != 0 ? ",{\"name\":" : "{\"name\":");
        append_json_string(text, field->name);
        lt_text_append(text, ",\"type\":");
        append_json(text, field->type);
        lt_text_format(text, ",\"nullable\":%s,\"metadata\":{", field->nullable ? "true" : "false");
        if (field->comment != NULL) {
            lt_text_append(text, "\"comment\":");
            append_json_string(text, field->comment);
        }
        lt_text_append(text, "}}");
    }
    lt_text_append(text, "]}");
}

static void append_json(struct lt_text_buffer *text, const struct lt_type *type)
{
    switch (type->kind) {
    case LT_TYPE_STRUCT:
        append_json_fields(text, type);
        break;
    case LT_TYPE_ARRAY:
        lt_text_append(text, "{\"type\":\"array\",\"elementType\":");
        append_json(text, type->fields[0].type);
        lt_text_format(text, ",\"containsNull\":%s}", type->fields[0].nullable ? "true" : "false");
        break;
    case LT_TYPE_MAP:
        lt_text_append(text, "{\"type\":\"map\",\"keyType\":");
        append_json(text, type->fields[0].type);
        lt_text_append(text, ",\"valueType\":");
        append_json(text, type->fields[1].type);
        lt_text_format(text, ",\"valueContainsNull\":%s}",
                       type->fields[1].nullable ? "true" : "false");
        break;
    default:
        append_json_leaf(text, type);
    }
}

static const char *finish(struct lt_arena *arena, struct lt_text_buffer *text)
{
    const char *copy = lt_arena_text_n(arena, lt_text_get(text), text->size_bytes);
    lt_text_fini(text);
    return copy;
}

const char *lt_type_simple_string(struct lt_arena *arena, const struct lt_type *type)
{
    struct lt_text_buffer text;
    lt_text_init(&text);
    append_simple(&text, type);
    return finish(arena, &text);
}

const char *lt_type_sql(struct lt_arena *arena, const struct lt_type *type)
{
    struct lt_text_buffer text;
    lt_text_init(&text);
    append_sql(&text, type);
    return finish(arena, &text);
}

const char *lt_type_ddl(struct lt_arena *arena, const struct lt_type *schema)
{
    lt_assert(schema->kind == LT_TYPE_STRUCT);
    struct lt_text_buffer text;
    lt_text_init(&text);
    for (uint32_t i = 0; i < schema->field_count; i++) {
        if (i != 0)
            lt_text_append_char(&text, ',');
        append_field_name(&text, schema->fields[i].name);
        lt_text_append_char(&text, ' ');
        append_sql(&text, schema->fields[i].type);
        append_field_rest(&text, &schema->fields[i]);
    }
    return finish(arena, &text);
}

const char *lt_type_json(struct lt_arena *arena, const struct lt_type *type)
{
    struct lt_text_buffer text;
    lt_text_init(&text);
    append_json(&text, type);
    return finish(arena, &text);
}
