/*
 * What the fuzz targets share: cutting an input into its parts, and what readers want around them.
 *
 * A target is tests/fuzz/fuzz_*.c with the one function below; clang's libFuzzer calls it with
 * inputs that it makes by what the code does with them. Any crash, report of a sanitizer, failed
 * assertion, leak, or input that takes seconds is a finding. Where an input has several parts, they
 * are lines, so that it can be read and written by hand.
 *
 * on: one thread.
 */
#ifndef LT_TESTS_FUZZ_FUZZ_H
#define LT_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/data/value.h"
#include "core/text/codec.h"
#include "core/text/datetime.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

struct fuzz_input {
    const uint8_t *at, *end;
};
/* The next line, without its line feed; what is left when there is none. */
struct lt_bytes fuzz_line(struct fuzz_input *input);
/* All that is left. */
struct lt_bytes fuzz_rest(const struct fuzz_input *input);
/* A copy that ends with a NUL, of exactly its size, so that a step past the end is seen. To free().
 */
char *fuzz_text(struct lt_bytes bytes);
/* The words of a "key=value;key=value", each given to `set`; what it answers is put aside. */
void fuzz_settings(struct lt_bytes line, void (*set)(void *context, char *key, char *value),
                   void *context);

/* Memory of values, in an arena. */
struct lt_codec_memory fuzz_memory(struct lt_arena *arena);
/* The session's zone is New York's: its days are of several lengths. */
struct lt_datetime_context *fuzz_times(void);
/* Dates and times as a session without settings reads and writes them. */
struct lt_codec_times fuzz_codec_times(void);

#endif
