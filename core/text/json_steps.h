/*
 * Steps of a JSON path: .name, ['name'], [0], [*]. For json.c and json_path.c only.
 *
 * on: one thread at a time.
 */
#ifndef LT_TEXT_JSON_STEPS_H
#define LT_TEXT_JSON_STEPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum lt_json_step_kind {
    LT_JSON_STEP_NAME,
    LT_JSON_STEP_INDEX,
    LT_JSON_STEP_ALL,     /* [*] */
    LT_JSON_STEP_NOTHING, /* .* and ['*'], which Spark parses and never matches */
};

struct lt_json_step {
    enum lt_json_step_kind kind;
    char *name;
    size_t name_bytes;
    uint64_t index;
};

struct lt_json_steps {
    struct lt_json_step *steps;
    size_t count, capacity;
};

/* Parses the steps of [at, end) into `steps`, which is empty. With `may_begin_bare` the first may
 * be a name without a point in front. Returns NULL, or where the text is malformed; fini in both
 * cases. */
const char *lt_json_steps_parse(struct lt_json_steps *steps, const char *at, const char *end,
                                bool may_begin_bare);
void lt_json_steps_fini(struct lt_json_steps *steps);

#endif
