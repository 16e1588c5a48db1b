/*
 * Java's regular expressions: a line with the pattern, then a text in which all matches and their
 * groups are found. What is translated compiles or is refused with a reason; what backtracks
 * without end is given up.
 */
#include "tests/fuzz/fuzz.h"

#include "ops/expr/pattern.h"

static void find_all(struct lt_regexp *regexp, struct lt_bytes text)
{
    struct lt_matches matches = {.regexp = regexp, .text = text};
    for (unsigned i = 0; i < 100 && lt_matches_next(&matches); i++) {
        lt_assert(matches.begin <= matches.end);
        lt_assert(matches.end <= text.size_bytes);
        for (uint32_t group = 0; group <= lt_regexp_group_count(regexp); group++) {
            size_t begin, end;
            if (!lt_regexp_group(regexp, group, &begin, &end))
                continue;
            lt_assert(begin <= end);
            lt_assert(end <= text.size_bytes);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    struct fuzz_input input = {data, data + size_bytes};
    struct lt_bytes line = fuzz_line(&input);
    struct lt_regexp *regexp;
    struct lt_error error;
    if (lt_regexp_create(line.data, line.size_bytes, &regexp, &error) != LT_OK)
        return 0;
    (void)lt_regexp_group_number(regexp, "name");
    find_all(regexp, fuzz_rest(&input));
    lt_regexp_destroy(regexp);
    return 0;
}
