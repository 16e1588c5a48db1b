/*
 * The table of zone names: for core/text/zone_names.c only.
 *
 * on: any. Constant.
 */
#ifndef LT_TEXT_ZONE_NAMES_TABLE_H
#define LT_TEXT_ZONE_NAMES_TABLE_H

#include <stddef.h>

struct lt_zone_names_group {
    const char *names[4]; /* enum lt_zone_name; "~" in front: another group is meant when read */
    const char *main;     /* the zone that the names mean when read */
    const char *zones;    /* separated by a blank */
};

extern const struct lt_zone_names_group lt_zone_names_groups[];
extern const size_t lt_zone_names_group_count;

#endif
