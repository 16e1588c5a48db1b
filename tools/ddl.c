/*
 * Splitting DDL at the commas of its top level.
 */
#include "tools/ddl.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tools/commands.h"

/* Where the field that begins at `at` ends: at a comma outside of brackets and quotes. */
static const char *field_end(const char *at)
{
    int depth = 0;
    char quote = '\0';
    for (; *at != '\0'; at++) {
        if (quote != '\0')
            quote = *at == quote ? '\0' : quote;
        else if (*at == '`' || *at == '\'')
            quote = *at;
        else if (*at == '<' || *at == '(')
            depth++;
        else if (*at == '>' || *at == ')')
            depth--;
        else if (*at == ',' && depth == 0)
            return at;
    }
    return at;
}

/* Reads a name, quoted or plain; returns where it ends. */
static const char *take_name(const char *at, char *name)
{
    bool is_quoted = *at == '`';
    at += is_quoted;
    while (*at != '\0' && (is_quoted || (!isspace((unsigned char)*at) && *at != ':'))) {
        if (is_quoted && *at == '`' && at[1] != '`')
            return at + 1;
        at += is_quoted && *at == '`';
        size_t used = strlen(name);
        name[used] = *at++;
        name[used + 1] = '\0';
    }
    return at;
}

/* The type's own text: up to NOT NULL, DEFAULT or COMMENT at the top level. */
static size_t type_bytes(const char *at, const char *end)
{
    static const char *const after[] = {" NOT NULL", " COMMENT ", " DEFAULT "};
    size_t size_bytes = (size_t)(end - at);
    int depth = 0;
    for (size_t i = 0; i < size_bytes; i++) {
        depth += at[i] == '<' || at[i] == '(';
        depth -= at[i] == '>' || at[i] == ')';
        for (size_t k = 0; k < sizeof after / sizeof after[0] && depth == 0; k++)
            if (strncasecmp(at + i, after[k], strlen(after[k])) == 0)
                return i;
    }
    return size_bytes;
}

void lt_tool_schema_parse(const char *ddl, struct lt_tool_schema *out)
{
    *out = (struct lt_tool_schema){0};
    while (*ddl != '\0') {
        while (isspace((unsigned char)*ddl) || *ddl == ',')
            ddl++;
        if (*ddl == '\0')
            break;
        const char *end = field_end(ddl);
        char *name = lt_tool_alloc((size_t)(end - ddl) + 1);
        const char *type = take_name(ddl, name);
        while (isspace((unsigned char)*type) || *type == ':')
            type++;
        out->fields = lt_tool_grow(out->fields, out->count, sizeof *out->fields);
        out->fields[out->count++] =
            (struct lt_tool_field){name, lt_tool_format("%.*s", (int)type_bytes(type, end), type)};
        ddl = end;
    }
}

void lt_tool_schema_fini(struct lt_tool_schema *schema)
{
    for (size_t i = 0; i < schema->count; i++) {
        free(schema->fields[i].name);
        free(schema->fields[i].type);
    }
    free(schema->fields);
    *schema = (struct lt_tool_schema){0};
}

int lt_tool_schema_find(const struct lt_tool_schema *schema, const char *name)
{
    for (size_t i = 0; i < schema->count; i++)
        if (strcasecmp(schema->fields[i].name, name) == 0)
            return (int)i;
    return -1;
}

enum lt_tool_form lt_tool_schema_form(const char *type)
{
    static const struct {
        const char *begin;
        enum lt_tool_form form;
    } forms[] = {
        {"BOOLEAN", LT_TOOL_FORM_I64},  {"TINYINT", LT_TOOL_FORM_I64},
        {"SMALLINT", LT_TOOL_FORM_I64}, {"INT", LT_TOOL_FORM_I64},
        {"BIGINT", LT_TOOL_FORM_I64},   {"TIMESTAMP", LT_TOOL_FORM_I64},
        {"DATE", LT_TOOL_FORM_I64},     {"FLOAT", LT_TOOL_FORM_F64},
        {"DOUBLE", LT_TOOL_FORM_F64},   {"STRING", LT_TOOL_FORM_BYTES},
        {"BINARY", LT_TOOL_FORM_BYTES}, {"VARCHAR", LT_TOOL_FORM_BYTES},
        {"CHAR", LT_TOOL_FORM_BYTES},   {"ARRAY<STRUCT<key: STRING", LT_TOOL_FORM_HEADERS},
    };
    if (strncasecmp(type, "INTERVAL", strlen("INTERVAL")) == 0)
        return LT_TOOL_FORM_OTHER;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (strncasecmp(type, forms[i].begin, strlen(forms[i].begin)) == 0)
            return forms[i].form;
    return LT_TOOL_FORM_OTHER;
}

char *lt_tool_schema_quote(const char *name)
{
    char *quoted = lt_tool_alloc(2 * strlen(name) + 3), *to = quoted;
    *to++ = '`';
    for (; *name != '\0'; name++) {
        if (*name == '`')
            *to++ = '`';
        *to++ = *name;
    }
    *to = '`';
    return quoted;
}
