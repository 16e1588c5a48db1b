/*
 * The operator claims a row, borrows every other column from the one it was handed, and writes the
 * list of headers that stay, then those that are added.
 */
#include "tools/headers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/commands.h"
#include "tools/ddl.h"

struct lt_tool_headers {
    char **drops; /* names; "*": all */
    size_t drop_count;
    leat_header *adds;
    size_t add_count;
    enum lt_tool_form *forms; /* of the columns */
    char **names;             /* of the columns, for reasons */
    size_t column_count;
    uint32_t column; /* the headers' */
};

/* Of one lane. The list grows to the longest a record ever had, and then stays. */
struct lane {
    const struct lt_tool_headers *headers;
    leat_header *list;
    uint32_t capacity;
};

struct lt_tool_headers *lt_tool_headers_create(const struct lt_tool_settings *settings)
{
    size_t count = 0;
    for (size_t i = 0; i < settings->item_count; i++)
        count += settings->items[i].setting != LT_TOOL_SET_FORMAT_OPTION;
    if (count == 0)
        return NULL;
    struct lt_tool_headers *headers = lt_tool_alloc(sizeof *headers);
    headers->drops = lt_tool_alloc(settings->item_count * sizeof *headers->drops);
    headers->adds = lt_tool_alloc(settings->item_count * sizeof *headers->adds);
    for (size_t i = 0; i < settings->item_count; i++) {
        const struct lt_tool_item *item = &settings->items[i];
        if (item->setting == LT_TOOL_SET_FORMAT_OPTION)
            continue;
        char *text = lt_tool_copy(item->text);
        if (item->setting == LT_TOOL_SET_DROP_HEADER) {
            headers->drops[headers->drop_count++] = text;
            continue;
        }
        const char *equals = strchr(text, '=');
        headers->adds[headers->add_count++] = (leat_header){
            .key = text,
            .key_bytes = equals != NULL ? (size_t)(equals - text) : strlen(text),
            .value = equals != NULL ? equals + 1 : NULL,
            .value_bytes = equals != NULL ? strlen(equals + 1) : 0,
        };
    }
    return headers;
}

static void forget_columns(struct lt_tool_headers *headers)
{
    for (size_t i = 0; i < headers->column_count; i++)
        free(headers->names[i]);
    free(headers->names);
    free(headers->forms);
    headers->column_count = 0;
}

void lt_tool_headers_destroy(struct lt_tool_headers *headers)
{
    if (headers == NULL)
        return;
    for (size_t i = 0; i < headers->drop_count; i++)
        free(headers->drops[i]);
    for (size_t i = 0; i < headers->add_count; i++)
        free((void *)(uintptr_t)headers->adds[i].key);
    forget_columns(headers);
    free(headers->drops);
    free(headers->adds);
    free(headers);
}

static bool is_dropped(const struct lt_tool_headers *headers, const leat_header *header)
{
    for (size_t i = 0; i < headers->drop_count; i++) {
        const char *name = headers->drops[i];
        if (strcmp(name, "*") == 0 || (strlen(name) == header->key_bytes &&
                                       memcmp(name, header->key, header->key_bytes) == 0))
            return true;
    }
    return false;
}

static bool make_room(struct lane *lane, size_t count)
{
    if (count <= lane->capacity)
        return true;
    leat_header *list = reallocarray(lane->list, count, sizeof *list);
    if (list == NULL)
        return false;
    lane->list = list;
    lane->capacity = (uint32_t)count;
    return true;
}

/* How many headers the row is to have; *is_changed when they are others than it has. */
static uint32_t gather(struct lane *lane, const leat_row *row, uint32_t had, bool *is_changed)
{
    const struct lt_tool_headers *headers = lane->headers;
    uint32_t count = 0;
    for (uint32_t i = 0; i < had; i++) {
        leat_header *header = &lane->list[count];
        leat_row_header(row, headers->column, i, &header->key, &header->key_bytes, &header->value,
                        &header->value_bytes);
        count += !is_dropped(headers, header);
    }
    *is_changed = count != had || headers->add_count > 0;
    for (size_t i = 0; i < headers->add_count; i++)
        lane->list[count++] = headers->adds[i];
    return count;
}

