#include "tests/support/model_store.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"

struct entry {
    char *key, *value;
    size_t key_size_bytes, value_size_bytes;
    int64_t final_at;
    uint64_t id; /* which put made it: entries are given in this order */
    bool is_lent;
};

struct model {
    struct lt_state_store base;
    struct entry *entries;
    size_t count, capacity;
    uint64_t next_id;
    uint64_t puts; /* a cursor notes how many there were */
    uint64_t updated, removed;
    uint64_t told; /* a sum of the bytes of keys that were told ahead */
    bool is_broken;
    struct lt_error fault; /* of a get, once it is broken */
};

enum { BEGUN, LAST_TIME, LAST_ID, PUTS }; /* of a cursor's place */

static struct model *model_of(const struct lt_state_store *store)
{
    return (struct model *)(uintptr_t)store;
}

static char *copy_of(const void *data, size_t size_bytes)
{
    char *copy = lt_alloc(size_bytes + 1);
    if (size_bytes != 0)
        memcpy(copy, data, size_bytes);
    return copy;
}

/* What was lent may no longer be read. */
static void take_back(struct model *model)
{
    for (size_t i = 0; i < model->count; i++) {
        struct entry *entry = &model->entries[i];
        if (!entry->is_lent)
            continue;
        char *key = copy_of(entry->key, entry->key_size_bytes);
        char *value = copy_of(entry->value, entry->value_size_bytes);
        free(entry->key);
        free(entry->value);
        entry->key = key;
        entry->value = value;
        entry->is_lent = false;
    }
}

static struct entry *find(const struct model *model, struct lt_state_bytes key)
{
    for (size_t i = 0; i < model->count; i++) {
        struct entry *entry = &model->entries[i];
        if (entry->key_size_bytes == key.size_bytes &&
            memcmp(entry->key, key.data, key.size_bytes) == 0)
            return entry;
    }
    return NULL;
}

static int model_fault(const struct lt_state_store *store, struct lt_error *error)
{
    const struct model *model = model_of(store);
    if (model->fault.code != 0)
        *error = model->fault;
    return model->fault.code;
}

static bool model_get(struct lt_state_store *store, struct lt_state_bytes key,
                      struct lt_state_bytes *value)
{
    struct model *model = model_of(store);
    struct entry *entry = find(model, key);
    if (model->is_broken)
        (void)lt_error_set(&model->fault, LT_E_IO, "the model cannot be read");
    if (entry == NULL || model->is_broken)
        return false;
    entry->is_lent = true;
    *value = (struct lt_state_bytes){.data = entry->value, .size_bytes = entry->value_size_bytes};
    return true;
}

static int model_put(struct lt_state_store *store, struct lt_state_bytes key,
                     struct lt_state_bytes value, int64_t final_at, struct lt_error *error)
{
    struct model *model = model_of(store);
    struct entry made = {.key = copy_of(key.data, key.size_bytes),
                         .value = copy_of(value.data, value.size_bytes),
                         .key_size_bytes = key.size_bytes,
                         .value_size_bytes = value.size_bytes,
                         .final_at = final_at,
                         .id = model->next_id++};
    struct entry *entry = find(model, key);
    int code = model_fault(store, error);
    if (code != 0) {
        free(made.key);
        free(made.value);
        return code;
    }
    model->puts++;
    model->updated++;
    take_back(model);
    if (entry != NULL) {
        free(entry->key);
        free(entry->value);
        *entry = made;
        return LT_OK;
    }
    if (model->count == model->capacity) {
        model->capacity = model->capacity == 0 ? 16 : 2 * model->capacity;
        model->entries =
            lt_realloc_array(model->entries, model->capacity, sizeof *model->entries);
    }
    model->entries[model->count++] = made;
    return LT_OK;
}

static bool model_remove(struct lt_state_store *store, struct lt_state_bytes key)
{
    struct model *model = model_of(store);
    struct entry *entry = find(model, key);
    if (entry == NULL)
        return false;
    struct entry gone = *entry;
    *entry = model->entries[--model->count];
    take_back(model);
    free(gone.key);
    free(gone.value);
    model->removed++;
    return true;
}

