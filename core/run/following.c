#include "core/run/following.h"

#include "core/base/log.h"

struct lt_following lt_following_make(enum lt_trigger_kind trigger, bool loses_state)
{
    bool has_end = trigger != LT_TRIGGER_CONTINUOUS && trigger != LT_TRIGGER_PROCESSING_TIME;
    return (struct lt_following){.has_end = has_end, .loses_state = loses_state};
}

bool lt_following_look(struct lt_following *following, struct lt_source *source)
{
    if (following->has_end || following->is_told || source->ops->needs_reconfiguration == NULL ||
        !source->ops->needs_reconfiguration(source))
        return false;
    following->is_told = following->loses_state;
    if (following->is_told)
        lt_log_warn("%s: its partitions have changed, and the new ones are not read: the query "
                    "keeps its state nowhere, and would lose it if it began again; hint: set "
                    "checkpointLocation",
                    source->description);
    else
        lt_log_info("%s: its partitions have changed: the query ends an epoch and begins again, to "
                    "read them all",
                    source->description);
    return !following->is_told;
}
