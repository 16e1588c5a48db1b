/*
 * `leat-relay ...` is `leat relay ...`, as a binary of its own: for a unit file, a container, or a
 * person who needs nothing else.
 */
#include "tools/commands.h"

int main(int count, char **arguments)
{
    lt_tool_speaker("leat-relay");
    return lt_tool_relay(count, arguments);
}
