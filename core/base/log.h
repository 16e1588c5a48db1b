/*
 * The log: one line per event on stderr, or handed to the embedder's function.
 *
 * A line is `leat: <level>: <text>`. The record path never logs. Repeats of one text from one call
 * site within a second are counted and summed up, and so is what goes past a burst of 20 lines, so
 * that a broken broker cannot fill a disk.
 *
 * on: any thread. Lines are written whole.
 */
#ifndef LT_BASE_LOG_H
#define LT_BASE_LOG_H

#include <stdbool.h>

enum lt_log_level { LT_LOG_ERROR, LT_LOG_WARN, LT_LOG_INFO, LT_LOG_DEBUG };

typedef void lt_log_fn(void *context, enum lt_log_level level, const char *text);

/* Settings are process-wide; set before threads start. The level is LT_LOG_WARN until it is set.
 * `fn` NULL means stderr. The function is called from any thread, with the bare text: no prefix, no
 * newline, valid during the call. */
void lt_log_set_level(enum lt_log_level level);
void lt_log_set_sink(lt_log_fn *fn, void *context);
bool lt_log_enabled(enum lt_log_level level);

struct lt_log_site {
    long long window_s; /* the second this site last spoke in */
    unsigned spoken;    /* lines in that second */
    unsigned suppressed;
    unsigned long long text_hash; /* of the last line */
};
/* Use the macros below: they give each call site its memory. Keeps errno. */
void lt_log_at(struct lt_log_site *site, enum lt_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Says how many repeats were left out and not yet summed up or said. on: any, at a query's end. */
void lt_log_flush(void);

#define lt_log(level, ...)                                                                         \
    do {                                                                                           \
        static _Thread_local struct lt_log_site lt_log_site_;                                      \
        if (lt_log_enabled(level))                                                                 \
            lt_log_at(&lt_log_site_, level, __VA_ARGS__);                                          \
    } while (0)
#define lt_log_error(...) lt_log(LT_LOG_ERROR, __VA_ARGS__)
#define lt_log_warn(...) lt_log(LT_LOG_WARN, __VA_ARGS__)
#define lt_log_info(...) lt_log(LT_LOG_INFO, __VA_ARGS__)
#define lt_log_debug(...) lt_log(LT_LOG_DEBUG, __VA_ARGS__)

#endif
