#include "ops/stateful/join_side.h"

enum {
    NUMBER_BYTES = sizeof(uint64_t),
    ROUND_ENTRIES = 256,
};
enum { MATCHED, BATCH, FINAL_AT, ROW, VALUE_COLUMNS };

/* ----------------------------------------------------------------------------------------- life */

void lt_join_side_init(struct lt_join_side *side, struct lt_stateful *stateful, bool is_left,
                       const struct lt_type *schema)
{
    struct lt_arena *arena = stateful->arena;
    const struct lt_plan_side *plan = is_left ? &stateful->plan->left : &stateful->plan->right;
    const struct lt_field count = {.name = "value", .type = lt_type_simple(LT_TYPE_BIGINT)};
    const struct lt_field fields[VALUE_COLUMNS] = {
        [MATCHED] = {.name = "matched", .type = lt_type_simple(LT_TYPE_BOOLEAN)},
        [BATCH] = {.name = "batch", .type = lt_type_simple(LT_TYPE_BIGINT)},
        [FINAL_AT] = {.name = "finalAt", .type = lt_type_simple(LT_TYPE_BIGINT)},
        [ROW] = {.name = "row", .type = schema}};
    *side = (struct lt_join_side){
        .stateful = stateful,
        .plan = plan,
        .schema = schema,
        .names = {is_left ? "left-keyToNumValues" : "right-keyToNumValues",
                  is_left ? "left-keyWithIndexToValue" : "right-keyWithIndexToValue"},
        .key_schema = lt_stateful_columns(arena, schema, plan->keys, plan->key_count),
        .count_schema = lt_type_struct(arena, &count, 1),
        .value_schema = lt_type_struct(arena, fields, VALUE_COLUMNS)};
}

int lt_join_side_open(struct lt_join_side *side, const struct lt_operator_env *env,
                      struct lt_error *error)
{
    const struct lt_operator_store counts = {
        .name = side->names[0], .key = side->key_schema, .value = side->count_schema};
    const struct lt_operator_store rows = {.name = side->names[1],
                                           .key = side->key_schema,
                                           .value = side->value_schema,
                                           .key_suffix_bytes = NUMBER_BYTES};
    int code = lt_stateful_open_reader(side->count_schema, &side->count_values, error);
    if (code == LT_OK)
        code = lt_stateful_open_reader(side->value_schema, &side->row_values, error);
    if (code != LT_OK)
        return code;
    side->count_value = lt_row_claim(side->count_values);
    side->row_value = lt_row_claim(side->row_values);
    code = lt_stateful_open_store(side->stateful, env, &counts, &side->counts, error);
    if (code == LT_OK)
        code = lt_stateful_open_store(side->stateful, env, &rows, &side->rows, error);
    return code;
}

void lt_join_side_fini(struct lt_join_side *side)
{
    lt_stateful_close_reader(side->count_values, side->count_value);
    lt_stateful_close_reader(side->row_values, side->row_value);
    lt_text_fini(&side->key);
    lt_text_fini(&side->value_bytes);
    lt_text_fini(&side->final);
    lt_text_fini(&side->expected);
}

/* -------------------------------------------------------------------------------------- entries */

bool lt_join_side_count(struct lt_join_side *side, struct lt_state_bytes key, uint64_t *out)
{
    struct lt_state_bytes value;
    *out = 0;
    if (!side->counts->ops->get(side->counts, key, &value))
        return true;
    if (!lt_stateful_read(side->stateful, side->count_schema, value, side->count_values,
                          &side->count_value))
        return false;
    if (lt_row_is_null(side->count_value, 0)) {
        lt_stateful_fail_for_damage(side->stateful, "a key without its count");
        return false;
    }
    *out = (uint64_t)lt_row_values(side->count_value)[0].i64;
    return true;
}

static bool put_count(struct lt_join_side *side, struct lt_state_bytes key, uint64_t count)
{
    if (count == 0) {
        (void)side->counts->ops->remove(side->counts, key);
        return true;
    }
    lt_row_clear_nulls(side->count_value);
    lt_row_values(side->count_value)[0].i64 = (int64_t)count;
    lt_text_clear(&side->value_bytes);
    lt_row_bytes_write(side->count_schema, side->count_value, &side->value_bytes);
    return lt_stateful_put(side->stateful, side->counts, key, &side->value_bytes, LT_STATE_NEVER);
}

