/*
 * The schema of a stream, taken apart: the names and types at the top of a DDL string such as
 * "key BINARY,headers ARRAY<STRUCT<key: STRING, value: BINARY>>". Only what leat itself prints is
 * read.
 *
 * on: main.
 */
#ifndef LT_TOOLS_DDL_H
#define LT_TOOLS_DDL_H

#include <stdbool.h>
#include <stddef.h>

struct lt_tool_field {
    char *name; /* as it is, without backticks */
    char *type; /* as printed, without NOT NULL and comments: "ARRAY<...>" */
};

struct lt_tool_schema {
    struct lt_tool_field *fields;
    size_t count;
};

void lt_tool_schema_parse(const char *ddl, struct lt_tool_schema *out);
void lt_tool_schema_fini(struct lt_tool_schema *schema);
/* The index of the field of that name, or -1. */
int lt_tool_schema_find(const struct lt_tool_schema *schema, const char *name);

/* How values of a type are held in a row. */
enum lt_tool_form {
    LT_TOOL_FORM_I64,
    LT_TOOL_FORM_F64,
    LT_TOOL_FORM_BYTES,
    LT_TOOL_FORM_HEADERS,
    LT_TOOL_FORM_OTHER
};
enum lt_tool_form lt_tool_schema_form(const char *type);

/* A name as an expression may use it: in backticks. The caller's to free. */
char *lt_tool_schema_quote(const char *name);

#endif
