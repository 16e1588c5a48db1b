/*
 * The changes of a region are laid out until END_S. Rules repeat with the calendar, every 400
 * years, so a later time is asked about as the one so many times 400 years before.
 *
 * Buckets of 97 days say which change is the last before their begin; a look-up starts there. Two
 * numbers stand beside each change: the second of UTC at which it happens, and the local second
 * from which on its offset is the right one for local times. The latter is the later of the two
 * local times of the change: in a gap and in an overlap alike the offset before it is taken.
 */
#include "core/text/zone.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/date.h"
#include "core/text/zone_cctz.h"
#include "core/text/zone_names.h"
#include "core/text/zone_parse.h"

enum {
    BUCKET_SHIFT = 23, /* 2^23 seconds are 97 days */
    NAME_COUNT = 4,
};
static const int64_t US_PER_S = 1000000, DAY_S = 86400;
/* From 1800-01-01, before the first zone, to 2437-07-01, as far as cctz lays rules out; 400 years.
 */
static const int64_t BEGIN_S = -5364662400, END_S = 14752800000, CYCLE_S = 146097 * (int64_t)86400;

struct change {
    int64_t at_s, local_s;
    int32_t offset_s;
    bool is_daylight;
};

struct lt_zone_rules {
    struct lt_zone_rules *next; /* of the same lt_zones */
    char id[LT_ZONE_ID_MAX];
    size_t id_bytes;
    const char *names[NAME_COUNT]; /* by enum lt_zone_name; NULL: none */
    uint32_t *buckets;
    size_t bucket_count;
    size_t count;
    struct change changes[]; /* [0] is the state before all, [count] is never reached */
};

struct lt_zones {
    struct lt_zone_rules *first;
};

struct lt_zones *lt_zones_create(void)
{
    return calloc(1, sizeof(struct lt_zones));
}

void lt_zones_destroy(struct lt_zones *zones)
{
    while (zones != NULL && zones->first != NULL) {
        struct lt_zone_rules *rules = zones->first;
        zones->first = rules->next;
        free(rules->buckets);
        free(rules);
    }
    free(zones);
}

/* The index of the last change that `at_s` is not before, beginning at a bucket that is not after
 * it. */
static size_t bucket_at(const struct lt_zone_rules *rules, int64_t at_s)
{
    if (at_s < BEGIN_S)
        return 0;
    size_t bucket = (size_t)(at_s - BEGIN_S) >> BUCKET_SHIFT;
    return rules->buckets[bucket < rules->bucket_count ? bucket : rules->bucket_count - 1];
}

static int64_t within_cycle(int64_t at_s)
{
    return lt_likely(at_s < END_S) ? at_s : at_s - ((at_s - END_S) / CYCLE_S + 1) * CYCLE_S;
}

static const struct change *change_at(const struct lt_zone_rules *rules, int64_t at_s)
{
    at_s = within_cycle(at_s);
    size_t i = bucket_at(rules, at_s);
    while (rules->changes[i + 1].at_s <= at_s)
        i++;
    return &rules->changes[i];
}

int32_t lt_zone_offset_s(const struct lt_zone *zone, int64_t at_s)
{
    return zone->rules == NULL ? zone->offset_s : change_at(zone->rules, at_s)->offset_s;
}

bool lt_zone_is_daylight(const struct lt_zone *zone, int64_t at_s)
{
    return zone->rules != NULL && change_at(zone->rules, at_s)->is_daylight;
}

int32_t lt_zone_offset_of_local_s(const struct lt_zone *zone, int64_t local_s)
{
    const struct lt_zone_rules *rules = zone->rules;
    if (rules == NULL)
        return zone->offset_s;
    local_s = within_cycle(local_s);
    /* A day earlier no offset is a reason to be too late. */
    size_t i = bucket_at(rules, local_s - DAY_S);
    while (rules->changes[i + 1].local_s <= local_s)
        i++;
    return rules->changes[i].offset_s;
}

int32_t lt_zone_offset_of_local_near_s(const struct lt_zone *zone, int64_t local_s,
                                       int32_t preferred_s)
{
    if (lt_zone_offset_s(zone, local_s - preferred_s) == preferred_s)
        return preferred_s;
    return lt_zone_offset_of_local_s(zone, local_s);
}

