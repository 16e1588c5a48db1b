/*
 * Time zones by the names that Spark and Java know: "America/Los_Angeles", "UTC", "Z", "+08:00",
 * "UTC+8", "GMT-03:30", Java's short names ("PST", "EST"), from the system's zone data.
 *
 * A zone is a small value: a fixed offset, or the rules of a region, which are immutable once
 * opened. Rules belong to a `struct lt_zones`, which opens each region once. Opening reads a file
 * and allocates; fixed offsets and regions opened before cost neither. Which offset is in force at
 * an instant is an index into an array of changes and a step or two from there: no state is kept
 * between look-ups, so any number of threads may share a zone.
 *
 * From local time to instants, Java's rule: a time that was skipped is moved forward by the length
 * of the gap; of a time that came twice, the first is meant.
 *
 * on: `struct lt_zones`: one thread at a time. Zones: any, while the `struct lt_zones` lives.
 */
#ifndef LT_TEXT_ZONE_H
#define LT_TEXT_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

struct lt_zone_rules; /* of one region */

/* What stands in front of the offset in the identifier of a fixed zone. */
enum lt_zone_prefix {
    LT_ZONE_PREFIX_NONE, /* "+08:00", "Z" */
    LT_ZONE_PREFIX_UTC,
    LT_ZONE_PREFIX_GMT,
    LT_ZONE_PREFIX_UT,
};

struct lt_zone {
    const struct lt_zone_rules *rules; /* NULL: a fixed offset */
    int32_t offset_s;                  /* of a fixed zone, east of UTC; within 18 hours */
    enum lt_zone_prefix prefix;        /* of a fixed zone */
};

enum {
    LT_ZONE_ID_MAX = 64,
    LT_ZONE_OFFSET_MAX_S = 18 * 3600,
};

struct lt_zones;

/* NULL without memory. */
struct lt_zones *lt_zones_create(void);
void lt_zones_destroy(struct lt_zones *zones);

/* The zone of that name, as Spark's getZoneId takes it: names of regions as they are written, no
 * blanks around. False: there is none; `out` is as it was. */
bool lt_zones_find(struct lt_zones *zones, const char *name, size_t size_bytes,
                   struct lt_zone *out) LT_MUST_USE;
/* As lt_zones_find, for a setting or an argument: the error is INVALID_TIMEZONE. */
int lt_zones_open(struct lt_zones *zones, const char *name, struct lt_zone *out,
                  struct lt_error *error) LT_MUST_USE;

static inline struct lt_zone lt_zone_utc(void)
{
    return (struct lt_zone){.prefix = LT_ZONE_PREFIX_UTC};
}

/* Seconds east of UTC at an instant, given in seconds of UTC. */
int32_t lt_zone_offset_s(const struct lt_zone *zone, int64_t at_s);
/* Seconds east of UTC at a local time. */
int32_t lt_zone_offset_of_local_s(const struct lt_zone *zone, int64_t local_s);
/* The same, but keeps `preferred_s` where the local time comes twice and that is one of its
 * offsets: how arithmetic stays on its side of an overlap. */
int32_t lt_zone_offset_of_local_near_s(const struct lt_zone *zone, int64_t local_s,
                                       int32_t preferred_s);
/* The first second of a day (in days since 1970-01-01), in seconds of UTC: midnight, or the end of
 * the gap that holds it. */
int64_t lt_zone_start_of_day_s(const struct lt_zone *zone, int64_t days);
bool lt_zone_is_daylight(const struct lt_zone *zone, int64_t at_s);

/* Local microseconds of an instant and back. False: does not fit 64 bits. */
bool lt_zone_to_local_us(const struct lt_zone *zone, int64_t us, int64_t *out_us) LT_MUST_USE;
bool lt_zone_from_local_us(const struct lt_zone *zone, int64_t local_us,
                           int64_t *out_us) LT_MUST_USE;

/* Java's identifier: "America/Los_Angeles", "UTC", "UTC+08:00", "+08:00", "Z". Terminated; its size
 * without the NUL. */
size_t lt_zone_id(const struct lt_zone *zone, char out[LT_ZONE_ID_MAX]);
/* The zone's English name at an instant ("PDT", "Pacific Daylight Time"); its identifier if it has
 * no name. Terminated; its size. */
size_t lt_zone_name_at(const struct lt_zone *zone, int64_t at_s, bool is_long,
                       char out[LT_ZONE_ID_MAX]);

/* Writes an offset as Java prints it: "Z", "+08:00", "-07:52:58"; its size, not terminated. */
size_t lt_zone_put_offset(char *out, int32_t offset_s);

#endif
