/*
 * The log: formats one line, and hands it to the embedder's function or to stderr with one
 * write(2).
 *
 * A line stays one line: control characters in a text (a broker's answer, a record's bytes) are
 * escaped, so that no text can forge a second line. Short lines are whole even when several
 * processes share a pipe; threads of this process never mix lines of any size on a file or
 * terminal.
 *
 * Repeats: per call site and thread, a text equal to the last one within the same second is held
 * back, and so is anything past BURST lines in that second. What was held back is said when the
 * site next speaks, and lt_log_flush() says what is still unsaid at the end. A line that stderr
 * refuses is counted, and the count is reported as soon as stderr takes lines again.
 *
 * Threads: settings are written before threads start and only read afterwards; the counts are
 * shared.
 */
#include "core/base/log.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/shared.h"
#include "core/base/text_buffer.h"

enum {
    BURST = 20,           /* lines of one site in a second: a table of start-up choices fits */
    STALL_LIMIT_MS = 100, /* how long a full, non-blocking stderr is waited for */
};

/* constant after start */
static struct {
    enum lt_log_level level;
    lt_log_fn *fn;
    void *context;
} settings = {.level = LT_LOG_WARN};

/* written by any thread */
static struct lt_shared_u64 held_back_lines;
static struct lt_shared_u64 held_back_lines_said; /* of these, how many a later line has told of */
static struct lt_shared_u64 held_back_lines_flushed; /* how many there were at the last flush */
static struct lt_shared_u64 lost_lines;

void lt_log_set_level(enum lt_log_level level)
{
    settings.level = level;
}

void lt_log_set_sink(lt_log_fn *fn, void *context)
{
    settings.fn = fn;
    settings.context = context;
}

bool lt_log_enabled(enum lt_log_level level)
{
    return level <= settings.level;
}

static const char *level_name(enum lt_log_level level)
{
    static const char *const names[] = {
        [LT_LOG_ERROR] = "error",
        [LT_LOG_WARN] = "warn",
        [LT_LOG_INFO] = "info",
        [LT_LOG_DEBUG] = "debug",
    };
    return names[level];
}

static void append_plain(struct lt_text_buffer *line, const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '\n')
            lt_text_append(line, "\\n");
        else if (*c == '\t')
            lt_text_append(line, "\\t");
        else if ((unsigned char)*c < 0x20 || *c == 0x7f)
            lt_text_format(line, "\\x%02x", (unsigned)(unsigned char)*c);
        else
            lt_text_append_char(line, *c);
    }
}

static void build_line(struct lt_text_buffer *line, enum lt_log_level level, const char *text)
{
    lt_text_format(line, "leat: %s: ", level_name(level));
    append_plain(line, text);
    lt_text_append_char(line, '\n');
}

/* Writes the line, in one call unless stderr takes less. Returns false when the rest could not be
 * written; a signal is tried again, and a full pipe that does not block is given a moment. */
static bool write_line(const struct lt_text_buffer *line)
{
    size_t done = 0;
    while (done < line->size_bytes) {
        ssize_t written = write(STDERR_FILENO, line->data + done, line->size_bytes - done);
        if (written > 0) {
            done += (size_t)written;
            continue;
        }
        if (written < 0 && errno == EINTR)
            continue;
        struct pollfd ready = {.fd = STDERR_FILENO, .events = POLLOUT};
        bool full = written < 0 && errno == EAGAIN;
        if (!full || poll(&ready, 1, STALL_LIMIT_MS) != 1)
            return false;
    }
    return true;
}

static void emit(enum lt_log_level level, const char *text)
{
    if (settings.fn != NULL) {
        settings.fn(settings.context, level, text);
        return;
    }
    struct lt_text_buffer line;
    lt_text_init(&line);
    uint64_t lost_count = lt_swap_u64(&lost_lines, 0);
    if (lost_count != 0) {
        struct lt_text_buffer notice;
        lt_text_init(&notice);
        lt_text_format(&notice, "%llu log lines before this one could not be written",
                       (unsigned long long)lost_count);
        build_line(&line, LT_LOG_WARN, lt_text_get(&notice));
        lt_text_fini(&notice);
    }
    build_line(&line, level, text);
    if (!write_line(&line))
        lt_add_u64(&lost_lines, lost_count + 1);
    lt_text_fini(&line);
}

/* True when this line of the site is to be held back. */
static bool hold_back(struct lt_log_site *site, const struct lt_text_buffer *text)
{
    /* Seconds count from 1, so that a site that never spoke (all zero) is in no second. */
    long long second = lt_clock_now_ns(lt_clock_system()) / LT_NS_PER_S + 1;
    uint64_t hash = XXH64(lt_text_get(text), text->size_bytes, 0);
    if (site->window_s != second) {
        site->window_s = second;
        site->spoken = 0;
    } else if (site->spoken >= BURST || site->text_hash == hash) {
        site->suppressed++;
        lt_add_u64(&held_back_lines, 1);
        return true;
    }
    site->spoken++;
    site->text_hash = hash;
    return false;
}

void lt_log_at(struct lt_log_site *site, enum lt_log_level level, const char *format, ...)
{
    int saved_errno =
        errno; /* a caller that logs between a failure and its report keeps the cause */
    struct lt_text_buffer text;
    lt_text_init(&text);
    va_list arguments;
    va_start(arguments, format);
    lt_text_format_list(&text, format, arguments);
    va_end(arguments);
    if (!hold_back(site, &text)) {
        if (site->suppressed != 0) {
            lt_text_format(&text, " (and %u more like it, left out)", site->suppressed);
            lt_add_u64(&held_back_lines_said, site->suppressed);
            site->suppressed = 0;
        }
        emit(level, lt_text_get(&text));
    }
    lt_text_fini(&text);
    errno = saved_errno;
}

void lt_log_flush(void)
{
    /* relaxed: statistics; read in this order, a line that is told of meanwhile counts as unsaid */
    uint64_t said = lt_load_relaxed_u64(&held_back_lines_said);
    uint64_t held_back = lt_load_relaxed_u64(&held_back_lines);
    uint64_t count = held_back - said;
    uint64_t new_count = held_back - lt_swap_u64(&held_back_lines_flushed, held_back);
    if (new_count < count)
        count = new_count;
    if (count == 0 || !lt_log_enabled(LT_LOG_WARN))
        return;
    struct lt_text_buffer text;
    lt_text_init(&text);
    lt_text_format(&text, "%llu repeated log lines were left out", (unsigned long long)count);
    emit(LT_LOG_WARN, lt_text_get(&text));
    lt_text_fini(&text);
}