int64_t lt_zone_start_of_day_s(const struct lt_zone *zone, int64_t days)
{
    int64_t local_s = days * DAY_S;
    int32_t before_s = lt_zone_offset_of_local_s(zone, local_s);
    int64_t at_s = local_s - before_s;
    if (zone->rules == NULL || lt_zone_offset_s(zone, at_s) == before_s)
        return at_s;
    int64_t within_s = within_cycle(at_s);
    return at_s - (within_s - change_at(zone->rules, within_s)->at_s);
}

bool lt_zone_to_local_us(const struct lt_zone *zone, int64_t us, int64_t *out_us)
{
    int32_t offset_s = lt_zone_offset_s(zone, lt_floor_divide(us, US_PER_S));
    return !__builtin_add_overflow(us, offset_s * US_PER_S, out_us);
}

bool lt_zone_from_local_us(const struct lt_zone *zone, int64_t local_us, int64_t *out_us)
{
    int32_t offset_s = lt_zone_offset_of_local_s(zone, lt_floor_divide(local_us, US_PER_S));
    return !__builtin_sub_overflow(local_us, offset_s * US_PER_S, out_us);
}

/* Where summer is the standard and winter the exception (Ireland), zone files say that winter is
 * daylight time; Java and all that prints names say it of summer. */
static void turn_negative_daylight(struct change *changes, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (!changes[i].is_daylight || changes[i - 1].is_daylight ||
            changes[i].offset_s >= changes[i - 1].offset_s)
            continue;
        changes[i].is_daylight = false;
        changes[i - 1].is_daylight = true;
    }
}

static void fill_changes(struct lt_zone_rules *rules, const struct lt_zone_change *loaded)
{
    for (size_t i = 0; i < rules->count; i++) {
        struct change *change = &rules->changes[i];
        int32_t before_s = loaded[i == 0 ? 0 : i - 1].offset_s;
        int32_t later_s = before_s > loaded[i].offset_s ? before_s : loaded[i].offset_s;
        change->at_s = loaded[i].at_s;
        change->local_s = i == 0 ? INT64_MIN : loaded[i].at_s + later_s;
        change->offset_s = loaded[i].offset_s;
        change->is_daylight = loaded[i].is_daylight;
    }
    rules->changes[rules->count] = (struct change){.at_s = INT64_MAX, .local_s = INT64_MAX};
    turn_negative_daylight(rules->changes, rules->count);
}

static void fill_buckets(struct lt_zone_rules *rules)
{
    uint32_t last = 0;
    for (size_t i = 0; i < rules->bucket_count; i++) {
        int64_t begin_s = BEGIN_S + ((int64_t)i << BUCKET_SHIFT);
        while (rules->changes[last + 1].at_s <= begin_s)
            last++;
        rules->buckets[i] = last;
    }
}

static struct lt_zone_rules *rules_create(const char *id)
{
    struct lt_zone_change *loaded = NULL;
    size_t count = 0;
    if (!lt_zone_cctz_load(id, END_S, &loaded, &count))
        return NULL;
    struct lt_zone_rules *rules = calloc(1, sizeof(*rules) + (count + 1) * sizeof(struct change));
    if (rules != NULL) {
        rules->bucket_count = ((size_t)(END_S - BEGIN_S) >> BUCKET_SHIFT) + 1;
        rules->buckets = calloc(rules->bucket_count, sizeof(uint32_t));
    }
    if (rules == NULL || rules->buckets == NULL) {
        free(loaded);
        free(rules);
        return NULL;
    }
    rules->id_bytes = strlen(id);
    memcpy(rules->id, id, rules->id_bytes + 1);
    for (int i = 0; i < NAME_COUNT; i++)
        rules->names[i] = lt_zone_names_find(id, rules->id_bytes, (enum lt_zone_name)i);
    rules->count = count;
    fill_changes(rules, loaded);
    fill_buckets(rules);
    free(loaded);
    return rules;
}

static const struct lt_zone_rules *find_region(struct lt_zones *zones, const char *name,
                                               size_t size_bytes)
{
    for (struct lt_zone_rules *rules = zones->first; rules != NULL; rules = rules->next)
        if (rules->id_bytes == size_bytes && memcmp(rules->id, name, size_bytes) == 0)
            return rules;
    const char *known = NULL;
    /* cctz would remember each name that it was asked for, also those that are none. */
    if (lt_zone_names_match_id(name, size_bytes, &known) != size_bytes ||
        memcmp(known, name, size_bytes) != 0)
        return NULL;
    char id[LT_ZONE_ID_MAX];
    memcpy(id, name, size_bytes);
    id[size_bytes] = '\0';
    struct lt_zone_rules *rules = rules_create(id);
    if (rules != NULL) {
        rules->next = zones->first;
        zones->first = rules;
    }
    return rules;
}

