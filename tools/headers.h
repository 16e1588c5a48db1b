/*
 * Dropping and adding headers by name, as an operator written against the public header alone. Rows
 * whose headers do not change pass as they are.
 *
 * on: main makes it; the lanes run it, and only read what is here.
 */
#ifndef LT_TOOLS_HEADERS_H
#define LT_TOOLS_HEADERS_H

#include "core/leat.h"
#include "tools/settings.h"

struct lt_tool_headers;

/* NULL if the settings ask for no change of headers. */
struct lt_tool_headers *lt_tool_headers_create(const struct lt_tool_settings *settings);
void lt_tool_headers_destroy(struct lt_tool_headers *headers); /* NULL is a no-op */
/* The stream with its column `headers` rewritten; takes the schema from it. NULL after saying why
 * not. `headers` must outlive the query. */
leat_stream *lt_tool_headers_apply(struct lt_tool_headers *headers, leat_stream *stream);

#endif
