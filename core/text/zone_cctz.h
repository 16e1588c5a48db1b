/*
 * The C++ door to cctz: the history of one zone of the system's zone data, as an array. For
 * core/text/zone.c only. Plain types only, since the headers of leat are C.
 *
 * on: any; loading takes cctz's own lock.
 */
#ifndef LT_TEXT_ZONE_CCTZ_H
#define LT_TEXT_ZONE_CCTZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct lt_zone_change {
    int64_t at_s;     /* from this second of UTC on */
    int32_t offset_s; /* local time is so much later than UTC */
    bool is_daylight;
};

/* The state before all changes (whose at_s is INT64_MIN), and each change before `end_s`. `out` is
 * malloc()ed; free() it. False without such a zone, or without memory. */
bool lt_zone_cctz_load(const char *id, int64_t end_s, struct lt_zone_change **out, size_t *count);

#ifdef __cplusplus
}
#endif

#endif