bool lt_zones_find(struct lt_zones *zones, const char *name, size_t size_bytes, struct lt_zone *out)
{
    struct lt_zone_parsed parsed;
    switch (lt_zone_parse(name, size_bytes, &parsed)) {
    case LT_ZONE_SYNTAX_FIXED:
        *out = parsed.zone;
        return true;
    case LT_ZONE_SYNTAX_REGION:
        parsed.zone.rules = find_region(zones, parsed.region, parsed.region_bytes);
        if (parsed.zone.rules == NULL)
            return false;
        *out = parsed.zone;
        return true;
    default:
        return false;
    }
}

int lt_zones_open(struct lt_zones *zones, const char *name, struct lt_zone *out,
                  struct lt_error *error)
{
    if (lt_zones_find(zones, name, strlen(name), out))
        return 0;
    (void)lt_error_set(error, LT_E_INVALID,
                       "no time zone \"%s\"; hint: a region such as \"Europe/Paris\", or an offset "
                       "such as \"+02:00\"",
                       name);
    return lt_error_condition(error, "INVALID_TIMEZONE", "22009");
}

static char *put_two(char *out, int32_t number)
{
    *out++ = (char)('0' + number / 10);
    *out++ = (char)('0' + number % 10);
    return out;
}

size_t lt_zone_put_offset(char *out, int32_t offset_s)
{
    char *end = out;
    if (offset_s == 0) {
        *end = 'Z';
        return 1;
    }
    int32_t left_s = offset_s < 0 ? -offset_s : offset_s;
    *end++ = offset_s < 0 ? '-' : '+';
    end = put_two(end, left_s / 3600);
    *end++ = ':';
    end = put_two(end, left_s / 60 % 60);
    if (left_s % 60 != 0) {
        *end++ = ':';
        end = put_two(end, left_s % 60);
    }
    return (size_t)(end - out);
}

size_t lt_zone_id(const struct lt_zone *zone, char out[LT_ZONE_ID_MAX])
{
    static const char *const prefixes[] = {"", "UTC", "GMT", "UT"};
    size_t size = 0;
    if (zone->rules != NULL) {
        size = zone->rules->id_bytes;
        memcpy(out, zone->rules->id, size);
    } else {
        size = strlen(prefixes[zone->prefix]);
        memcpy(out, prefixes[zone->prefix], size);
        if (size == 0 || zone->offset_s != 0)
            size += lt_zone_put_offset(out + size, zone->offset_s);
    }
    out[size] = '\0';
    return size;
}

/* "GMT+01:00", for regions that are an offset and have no name. */
static size_t name_by_offset(int32_t offset_s, char out[LT_ZONE_ID_MAX])
{
    memcpy(out, "GMT", 3);
    size_t size = 3;
    if (offset_s != 0)
        size += lt_zone_put_offset(out + size, offset_s);
    out[size] = '\0';
    return size;
}

size_t lt_zone_name_at(const struct lt_zone *zone, int64_t at_s, bool is_long,
                       char out[LT_ZONE_ID_MAX])
{
    const char *name = NULL;
    if (zone->rules != NULL) {
        bool is_daylight = lt_zone_is_daylight(zone, at_s);
        name = zone->rules->names[(is_long ? 2 : 0) + (is_daylight ? 1 : 0)];
        if (name == NULL)
            return name_by_offset(lt_zone_offset_s(zone, at_s), out);
    } else if (zone->offset_s == 0 &&
               (zone->prefix == LT_ZONE_PREFIX_UTC || zone->prefix == LT_ZONE_PREFIX_GMT)) {
        bool is_gmt = zone->prefix == LT_ZONE_PREFIX_GMT;
        name = is_gmt    ? is_long ? "Greenwich Mean Time" : "GMT"
               : is_long ? "Coordinated Universal Time"
                         : "UTC";
    } else {
        return lt_zone_id(zone, out);
    }
    size_t size = strlen(name);
    lt_assert(size < LT_ZONE_ID_MAX);
    memcpy(out, name, size + 1);
    return size;
}
