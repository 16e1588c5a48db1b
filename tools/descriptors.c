#include "tools/descriptors.h"

#include <sys/resource.h>

#include "tools/commands.h"

/* A relay with one broker and a checkpoint has some 30 open; the rest is for more of both. */
enum { NEEDED = 64, ADVISED = 1024 };

void lt_tool_check_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= NEEDED)
        return;
    lt_tool_say("warning: this process may have %llu files and connections open, and a relay needs "
                "%d: what fails from here on may fail for that; hint: ulimit -n %d",
                (unsigned long long)limit.rlim_cur, (int)NEEDED, (int)ADVISED);
}
