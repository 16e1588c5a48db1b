/*
 * Expressions over the columns of the conformance cases: parsed, analysed, printed, and evaluated
 * in two ways over a row, which have to agree. What is constant is evaluated while it is analysed.
 */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/support/conformance_rows.h"
#include "tests/support/twice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    static struct conformance_rows rows;
    const struct fuzz_input input = {data, data + size_bytes};
    struct lt_session session = *lt_session_default();
    if (rows.count == 0)
        lt_assert(conformance_rows_open("tests/conformance", &rows));
    session.is_legacy = size_bytes % 4 == 0;
    char *text = fuzz_text(fuzz_rest(&input));
    struct twice twice;
    twice_evaluate(text, rows.schema, rows.rows[size_bytes % rows.count], &session, &twice);
    if (!twice.is_same) {
        (void)fprintf(stderr, "%s\n  %s %s %s\n  %s %s %s\n", text, twice.optimised.kind,
                      twice.optimised.type, twice.optimised.result, twice.plain.kind,
                      twice.plain.type, twice.plain.result);
        abort();
    }
    twice_fini(&twice);
    free(text);
    return 0;
}
