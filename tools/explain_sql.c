/*
 * The plans of a job's queries: its tables, views and settings are made, its queries are told and
 * not run. Nothing is connected.
 */
#include <string.h>

#include "core/leat_admin.h"
#include "tools/commands.h"
#include "tools/explain.h"
#include "tools/sql.h"

/* Files and -e SQL, in the order they stand. */
static int explain_parts(struct lt_tool_sql *sql, int count, char **arguments)
{
    int status = LT_TOOL_OK;
    for (int i = 1; i < count && status == LT_TOOL_OK; i++) {
        bool is_text = strcmp(arguments[i], "-e") == 0 || strcmp(arguments[i], "--execute") == 0;
        bool is_file = strcmp(arguments[i], "-f") == 0 || strcmp(arguments[i], "--file") == 0;
        if ((is_text || is_file) && i + 1 == count)
            return lt_tool_wrong("\"%s\" needs %s behind it", arguments[i],
                                 is_text ? "statements" : "a file");
        if (!is_text && !is_file && arguments[i][0] == '-' && arguments[i][1] != '\0')
            return lt_tool_wrong("\"%s\" is no option; hint: -e 'SQL' or -f FILE", arguments[i]);
        i += is_text || is_file;
        status =
            is_text ? lt_tool_sql_text(sql, arguments[i]) : lt_tool_sql_file(sql, arguments[i]);
    }
    return status;
}

int lt_tool_explain_statements(int count, char **arguments)
{
    if (count == 2 && lt_tool_sql_is_configuration(arguments[1]))
        return lt_tool_sql_run_configuration(count, arguments, "--explain");
    struct lt_tool_sql sql = {.context = leat_context_create(), .only_explain = true};
    leat_set_log_level(LEAT_LOG_WARN);
    int status = explain_parts(&sql, count, arguments);
    int ended = lt_tool_sql_fini(&sql);
    return lt_tool_finish(status == LT_TOOL_OK ? ended : status);
}