static struct lt_state_bytes numbered(struct lt_join_side *side, struct lt_state_bytes key,
                                      uint64_t number)
{
    lt_text_clear(&side->key);
    lt_text_append_n(&side->key, key.data, key.size_bytes);
    lt_text_append_n(&side->key, &number, NUMBER_BYTES);
    return lt_state_bytes_of(&side->key);
}

void lt_join_side_expect(struct lt_join_side *side, const struct lt_state_bytes *keys,
                         uint32_t count, bool is_appended)
{
    struct lt_state_bytes rows[LT_STATE_AHEAD_MAX];
    size_t ends[LT_STATE_AHEAD_MAX];
    uint32_t row_count = 0;
    lt_text_clear(&side->expected);
    side->counts->ops->ahead(side->counts, keys, count);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t number, end;
        if (!lt_join_side_count(side, keys[i], &end))
            return;
        for (number = is_appended ? end++ : 0; number < end && row_count < LT_STATE_AHEAD_MAX;
             number++) {
            lt_text_append_n(&side->expected, keys[i].data, keys[i].size_bytes);
            lt_text_append_n(&side->expected, &number, NUMBER_BYTES);
            ends[row_count++] = side->expected.size_bytes;
        }
    }
    for (uint32_t i = 0; i < row_count; i++) {
        size_t begin = i == 0 ? 0 : ends[i - 1];
        rows[i] = (struct lt_state_bytes){side->expected.data + begin, ends[i] - begin};
    }
    if (row_count > 0)
        side->rows->ops->ahead(side->rows, rows, row_count);
}

/* What has to be there was not found: it could not be read, or `what` is the damage. */
static void fail_for_absence(struct lt_join_side *side, const char *what)
{
    struct lt_error error;
    if (lt_state_store_fault(side->counts, &error) != 0 ||
        lt_state_store_fault(side->rows, &error) != 0)
        lt_stateful_fail(side->stateful, &error);
    else
        lt_stateful_fail_for_damage(side->stateful, what);
}

bool lt_join_side_get(struct lt_join_side *side, struct lt_state_bytes key, uint64_t number,
                      struct lt_join_stored *out)
{
    struct lt_state_bytes value;
    if (!side->rows->ops->get(side->rows, numbered(side, key, number), &value)) {
        fail_for_absence(side, "a count of rows that are not there");
        return false;
    }
    if (!lt_stateful_read(side->stateful, side->value_schema, value, side->row_values,
                          &side->row_value))
        return false;
    const union lt_value *values = lt_row_values(side->row_value);
    if (lt_row_is_null(side->row_value, MATCHED) || lt_row_is_null(side->row_value, BATCH) ||
        lt_row_is_null(side->row_value, ROW)) {
        lt_stateful_fail_for_damage(side->stateful, "a row without a part");
        return false;
    }
    bool is_final = !lt_row_is_null(side->row_value, FINAL_AT);
    *out = (struct lt_join_stored){.is_matched = values[MATCHED].i64 != 0,
                                   .batch = (uint64_t)values[BATCH].i64,
                                   .final_at = is_final ? values[FINAL_AT].i64 : LT_STATE_NEVER,
                                   .row = values[ROW].structure};
    return true;
}

/* Puts row_value as it stands under `key` with the number. */
static bool put_value(struct lt_join_side *side, struct lt_state_bytes key, uint64_t number,
                      int64_t final_at)
{
    lt_text_clear(&side->value_bytes);
    lt_row_bytes_write(side->value_schema, side->row_value, &side->value_bytes);
    return lt_stateful_put(side->stateful, side->rows, numbered(side, key, number),
                           &side->value_bytes, final_at);
}

bool lt_join_side_append(struct lt_join_side *side, struct lt_state_bytes key,
                         const struct lt_row *row, bool is_matched, int64_t final_at)
{
    const struct lt_struct structure = {.nulls = lt_row_nulls(row), .values = lt_row_values(row)};
    union lt_value *values = lt_row_values(side->row_value);
    uint64_t count;
    if (!lt_join_side_count(side, key, &count))
        return false;
    lt_row_clear_nulls(side->row_value);
    values[MATCHED].i64 = is_matched;
    values[BATCH].i64 = (int64_t)side->stateful->batch->id;
    values[ROW].structure = &structure;
    if (final_at == LT_STATE_NEVER)
        lt_row_set_null(side->row_value, FINAL_AT);
    else
        values[FINAL_AT].i64 = final_at;
    return put_value(side, key, count, final_at) && put_count(side, key, count + 1);
}

