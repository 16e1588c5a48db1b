/*
 * Settings by their names in Spark.
 */
#include "ops/expr/session.h"

#include <stdio.h>
#include <string.h>

#include "core/base/ascii.h"
#include "core/base/nearest.h"
#include "core/text/zone.h"

const struct lt_session *lt_session_default(void)
{
    static const struct lt_session session = {.time_zone = "UTC"};
    return &session;
}

/* "INVALID_CONF_VALUE.<what>", with Spark's text and a hint of leat's. */
static int refuse_value(struct lt_error *error, const char *name, const char *value,
                        const char *what, const char *why, const char *hint)
{
    char condition[64];
    (void)snprintf(condition, sizeof condition, "INVALID_CONF_VALUE.%s", what);
    (void)lt_error_set(error, LT_E_INVALID,
                       "The value '%s' in the config \"%s\" is invalid. %s; hint: %s", value, name,
                       why, hint);
    return lt_error_condition(error, condition, "22022");
}

static int set_bool(bool *out, bool is_inverted, const char *name, const char *value,
                    struct lt_error *error)
{
    bool is_true = lt_ascii_compare(value, "true") == 0;
    if (!is_true && lt_ascii_compare(value, "false") != 0)
        return refuse_value(error, name, value, "TYPE_MISMATCH",
                            "It should be a/an 'boolean' value.", "use true or false");
    *out = is_true != is_inverted;
    return LT_OK;
}

static int set_zone(struct lt_session *session, const char *name, const char *value,
                    struct lt_error *error)
{
    if (*value == '\0' || strlen(value) >= sizeof session->time_zone)
        return refuse_value(error, name, value, "TIME_ZONE", "Cannot resolve the given timezone.",
                            "use a zone such as UTC, +01:00 or America/Los_Angeles");
    struct lt_zones *zones = lt_zones_create();
    struct lt_zone zone;
    bool is_known = lt_zones_find(zones, value, strlen(value), &zone);
    lt_zones_destroy(zones);
    if (!is_known)
        return refuse_value(error, name, value, "TIME_ZONE", "Cannot resolve the given timezone.",
                            "use a zone such as UTC, +01:00 or America/Los_Angeles");
    memcpy(session->time_zone, value, strlen(value) + 1);
    return LT_OK;
}

static int set_policy(struct lt_session *session, const char *name, const char *value,
                      struct lt_error *error)
{
    bool is_last = lt_ascii_compare(value, "last_win") == 0;
    if (!is_last && lt_ascii_compare(value, "exception") != 0)
        return refuse_value(error, name, value, "OUT_OF_RANGE_OF_OPTIONS",
                            "It should be one of 'EXCEPTION, LAST_WIN'.",
                            "use EXCEPTION or LAST_WIN");
    session->map_key_policy = is_last ? LT_MAP_KEYS_LAST_WIN : LT_MAP_KEYS_EXCEPTION;
    return LT_OK;
}

/* The parsers of dates of Spark 2 are not here: what reads otherwise than asked for is refused. */
static int set_time_parser(struct lt_session *session, const char *name, const char *value,
                           struct lt_error *error)
{
    bool is_told = lt_ascii_compare(value, "exception") == 0;
    if (is_told || lt_ascii_compare(value, "corrected") == 0) {
        session->tells_old_times = is_told;
        return LT_OK;
    }
    if (lt_ascii_compare(value, "legacy") != 0)
        return refuse_value(error, name, value, "OUT_OF_RANGE_OF_OPTIONS",
                            "It should be one of 'EXCEPTION, LEGACY, CORRECTED'.",
                            "use CORRECTED or EXCEPTION");
    (void)lt_error_set(error, LT_E_UNSUPPORTED,
                       "\"%s\" cannot be \"%s\": leat reads dates as Spark 3 and later do, and has "
                       "no parser of Spark 2; hint: EXCEPTION finds the texts that it would read "
                       "otherwise, CORRECTED is the default",
                       name, value);
    return lt_error_condition(error, "UNSUPPORTED_FEATURE", "0A000");
}

/* In the order of `specs`. */
enum setting { ANSI, CASE_SENSITIVE, TIME_ZONE, MAP_KEYS, SIZE_OF_NULL, TIME_PARSER, SETTINGS };

