/*
 * Java's ZoneId.of with its short names, and two forms that Spark adds: "+8:00" and "+08:0".
 */
#include "core/text/zone_parse.h"

#include <string.h>

#include "core/base/ascii.h"

static const struct {
    char name[4];
    const char *region; /* NULL: fixed */
    int32_t offset_s;
} short_names[] = {
    {"ACT", "Australia/Darwin", 0},
    {"AET", "Australia/Sydney", 0},
    {"AGT", "America/Argentina/Buenos_Aires", 0},
    {"ART", "Africa/Cairo", 0},
    {"AST", "America/Anchorage", 0},
    {"BET", "America/Sao_Paulo", 0},
    {"BST", "Asia/Dhaka", 0},
    {"CAT", "Africa/Harare", 0},
    {"CNT", "America/St_Johns", 0},
    {"CST", "America/Chicago", 0},
    {"CTT", "Asia/Shanghai", 0},
    {"EAT", "Africa/Addis_Ababa", 0},
    {"ECT", "Europe/Paris", 0},
    {"EST", NULL, -5 * 3600},
    {"HST", NULL, -10 * 3600},
    {"IET", "America/Indiana/Indianapolis", 0},
    {"IST", "Asia/Kolkata", 0},
    {"JST", "Asia/Tokyo", 0},
    {"MIT", "Pacific/Apia", 0},
    {"MST", NULL, -7 * 3600},
    {"NET", "Asia/Yerevan", 0},
    {"NST", "Pacific/Auckland", 0},
    {"PLT", "Asia/Karachi", 0},
    {"PNT", "America/Phoenix", 0},
    {"PRT", "America/Puerto_Rico", 0},
    {"PST", "America/Los_Angeles", 0},
    {"SST", "Pacific/Guadalcanal", 0},
    {"VST", "Asia/Ho_Chi_Minh", 0},
};

/* Two digits at `at`; -1: there are none. */
static int32_t two_digits(const char *text, size_t size_bytes, size_t at)
{
    if (at + 2 > size_bytes || !lt_ascii_is_digit(text[at]) || !lt_ascii_is_digit(text[at + 1]))
        return -1;
    return (text[at] - '0') * 10 + (text[at + 1] - '0');
}

/* What follows the hour at `at`: nothing, "mm", ":mm", "mmss" or ":mm:ss". */
static bool minutes_of(const char *text, size_t size_bytes, size_t at, int32_t *seconds)
{
    *seconds = 0;
    if (at == size_bytes)
        return true;
    size_t colon = text[at] == ':';
    int32_t minute = two_digits(text, size_bytes, at + colon);
    at += colon + 2;
    int32_t second = 0;
    if (minute >= 0 && at != size_bytes) {
        if (colon != (text[at] == ':'))
            return false;
        second = two_digits(text, size_bytes, at + colon);
        at += colon + 2;
    }
    *seconds = minute * 60 + second;
    return at == size_bytes && minute >= 0 && minute <= 59 && second >= 0 && second <= 59;
}

/* "+8", "+08", "+0830", "+08:30", "+083015", "+08:30:15", "Z"; and as Spark "+8:30", "+08:3",
 * "+8:3". */
static bool offset_of(const char *text, size_t size_bytes, int32_t *offset_s)
{
    if (size_bytes == 1 && text[0] == 'Z') {
        *offset_s = 0;
        return true;
    }
    if (size_bytes < 2 || (text[0] != '+' && text[0] != '-') || !lt_ascii_is_digit(text[1]))
        return false;
    bool is_one_digit = size_bytes == 2 || text[2] == ':';
    int32_t hour = is_one_digit ? text[1] - '0' : two_digits(text, size_bytes, 1);
    size_t at = is_one_digit ? 2 : 3;
    int32_t rest;
    if (size_bytes == at + 2 && text[at] == ':' && lt_ascii_is_digit(text[at + 1]))
        rest = (text[at + 1] - '0') * 60;
    else if (!minutes_of(text, size_bytes, at, &rest))
        return false;
    int32_t total = hour * 3600 + rest;
    *offset_s = text[0] == '-' ? -total : total;
    return hour >= 0 && total <= LT_ZONE_OFFSET_MAX_S;
}

static size_t prefix_of(const char *name, size_t size_bytes, enum lt_zone_prefix *prefix)
{
    static const struct {
        const char *text;
        enum lt_zone_prefix prefix;
    } prefixes[] = {
        {"UTC", LT_ZONE_PREFIX_UTC}, {"GMT", LT_ZONE_PREFIX_GMT}, {"UT", LT_ZONE_PREFIX_UT}};
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        size_t count = strlen(prefixes[i].text);
        if (size_bytes >= count && memcmp(name, prefixes[i].text, count) == 0) {
            *prefix = prefixes[i].prefix;
            return count;
        }
    }
    return 0;
}

/* Names of zone files that are no zones, and what leads out of their folder, are not regions. */
static bool is_region_name(const char *name, size_t size_bytes)
{
    static const char *const outside[] = {"posix", "right", "localtime", "Fixed", "Factory", "ROC"};
    if (size_bytes < 2 || size_bytes >= LT_ZONE_ID_MAX || !lt_ascii_is_letter(name[0]))
        return false;
    for (size_t i = 0; i < size_bytes; i++) {
        char c = name[i];
        if (!lt_ascii_is_letter(c) && !lt_ascii_is_digit(c) &&
            (c == '\0' || strchr("~/_+-", c) == NULL))
            return false;
    }
    for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
        size_t count = strlen(outside[i]);
        if (size_bytes >= count && memcmp(name, outside[i], count) == 0 &&
            (size_bytes == count || name[count] == '/' || count == 5))
            return false;
    }
    return true;
}

static enum lt_zone_syntax parse_short_name(size_t i, struct lt_zone_parsed *out)
{
    out->zone = (struct lt_zone){.offset_s = short_names[i].offset_s};
    if (short_names[i].region == NULL)
        return LT_ZONE_SYNTAX_FIXED;
    out->region = short_names[i].region;
    out->region_bytes = strlen(out->region);
    return LT_ZONE_SYNTAX_REGION;
}

enum lt_zone_syntax lt_zone_parse(const char *name, size_t size_bytes, struct lt_zone_parsed *out)
{
    if (size_bytes == 3)
        for (size_t i = 0; i < sizeof(short_names) / sizeof(short_names[0]); i++)
            if (memcmp(name, short_names[i].name, 3) == 0)
                return parse_short_name(i, out);
    out->zone = (struct lt_zone){.rules = NULL};
    enum lt_zone_prefix prefix = LT_ZONE_PREFIX_NONE;
    size_t skipped = prefix_of(name, size_bytes, &prefix);
    if (skipped == size_bytes && skipped > 0) {
        out->zone.prefix = prefix;
        return LT_ZONE_SYNTAX_FIXED;
    }
    bool has_offset = size_bytes > skipped && strchr("+-", name[skipped]) != NULL;
    bool is_zulu = size_bytes == 1 && name[0] == 'Z';
    if ((has_offset && name[skipped] != '\0') || is_zulu) {
        out->zone.prefix = prefix;
        return offset_of(name + skipped, size_bytes - skipped, &out->zone.offset_s)
                   ? LT_ZONE_SYNTAX_FIXED
                   : LT_ZONE_SYNTAX_BAD;
    }
    out->region = name;
    out->region_bytes = size_bytes;
    return is_region_name(name, size_bytes) ? LT_ZONE_SYNTAX_REGION : LT_ZONE_SYNTAX_BAD;
}