bool lt_join_side_mark(struct lt_join_side *side, struct lt_state_bytes key, uint64_t number)
{
    union lt_value *values = lt_row_values(side->row_value);
    bool is_final = !lt_row_is_null(side->row_value, FINAL_AT);
    values[MATCHED].i64 = 1;
    return put_value(side, key, number, is_final ? values[FINAL_AT].i64 : LT_STATE_NEVER);
}

/* -------------------------------------------------------------------------------------- removal */

/* A round: the next entries in the order of their time. False: there are none. */
static bool note_final(struct lt_join_side *side, int64_t bound)
{
    struct lt_state_cursor cursor = {
        .store = side->rows, .order = LT_STATE_FINAL_UP_TO, .bound = bound, .is_of_keys = true};
    struct lt_state_entry entry;
    lt_text_clear(&side->final);
    side->final_offset = 0;
    side->told = 0;
    side->has_removed = false;
    for (uint32_t i = 0; i < ROUND_ENTRIES && side->rows->ops->next(&cursor, &entry); i++) {
        lt_text_append_n(&side->final, &entry.key.size_bytes, sizeof entry.key.size_bytes);
        lt_text_append_n(&side->final, entry.key.data, entry.key.size_bytes);
    }
    return side->final.size_bytes != 0;
}

/* The noted entry at an offset. */
static struct lt_state_bytes noted_at(const struct lt_join_side *side, size_t offset)
{
    struct lt_state_bytes key;
    const char *at = side->final.data + offset;
    memcpy(&key.size_bytes, at, sizeof key.size_bytes);
    key.data = at + sizeof key.size_bytes;
    return key;
}

static struct lt_state_bytes noted(const struct lt_join_side *side)
{
    return noted_at(side, side->final_offset);
}

static void pass(struct lt_join_side *side)
{
    side->final_offset += sizeof(size_t) + noted(side).size_bytes;
    side->told -= side->told > 0;
}

/* Says the next of the noted entries ahead, and their keys. */
static void tell_noted(struct lt_join_side *side)
{
    struct lt_state_bytes keys[LT_STATE_AHEAD_MAX], entries[LT_STATE_AHEAD_MAX];
    uint32_t count = 0;
    for (size_t at = side->final_offset;
         at < side->final.size_bytes && count < LT_STATE_AHEAD_MAX; count++) {
        entries[count] = keys[count] = noted_at(side, at);
        keys[count].size_bytes -= NUMBER_BYTES;
        at += sizeof(size_t) + entries[count].size_bytes;
    }
    side->counts->ops->ahead(side->counts, keys, count);
    side->rows->ops->ahead(side->rows, entries, count);
    side->told = count;
}

bool lt_join_side_next_final(struct lt_join_side *side, int64_t bound, bool *has,
                             struct lt_state_bytes *key, uint64_t *number)
{
    for (;;) {
        *has = side->final_offset < side->final.size_bytes || note_final(side, bound);
        if (!*has)
            return true;
        if (side->told == 0 && lt_join_side_is_told(side))
            tell_noted(side);
        struct lt_state_bytes entry = noted(side), value;
        uint64_t count;
        key->data = entry.data;
        key->size_bytes = entry.size_bytes - NUMBER_BYTES;
        memcpy(number, (const char *)entry.data + key->size_bytes, NUMBER_BYTES);
        if (!lt_join_side_count(side, *key, &count))
            return false;
        if (*number < count)
            return true;
        if (side->rows->ops->get(side->rows, entry, &value)) {
            lt_stateful_fail_for_damage(side->stateful, "a row that no count knows");
            return false;
        }
        if (!side->has_removed) {
            fail_for_absence(side, "a time of a row that is not there");
            return false;
        }
        pass(side); /* it was moved into a hole, where the next round finds it */
    }
}

bool lt_join_side_remove(struct lt_join_side *side, struct lt_state_bytes key, uint64_t number)
{
    struct lt_join_stored last;
    uint64_t count;
    if (!lt_join_side_count(side, key, &count))
        return false;
    lt_assert(number < count);
    if (number != count - 1 && !(lt_join_side_get(side, key, count - 1, &last) &&
                                 put_value(side, key, number, last.final_at)))
        return false;
    (void)side->rows->ops->remove(side->rows, numbered(side, key, count - 1));
    bool is_good = put_count(side, key, count - 1);
    side->has_removed = true;
    pass(side);
    return is_good;
}
