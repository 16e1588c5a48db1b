/*
 * The machine's clock, the manual clock of tests and simulator, and how a wall time is written.
 *
 * This is the only file that reads the time. Both reads go through the vDSO: no system call on
 * machines whose clock source allows it.
 */
#include "core/base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "core/base/date.h"
#include "core/base/error.h"

static int64_t system_now_ns(void *context)
{
    (void)context;
    struct timespec now;
    lt_assert(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (int64_t)now.tv_sec * LT_NS_PER_S + now.tv_nsec;
}

static int64_t system_wall_us(void *context)
{
    (void)context;
    struct timespec now;
    lt_assert(clock_gettime(CLOCK_REALTIME, &now) == 0);
    return (int64_t)now.tv_sec * LT_US_PER_S + now.tv_nsec / LT_NS_PER_US;
}

const struct lt_clock *lt_clock_system(void)
{
    static const struct lt_clock system = {system_now_ns, system_wall_us, NULL};
    return &system;
}

static int64_t manual_now_ns(void *context)
{
    const struct lt_clock_manual *manual = context;
    return manual->now_ns;
}

static int64_t manual_wall_us(void *context)
{
    const struct lt_clock_manual *manual = context;
    return manual->wall_us;
}

void lt_clock_manual_init(struct lt_clock_manual *manual, int64_t now_ns, int64_t wall_us)
{
    manual->clock = (struct lt_clock){manual_now_ns, manual_wall_us, manual};
    manual->now_ns = now_ns;
    manual->wall_us = wall_us;
}

void lt_clock_manual_advance(struct lt_clock_manual *manual, int64_t delta_ns)
{
    lt_assert(delta_ns >= 0);
    int64_t later_ns;
    lt_assert(!__builtin_add_overflow(manual->now_ns, delta_ns, &later_ns));
    /* Taken from the differences of whole microseconds, so that a thousand steps of 1 ns are 1 us.
     */
    manual->wall_us +=
        lt_floor_divide(later_ns, LT_NS_PER_US) - lt_floor_divide(manual->now_ns, LT_NS_PER_US);
    manual->now_ns = later_ns;
}

void lt_clock_format_iso(int64_t wall_us, char out[LT_CLOCK_ISO_SIZE])
{
    const int64_t us_per_day = (int64_t)86400 * LT_US_PER_S;
    int64_t day = lt_floor_divide(wall_us, us_per_day);
    /* Not wall_us - day * us_per_day, which overflows in the first day that 64 bits reach. */
    int64_t us_of_day = wall_us % us_per_day;
    int64_t ms = (us_of_day < 0 ? us_of_day + us_per_day : us_of_day) / LT_US_PER_MS;
    struct lt_date date = lt_date_of(day);
    int hour = (int)(ms / 3600000);
    int minute = (int)(ms / 60000 % 60);
    int second = (int)(ms / 1000 % 60);
    int size_bytes =
        snprintf(out, LT_CLOCK_ISO_SIZE, "%04" PRId64 "-%02d-%02dT%02d:%02d:%02d.%03dZ", date.year,
                 date.month, date.day, hour, minute, second, (int)(ms % 1000));
    lt_assert(size_bytes > 0);
    lt_assert(size_bytes < LT_CLOCK_ISO_SIZE);
}
