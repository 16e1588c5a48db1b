/*
 * The session: the settings that change what an expression means. Given to analysis, which decides
 * types and casts by it, and to the program, whose kernels reach it through the machine.
 *
 * Names and values are Spark's. A setting that is not here does not change any expression.
 *
 * on: any once set. A session outlives what was analysed under it.
 */
#ifndef LT_OPS_EXPR_SESSION_H
#define LT_OPS_EXPR_SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/error.h"
#include "core/base/options.h"

enum lt_map_key_policy {
    LT_MAP_KEYS_EXCEPTION, /* a key twice is DUPLICATED_MAP_KEY */
    LT_MAP_KEYS_LAST_WIN,
};

enum { LT_SESSION_ZONE_MAX = 64 };

struct lt_session {
    bool is_legacy;         /* spark.sql.ansi.enabled=false */
    bool is_case_sensitive; /* spark.sql.caseSensitive */
    bool size_keeps_null;   /* spark.sql.legacy.sizeOfNull=false: NULL, also under legacy rules */
    bool tells_old_times;   /* spark.sql.legacy.timeParserPolicy=EXCEPTION */
    enum lt_map_key_policy map_key_policy;
    char time_zone[LT_SESSION_ZONE_MAX]; /* spark.sql.session.timeZone */
    /* No settings of Spark's, and without names: how tests compare two ways to one result. */
    bool use_switch;     /* programs run the machine's portable loop */
    bool is_unoptimised; /* nothing is folded, shared or reached around */
};

/* ANSI, UTC, names in any case, EXCEPTION. A static object; stands for NULL everywhere. */
const struct lt_session *lt_session_default(void);
static inline const struct lt_session *lt_session_or_default(const struct lt_session *session)
{
    return session == NULL ? lt_session_default() : session;
}
/* size(NULL) is -1, and not NULL. */
static inline bool lt_session_null_has_size(const struct lt_session *session)
{
    return session->is_legacy && !session->size_keeps_null;
}
/* Do expressions mean the same under both? NULL: the defaults. */
bool lt_session_same(const struct lt_session *a, const struct lt_session *b);
/* Sets one setting from text. Unknown names and values are errors that name the nearest known one.
 */
int lt_session_set(struct lt_session *session, const char *name, const char *value,
                   struct lt_error *error) LT_MUST_USE;
/* What a setting is, as Spark shows it ("true", "UTC"); NULL for an unknown name. Valid as long as
 * the session. */
const char *lt_session_get(const struct lt_session *session, const char *name);
/* All settings, as options. */
const struct lt_option_spec *lt_session_specs(size_t *count);

#endif
