/*
 * The first public door: versions, statuses, contexts, the log and options. The builder is in
 * leat_stream.c, the life of a query in leat_query.c.
 */
#include "core/leat.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/ascii.h"
#include "core/base/log.h"
#include "core/leat_objects.h"

/* The numbers of the public header are those of core/base/error.h, for ever. */
#define SAME_NUMBER(name, number, text)                                                            \
    _Static_assert((int)LEAT_ERROR_##name == (int)LT_E_##name, "statuses are error codes");
LT_ERROR_MAP(SAME_NUMBER)
#undef SAME_NUMBER
_Static_assert((int)LEAT_OK == (int)LT_OK, "no error is 0 on both sides");
_Static_assert(LEAT_FOREVER == LT_NEVER_NS, "a wait without end is one number");
_Static_assert((int)LEAT_LOG_ERROR == (int)LT_LOG_ERROR, "log levels are the same");
_Static_assert((int)LEAT_LOG_WARN == (int)LT_LOG_WARN, "log levels are the same");
_Static_assert((int)LEAT_LOG_INFO == (int)LT_LOG_INFO, "log levels are the same");
_Static_assert((int)LEAT_LOG_DEBUG == (int)LT_LOG_DEBUG, "log levels are the same");

const char *leat_version(void)
{
    return LT_VERSION;
}

const char *leat_status_name(int status)
{
    return status == LEAT_OK ? "OK" : lt_error_code_name(status);
}

/* ------------------------------------------------------------------------------------- context */

leat_context *leat_context_create(void)
{
    leat_context *context = lt_alloc(sizeof *context);
    context->arena = lt_arena_create();
    context->clock = *lt_clock_system();
    lt_door_manager_init(&context->manager);
    lt_error_clear(&context->error);
    return context;
}

void leat_context_destroy(leat_context *context)
{
    if (context == NULL)
        return;
    lt_door_manager_fini(&context->manager);
    while (context->owned != NULL) {
        struct lt_door_owned *owned = context->owned;
        context->owned = owned->next;
        owned->destroy(owned->object);
        free(owned);
    }
    lt_arena_destroy(context->arena);
    free(context);
}

void lt_door_own(leat_context *context, void (*destroy)(void *object), void *object)
{
    struct lt_door_owned *owned = lt_alloc(sizeof *owned);
    *owned = (struct lt_door_owned){destroy, object, context->owned};
    context->owned = owned;
}

void *lt_door_fail(leat_context *context, const struct lt_error *error)
{
    if (context->error.code == 0)
        context->error = *error;
    return NULL;
}

const char *leat_context_error(const leat_context *context)
{
    return context == NULL ? "" : context->error.text;
}

const char *leat_context_error_condition(const leat_context *context)
{
    return context == NULL ? "" : context->error.condition;
}

const char *leat_context_error_sqlstate(const leat_context *context)
{
    return context == NULL ? "" : context->error.sqlstate;
}

bool leat_context_error_place(const leat_context *context, uint32_t *line, uint32_t *position)
{
    if (context == NULL || context->error.line == 0)
        return false;
    if (line != NULL)
        *line = context->error.line;
    if (position != NULL)
        *position = context->error.position;
    return true;
}

int leat_context_error_status(const leat_context *context)
{
    return context == NULL ? LEAT_ERROR_INVALID : context->error.code;
}

void leat_context_clear_error(leat_context *context)
{
    if (context != NULL)
        lt_error_clear(&context->error);
}

int leat_context_set(leat_context *context, const char *name, const char *value)
{
    struct lt_error error;
    if (context == NULL || name == NULL || value == NULL)
        return LEAT_ERROR_INVALID;
    struct lt_session *session = lt_arena_alloc(context->arena, sizeof *session);
    *session = *lt_session_or_default(context->session);
    int code = lt_session_set(session, name, value, &error);
    if (code == LT_OK)
        context->session = session;
    else
        (void)lt_door_fail(context, &error);
    return code;
}

void leat_context_set_clock(leat_context *context, int64_t (*now_ns)(void *user),
                            int64_t (*wall_us)(void *user), void *user)
{
    if (context == NULL)
        return;
    struct lt_clock system = *lt_clock_system();
    context->clock =
        now_ns == NULL || wall_us == NULL ? system : (struct lt_clock){now_ns, wall_us, user};
}

int lt_door_copy_struct(const char *what, const void *from, void *into, size_t known_bytes,
                        size_t least_bytes, struct lt_error *error)
{
    size_t size_bytes = 0;
    if (from != NULL)
        memcpy(&size_bytes, from, sizeof size_bytes); /* `size` is the first member of each */
    if (size_bytes < least_bytes)
        return lt_error_set(error, LT_E_INVALID, "%s: size is %zu; hint: set it to sizeof(%s)",
                            what, size_bytes, what);
    if (size_bytes > known_bytes)
        return lt_error_set(error, LT_E_UNSUPPORTED,
                            "%s: the program was built for a newer leat than %s, whose %s has %zu "
                            "bytes and not %zu",
                            what, LT_VERSION, what, known_bytes, size_bytes);
    memset(into, 0, known_bytes);
    memcpy(into, from, size_bytes);
    return 0;
}

/* ----------------------------------------------------------------------------------------- log */

/* Process-wide, as the log is; set before threads start. */
static struct {
    void (*log)(void *user, enum leat_log_level level, const char *text);
    void *user;
} log_to;

static void forward_log(void *context, enum lt_log_level level, const char *text)
{
    (void)context;
    log_to.log(log_to.user, (enum leat_log_level)level, text);
}

void leat_set_log(void (*log)(void *user, enum leat_log_level level, const char *text), void *user)
{
    log_to.log = log;
    log_to.user = user;
    lt_log_set_sink(log == NULL ? NULL : forward_log, NULL);
}

void leat_set_log_level(enum leat_log_level level)
{
    lt_log_set_level((enum lt_log_level)level);
}

/* ------------------------------------------------------------------------------------- options */

leat_options *leat_options_create(void)
{
    leat_options *options = lt_alloc(sizeof *options);
    options->set = lt_options_create();
    lt_error_clear(&options->error);
    return options;
}

void leat_options_destroy(leat_options *options)
{
    if (options == NULL)
        return;
    lt_options_destroy(options->set);
    free(options);
}

int leat_options_set(leat_options *options, const char *key, const char *value, const char *origin)
{
    struct lt_error error;
    int code;
    if (options == NULL)
        return LEAT_ERROR_INVALID;
    if (key == NULL)
        code = lt_error_set(&error, LT_E_INVALID, "an option without a key");
    else if (value == NULL)
        code = lt_error_set(&error, LT_E_INVALID, "option \"%s\" has no value", key);
    else
        code =
            lt_options_set(options->set, key, value, origin != NULL ? origin : "program", &error);
    if (code != 0 && options->error.code == 0)
        options->error = error;
    return code;
}

leat_options *leat_options_of(const char *key, ...)
{
    leat_options *options = leat_options_create();
    va_list arguments;
    va_start(arguments, key);
    while (key != NULL) {
        const char *value = va_arg(arguments, const char *);
        /* A wrong pair is kept in the options, and told by the function that takes them. */
        if (leat_options_set(options, key, value, NULL) != LEAT_OK && value == NULL)
            break;
        key = va_arg(arguments, const char *);
    }
    va_end(arguments);
    return options;
}

void lt_door_put_time_zone(const leat_context *context, const char *connector,
                           const struct lt_option_spec *specs, size_t count,
                           struct lt_options *options)
{
    static const char key[] = "timeZone";
    bool is_known = false;
    const char *said = lt_options_get(options, "format");
    const char *format = said != NULL ? said : connector;
    if (lt_ascii_compare(format, "json") != 0 && lt_ascii_compare(format, "csv") != 0)
        return;
    for (size_t i = 0; i < count; i++)
        is_known |= strcmp(specs[i].name, key) == 0;
    if (!is_known || lt_options_has(options, key))
        return;
    int code = lt_options_set(options, key, lt_session_or_default(context->session)->time_zone,
                              "spark.sql.session.timeZone", NULL);
    lt_assert(code == 0); /* only an empty key is an error */
}

int lt_door_take_options(leat_options *options, struct lt_options **out, struct lt_error *error)
{
    *out = NULL;
    if (options == NULL) {
        *out = lt_options_create();
        return 0;
    }
    int code = options->error.code;
    if (code != 0) {
        *error = options->error;
    } else {
        *out = options->set;
        options->set = NULL;
    }
    leat_options_destroy(options);
    return code;
}