static const struct lt_option_spec specs[SETTINGS] = {
    [ANSI] =
        {"spark.sql.ansi.enabled", LT_OPTION_BOOL, "true", NULL, 0, 0, 0,
         "ANSI rules: what does not fit its type is an error. false: the rules of old, by which "
         "it is NULL, or wraps."},
    [CASE_SENSITIVE] = {"spark.sql.caseSensitive", LT_OPTION_BOOL, "false", NULL, 0, 0, 0,
                        "Whether names of columns and fields match only in their own case."},
    [TIME_ZONE] = {"spark.sql.session.timeZone", LT_OPTION_TEXT, "UTC", NULL, 0, 0, 0,
                   "Zone of times that name none: UTC, +01:00 or America/Los_Angeles."},
    [MAP_KEYS] = {"spark.sql.mapKeyDedupPolicy", LT_OPTION_CHOICE, "EXCEPTION",
                  "EXCEPTION|LAST_WIN", 0, 0, 0,
                  "What a key is that a map is made with twice: an error, or the last value's."},
    [SIZE_OF_NULL] = {"spark.sql.legacy.sizeOfNull", LT_OPTION_BOOL, "true", NULL, 0, 0, 0,
                      "Whether size(NULL) is -1 where ANSI rules are off; it is NULL otherwise."},
    [TIME_PARSER] =
        {"spark.sql.legacy.timeParserPolicy", LT_OPTION_CHOICE, "CORRECTED", "CORRECTED|EXCEPTION",
         0, 0, 0,
         "What a text is that Spark 2 took for a time and its pattern does not: no time, "
         "or an error that says so. LEGACY is refused: leat has no parser of Spark 2."},
};

static enum setting find(const char *name)
{
    for (size_t i = 0; i < SETTINGS; i++) {
        if (lt_ascii_compare(name, specs[i].name) == 0)
            return (enum setting)i;
    }
    return SETTINGS;
}

int lt_session_set(struct lt_session *session, const char *name, const char *value,
                   struct lt_error *error)
{
    switch (find(name)) {
    case ANSI:
        return set_bool(&session->is_legacy, true, name, value, error);
    case CASE_SENSITIVE:
        return set_bool(&session->is_case_sensitive, false, name, value, error);
    case TIME_ZONE:
        return set_zone(session, name, value, error);
    case MAP_KEYS:
        return set_policy(session, name, value, error);
    case SIZE_OF_NULL:
        return set_bool(&session->size_keeps_null, true, name, value, error);
    case TIME_PARSER:
        return set_time_parser(session, name, value, error);
    case SETTINGS:
        break;
    }
    const char *names[SETTINGS];
    for (size_t i = 0; i < SETTINGS; i++)
        names[i] = specs[i].name;
    const char *near = lt_nearest(name, names, SETTINGS);
    return lt_error_set(error, LT_E_INVALID, "no setting of expressions is called \"%s\"%s%s%s",
                        name, near == NULL ? "" : "; hint: did you mean \"",
                        near == NULL ? "" : near, near == NULL ? "" : "\"?");
}

const char *lt_session_get(const struct lt_session *session, const char *name)
{
    switch (find(name)) {
    case ANSI:
        return session->is_legacy ? "false" : "true";
    case CASE_SENSITIVE:
        return session->is_case_sensitive ? "true" : "false";
    case TIME_ZONE:
        return session->time_zone;
    case MAP_KEYS:
        return session->map_key_policy == LT_MAP_KEYS_LAST_WIN ? "LAST_WIN" : "EXCEPTION";
    case SIZE_OF_NULL:
        return session->size_keeps_null ? "false" : "true";
    case TIME_PARSER:
        return session->tells_old_times ? "EXCEPTION" : "CORRECTED";
    case SETTINGS:
        break;
    }
    return NULL;
}

const struct lt_option_spec *lt_session_specs(size_t *count)
{
    *count = SETTINGS;
    return specs;
}

bool lt_session_same(const struct lt_session *a, const struct lt_session *b)
{
    a = lt_session_or_default(a);
    b = lt_session_or_default(b);
    return a == b ||
           (a->is_legacy == b->is_legacy && a->is_case_sensitive == b->is_case_sensitive &&
            a->size_keeps_null == b->size_keeps_null && a->tells_old_times == b->tells_old_times &&
            a->map_key_policy == b->map_key_policy && strcmp(a->time_zone, b->time_zone) == 0 &&
            a->use_switch == b->use_switch && a->is_unoptimised == b->is_unoptimised);
}
