#include "core/run/hearing.h"

#include "core/base/clock.h"

enum { DEAF_TIMES = 8 };

void lt_hearing_begin(struct lt_hearing *hearing)
{
    *hearing = (struct lt_hearing){.listen_ns = LT_NEVER_NS};
}

void lt_hearing_found_nothing(struct lt_hearing *hearing, int64_t begun_ns, int64_t asked_ns)
{
    if (hearing->is_told)
        hearing->listen_ns = begun_ns + (1 + DEAF_TIMES) * asked_ns;
    hearing->is_told = false;
}

bool lt_hearing_is_deaf(const struct lt_hearing *hearing)
{
    return hearing->listen_ns != LT_NEVER_NS;
}

int64_t lt_hearing_deadline_ns(const struct lt_hearing *hearing, int64_t other_ns)
{
    return hearing->listen_ns < other_ns ? hearing->listen_ns : other_ns;
}
