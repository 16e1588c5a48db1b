/*
 * Regular expressions by hand on PCRE2, compiled for the machine: see by_hand.h.
 *
 * One filter, one group taken out, one replacement. The rows are known to be ASCII, so nothing
 * looks for UTF-8.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "bench/sql/by_hand.h"

#include <pcre2.h>
#include <string.h>

#include "bench/sql/queries.h"
#include "bench/verdict.h"

struct pattern {
    pcre2_code *code;
    pcre2_match_data *match;
};

static struct pattern compile(const char *text)
{
    int fault;
    size_t place;
    struct pattern pattern;
    pattern.code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, 0, &fault, &place, NULL);
    if (pattern.code == NULL || pcre2_jit_compile(pattern.code, PCRE2_JIT_COMPLETE) != 0)
        bench_wrong("pattern %s: fault %d at %zu", text, fault, place);
    pattern.match = pcre2_match_data_create_from_pattern(pattern.code, NULL);
    return pattern;
}

static bool has_match(const struct pattern *pattern, const char *text, size_t size_bytes)
{
    return pcre2_jit_match(pattern->code, (PCRE2_SPTR)text, size_bytes, 0, 0, pattern->match,
                           NULL) > 0;
}

/* `text` with what matched replaced by its first group and ".0.0". */
static size_t replace(const struct pattern *pattern, const char *text, size_t size_bytes, char *out)
{
    static const char rest[] = ".0.0";
    if (!has_match(pattern, text, size_bytes)) {
        memcpy(out, text, size_bytes);
        return size_bytes;
    }
    const size_t *places = pcre2_get_ovector_pointer(pattern->match);
    size_t group = places[3] - places[2], at = places[0];
    memcpy(out, text, at);
    memcpy(out + at, text + places[2], group);
    memcpy(out + at + group, rest, sizeof rest - 1);
    at += group + sizeof rest - 1;
    memcpy(out + at, text + places[1], size_bytes - places[1]);
    return at + size_bytes - places[1];
}

/* What leaves a row; not inlined, so that it is made. */
__attribute__((noinline)) static void take(struct answer *out, size_t session_bytes,
                                           const char *line, size_t line_bytes)
{
    __asm__ volatile("" : : "r"(line) : "memory");
    out->count++;
    answer_add_text(out, 0, session_bytes);
    answer_add_text(out, 1, line_bytes);
}

struct answer by_hand_regexp(const struct bench_rows *rows)
{
    static struct pattern wanted, session, address;
    if (wanted.code == NULL) {
        wanted = compile(BENCH_PATTERN_WANTED);
        session = compile(BENCH_PATTERN_SESSION);
        address = compile(BENCH_PATTERN_ADDRESS);
    }
    struct answer out = {0};
    char line[1024];
    for (uint32_t i = 0; i < rows->count; i++) {
        size_t size_bytes, session_bytes = 0;
        const char *text = bench_rows_text(rows, i, &size_bytes);
        if (size_bytes + 8 > sizeof line || !has_match(&wanted, text, size_bytes))
            continue;
        if (has_match(&session, text, size_bytes)) {
            const size_t *places = pcre2_get_ovector_pointer(session.match);
            session_bytes = places[3] - places[2];
        }
        take(&out, session_bytes, line, replace(&address, text, size_bytes, line));
    }
    return out;
}
