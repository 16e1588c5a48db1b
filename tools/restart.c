#include "tools/restart.h"

#include <sys/timerfd.h>
#include <unistd.h>

enum { FIRST_S = 1, LONGEST_S = 60, RUNS_WELL_S = 60 };

/* Expires once, after so many seconds. Without a timer nothing is ever due, and nothing is waited
 * for. */
static bool arm(struct lt_tool_restart *restart, uint32_t seconds)
{
    const struct itimerspec timer = {.it_value.tv_sec = (time_t)seconds};
    if (restart->timer_fd <= 0)
        restart->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    return restart->timer_fd > 0 && timerfd_settime(restart->timer_fd, 0, &timer, NULL) == 0;
}

static bool has_expired(const struct lt_tool_restart *restart)
{
    uint64_t times;
    return restart->timer_fd > 0 && read(restart->timer_fd, &times, sizeof times) == sizeof times;
}

void lt_tool_restart_fini(struct lt_tool_restart *restart)
{
    if (restart->timer_fd > 0)
        close(restart->timer_fd);
    *restart = (struct lt_tool_restart){0};
}

bool lt_tool_restart_wait(struct lt_tool_restart *restart, uint32_t limit, uint32_t *seconds)
{
    if (!restart->is_waiting && has_expired(restart)) /* it ran for long */
        restart->tried = 0;
    if (restart->tried >= limit)
        return false;
    *seconds = FIRST_S;
    for (uint32_t i = 0; i < restart->tried && *seconds < LONGEST_S; i++)
        *seconds *= 2;
    if (*seconds > LONGEST_S)
        *seconds = LONGEST_S;
    restart->tried++;
    restart->is_waiting = arm(restart, *seconds);
    return restart->is_waiting;
}

bool lt_tool_restart_is_due(const struct lt_tool_restart *restart)
{
    return restart->is_waiting && has_expired(restart);
}

void lt_tool_restart_runs(struct lt_tool_restart *restart)
{
    restart->is_waiting = false;
    (void)arm(restart, RUNS_WELL_S); /* without it the tries are never forgotten */
}