static int copy_column(const struct lt_tool_headers *headers, const leat_row *from, leat_row *to,
                       uint32_t column)
{
    size_t size_bytes;
    const void *bytes;
    if (leat_row_is_null(from, column))
        return LEAT_OK; /* as claimed */
    switch (headers->forms[column]) {
    case LT_TOOL_FORM_F64:
        leat_row_set_f64(to, column, leat_row_f64(from, column));
        return LEAT_OK;
    case LT_TOOL_FORM_BYTES:
        bytes = leat_row_bytes(from, column, &size_bytes);
        return leat_row_borrow_bytes(to, column, bytes, size_bytes);
    default:
        leat_row_set_i64(to, column, leat_row_i64(from, column));
        return LEAT_OK;
    }
}

/* Says which column could not be set and why; such a record is dead-lettered. */
static enum leat_action refuse(leat_out *out, const struct lt_tool_headers *headers,
                               uint32_t column, int status)
{
    char text[512];
    bool is_list = column == headers->column;
    snprintf(text, sizeof text, "column \"%s\" cannot be set (%s): %s", headers->names[column],
             leat_status_name(status),
             is_list ? "the list of headers has no room in the row, or one has more than 2 GiB"
                     : "it has more than 2 GiB");
    leat_out_reason(out, "RECORD_TOO_LARGE", text);
    return LEAT_DEAD_LETTER;
}

static enum leat_action process(void *state, const leat_row *row, leat_out *out, uint32_t flags)
{
    (void)flags;
    struct lane *lane = state;
    const struct lt_tool_headers *headers = lane->headers;
    uint32_t had = leat_row_header_count(row, headers->column);
    bool is_changed;
    if (!make_room(lane, had + headers->add_count + 1)) {
        leat_out_reason(out, "OUT_OF_MEMORY", "no memory for the record's headers");
        return LEAT_DEAD_LETTER;
    }
    uint32_t count = gather(lane, row, had, &is_changed);
    if (!is_changed)
        return LEAT_EMIT;
    leat_row *made = leat_claim(out);
    if (made == NULL)
        return LEAT_RETRY;
    for (uint32_t i = 0; i < leat_row_column_count(row); i++) {
        int status = i == headers->column ? leat_row_set_headers(made, i, lane->list, count)
                                          : copy_column(headers, row, made, i);
        if (status != LEAT_OK) {
            leat_abort(out, made);
            return refuse(out, headers, i, status);
        }
    }
    leat_commit(out, made);
    return LEAT_DROP;
}

static int open_lane(void *user, uint32_t lane_index, void **state)
{
    (void)lane_index;
    struct lane *lane = lt_tool_alloc(sizeof *lane);
    lane->headers = user;
    *state = lane;
    return make_room(lane, 64) ? LEAT_OK : LEAT_ERROR_NO_MEMORY;
}

static void close_lane(void *state)
{
    struct lane *lane = state;
    free(lane->list);
    free(lane);
}

leat_stream *lt_tool_headers_apply(struct lt_tool_headers *headers, leat_stream *stream)
{
    struct lt_tool_schema schema;
    const char *ddl = leat_stream_schema(stream);
    if (ddl == NULL)
        return NULL;
    lt_tool_schema_parse(ddl, &schema);
    int column = lt_tool_schema_find(&schema, "headers");
    bool is_sound = column >= 0;
    forget_columns(headers);
    headers->forms = lt_tool_alloc(schema.count * sizeof *headers->forms);
    headers->names = lt_tool_alloc(schema.count * sizeof *headers->names);
    headers->column_count = schema.count;
    for (size_t i = 0; i < schema.count; i++)
        headers->names[i] = lt_tool_copy(schema.fields[i].name);
    for (size_t i = 0; i < schema.count && is_sound; i++) {
        headers->forms[i] = lt_tool_schema_form(schema.fields[i].type);
        is_sound = (headers->forms[i] == LT_TOOL_FORM_HEADERS) == (i == (size_t)column) &&
                   headers->forms[i] != LT_TOOL_FORM_OTHER;
    }
    lt_tool_schema_fini(&schema);
    if (!is_sound) {
        lt_tool_say("headers cannot be dropped or added here: the records have no column headers "
                    "of Kafka's kind beside plain columns (%s)",
                    ddl);
        return NULL;
    }
    headers->column = (uint32_t)column;
    const leat_operator op = {.size = sizeof op,
                              .name = "headers",
                              .user = headers,
                              .open = open_lane,
                              .process = process,
                              .close = close_lane};
    return leat_apply(stream, &op);
}