/* Does `entry` come after what the cursor has given, in its order? */
static bool is_behind(const struct lt_state_cursor *cursor, const struct entry *entry)
{
    if (cursor->place[BEGUN] == 0)
        return true;
    if (cursor->order == LT_STATE_FINAL_UP_TO &&
        entry->final_at != (int64_t)cursor->place[LAST_TIME])
        return entry->final_at > (int64_t)cursor->place[LAST_TIME];
    return entry->id > cursor->place[LAST_ID];
}

static bool is_before(const struct lt_state_cursor *cursor, const struct entry *a,
                      const struct entry *b)
{
    if (cursor->order == LT_STATE_FINAL_UP_TO && a->final_at != b->final_at)
        return a->final_at < b->final_at;
    return a->id < b->id;
}

static bool model_next(struct lt_state_cursor *cursor, struct lt_state_entry *out)
{
    struct model *model = model_of(cursor->store);
    struct entry *next = NULL;
    lt_assert(cursor->order != LT_STATE_WITH_PREFIX);
    lt_assert(cursor->place[BEGUN] == 0 || cursor->place[PUTS] == model->puts);
    take_back(model);
    for (size_t i = 0; i < model->count; i++) {
        struct entry *entry = &model->entries[i];
        bool fits = cursor->order == LT_STATE_ANY_ORDER ||
                    (entry->final_at <= cursor->bound && entry->final_at != LT_STATE_NEVER);
        if (fits && is_behind(cursor, entry) && (next == NULL || is_before(cursor, entry, next)))
            next = entry;
    }
    if (next == NULL)
        return false;
    cursor->place[BEGUN] = 1;
    cursor->place[LAST_TIME] = (uint64_t)next->final_at;
    cursor->place[LAST_ID] = next->id;
    cursor->place[PUTS] = model->puts;
    next->is_lent = true;
    *out = (struct lt_state_entry){.key = {next->key, next->key_size_bytes},
                                   .value = {next->value, next->value_size_bytes},
                                   .final_at = next->final_at};
    return true;
}

static void model_counts(const struct lt_state_store *store, struct lt_state_counts *out)
{
    const struct model *model = model_of(store);
    *out = (struct lt_state_counts){
        .entries = model->count, .updated = model->updated, .removed = model->removed};
    for (size_t i = 0; i < model->count; i++)
        out->memory_bytes += model->entries[i].key_size_bytes + model->entries[i].value_size_bytes;
}

static void model_close(struct lt_state_store *store)
{
    (void)store;
}

static void model_ahead(struct lt_state_store *store, const struct lt_state_bytes *keys,
                        uint32_t count)
{
    size_t sum = 0;
    lt_assert(count >= 1 && count <= LT_STATE_AHEAD_MAX);
    for (uint32_t i = 0; i < count; i++) /* they can be read, all of them */
        for (size_t k = 0; k < keys[i].size_bytes; k++)
            sum += ((const unsigned char *)keys[i].data)[k];
    model_of(store)->told += sum;
    take_back(model_of(store));
}

#define OPS(ahead_)                                                                                \
    {                                                                                              \
        .name = "model", .get = model_get, .ahead = ahead_, .put = model_put,                      \
        .remove = model_remove, .next = model_next, .fault = model_fault, .counts = model_counts,  \
        .close = model_close                                                                       \
    }
static const struct lt_state_store_ops model_ops = OPS(NULL), told_ahead_ops = OPS(model_ahead);

static struct lt_state_store *create(const struct lt_state_store_ops *ops)
{
    struct model *model = lt_alloc(sizeof *model);
    model->base.ops = ops;
    return &model->base;
}

struct lt_state_store *model_store_create(void)
{
    return create(&model_ops);
}

struct lt_state_store *model_store_create_told_ahead(void)
{
    return create(&told_ahead_ops);
}

void model_store_destroy(struct lt_state_store *store)
{
    struct model *model = model_of(store);
    if (model == NULL)
        return;
    for (size_t i = 0; i < model->count; i++) {
        free(model->entries[i].key);
        free(model->entries[i].value);
    }
    free(model->entries);
    free(model);
}

bool model_store_damage(struct lt_state_store *store, uint64_t seed)
{
    struct model *model = model_of(store);
    if (model->count == 0)
        return false;
    struct entry *entry = &model->entries[seed % model->count];
    seed /= model->count;
    entry->value[seed / 8 % entry->value_size_bytes] ^= (char)(1 << seed % 8);
    return true;
}

void model_store_break(struct lt_state_store *store)
{
    model_of(store)->is_broken = true;
}
