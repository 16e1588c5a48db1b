#include "core/run/state_metadata.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/epoch/directory.h"
#include "core/epoch/files.h"
#include "core/run/segment_plan.h"
#include "core/state/metadata.h"

enum { OPERATORS_MAX = LT_LIMIT_SEGMENTS };

/* The file, as it was read. */
struct notes {
    struct lt_arena *arena;
    struct lt_epoch_folder folder;
    bool is_there;
    struct lt_state_metadata metadata;
};

/* -------------------------------------------------------------------------------------- reading */

static int open_folder(struct notes *notes, const struct lt_state_note *note, bool create,
                       struct lt_error *error)
{
    const char *path =
        lt_arena_format(notes->arena, "%s/state/%" PRIu32 "/" LT_STATE_METADATA_FOLDER,
                        note->checkpoint_path, note->operator);
    int code = lt_epoch_folder_open(&notes->folder, path, create, error);
    return code == LT_E_NOT_FOUND && !create ? 0 : code;
}

/* Partition 0 may be replacing the file while others read it: they see one or the other, but not
 * always with its own checksum, which is for partition 0 to compare. */
static int read_notes(struct notes *notes, const struct lt_state_note *note, bool create,
                      struct lt_error *error)
{
    struct lt_text_buffer text;
    *notes = (struct notes){.arena = lt_arena_create(), .folder = {.fd = -1}};
    lt_text_init(&text);
    int code = open_folder(notes, note, create, error);
    if (code == 0 && notes->folder.fd >= 0) {
        code = lt_epoch_file_read(&notes->folder, LT_STATE_METADATA_FILE, note->partition == 0,
                                  &text, error);
        if (code == 0) {
            code = lt_state_metadata_parse(lt_text_get(&text), text.size_bytes, notes->arena,
                                           &notes->metadata, error);
            if (code != 0)
                lt_error_append(error, "'%s/" LT_STATE_METADATA_FILE "'", notes->folder.path);
        }
        notes->is_there = code == 0;
        code = code == LT_E_NOT_FOUND ? 0 : lt_directory_explain_damage(code, error);
    }
    lt_text_fini(&text);
    return code;
}

static void free_notes(struct notes *notes)
{
    lt_epoch_folder_close(&notes->folder);
    lt_arena_destroy(notes->arena);
}

static const char *ddl_of(struct lt_arena *arena, const struct lt_type *type)
{
    return type == NULL ? NULL : lt_type_ddl(arena, type);
}

/* ------------------------------------------------------------------------------------ comparing */

static int refuse_schema(const char *what, const char *before, const char *now,
                         struct lt_error *error)
{
    bool is_key = strcmp(what, "key") == 0;
    (void)lt_error_set(error, LT_E_CHECKPOINT,
                       "Provided %s schema does not match existing state %s schema. Please check "
                       "number and type of fields. Existing %s_schema=%s and new %s_schema=%s. If "
                       "you want to force running the query without schema validation, please set "
                       "spark.sql.streaming.stateStore.stateSchemaCheck to false. However, please "
                       "note that running the query with incompatible schema could cause "
                       "non-deterministic behavior.",
                       what, what, what, before, what, now);
    return lt_error_condition(error,
                              is_key ? "STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE"
                                     : "STATE_STORE_VALUE_SCHEMA_NOT_COMPATIBLE",
                              "XXKST");
}

static int check_schema(struct notes *notes, const char *what, const char *before,
                        const struct lt_type *now,
                        bool is_same(const struct lt_type *a, const struct lt_type *b),
                        struct lt_error *error)
{
    const struct lt_type *type;
    if (before == NULL || now == NULL)
        return 0;
    int code = lt_state_schema_parse(before, notes->arena, &type, error);
    if (code != 0)
        return lt_error_append(error, "'%s/" LT_STATE_METADATA_FILE "'", notes->folder.path);
    return is_same(type, now) ? 0
                              : refuse_schema(what, before, ddl_of(notes->arena, now), error);
}

int lt_state_note_check(const struct lt_state_note *note, struct lt_error *error)
{
    struct notes notes;
    if (note->version == 0)
        return 0;
    int code = read_notes(&notes, note, false, error);
    const struct lt_state_metadata_store *store = NULL;
    if (code == 0 && notes.is_there)
        store = lt_state_metadata_find(&notes.metadata, note->store->name);
    if (code == 0 && store != NULL)
        code = check_schema(&notes, "key", store->key, note->store->key, lt_state_is_same_key,
                            error);
    if (code == 0 && store != NULL)
        code = check_schema(&notes, "value", store->value, note->store->value,
                            lt_state_is_same_value, error);
    free_notes(&notes);
    return code;
}

/* ------------------------------------------------------------------------------------ operators */

/* "(OperatorId: 0 -> OperatorName: dedupe)". */
static void add_operator(struct lt_text_buffer *list, uint64_t number, const char *name)
{
    lt_text_format(list, "%s(OperatorId: %" PRIu64 " -> OperatorName: %s)",
                   list->size_bytes > 0 ? ", " : "", number, name);
}

/* What the folders of state say, by number. */
static int list_stored(const char *checkpoint_path, struct lt_text_buffer *list,
                       struct lt_error *error)
{
    for (uint32_t number = 0; number < OPERATORS_MAX; number++) {
        const struct lt_state_note note = {.checkpoint_path = checkpoint_path, .operator = number};
        struct notes notes;
        int code = read_notes(&notes, &note, false, error);
        if (code == 0 && notes.is_there)
            add_operator(list, number, notes.metadata.operator_name);
        free_notes(&notes);
        if (code != 0)
            return code;
    }
    return 0;
}

static void list_current(const struct lt_state_operator *operators, uint32_t count,
                         struct lt_text_buffer *list)
{
    for (uint32_t number = 0; number < OPERATORS_MAX; number++)
        for (uint32_t i = 0; i < count; i++)
            if (operators[i].number == number)
                add_operator(list, number, operators[i].name);
}

int lt_state_check_operators(const char *checkpoint_path, const struct lt_state_operator *operators,
                             uint32_t count, struct lt_error *error)
{
    struct lt_text_buffer stored, current;
    lt_text_init(&stored);
    lt_text_init(&current);
    list_current(operators, count, &current);
    int code = list_stored(checkpoint_path, &stored, error);
    if (code == 0 && stored.size_bytes > 0 &&
        strcmp(lt_text_get(&stored), lt_text_get(&current)) != 0) {
        (void)lt_error_set(error, LT_E_CHECKPOINT,
                           "Streaming stateful operator name does not match with the operator in "
                           "state metadata. This likely to happen when user adds/removes/changes "
                           "stateful operator of existing streaming query. Stateful operators in "
                           "the metadata: [%s]; Stateful operators in current batch: [%s].",
                           lt_text_get(&stored), lt_text_get(&current));
        code = lt_error_condition(
            error, "STREAMING_STATEFUL_OPERATOR_NOT_MATCH_IN_STATE_METADATA", "42K03");
    }
    lt_text_fini(&stored);
    lt_text_fini(&current);
    return code;
}

/* -------------------------------------------------------------------------------------- writing */

static bool is_same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool is_same_store(const struct lt_state_metadata_store *a,
                          const struct lt_state_metadata_store *b)
{
    return a->partition_count == b->partition_count &&
           a->key_suffix_bytes == b->key_suffix_bytes && is_same_text(a->key, b->key) &&
           is_same_text(a->value, b->value);
}

/* The stores that the file has, with this one in its place or behind them. At version 0 what the
 * file says of an operator by another name is of a query that never had a batch. */
static bool put_store(struct notes *notes, const struct lt_state_note *note,
                      const struct lt_state_metadata_store *store)
{
    struct lt_state_metadata *metadata = &notes->metadata;
    const char *name = note->store->operator_name == NULL ? "" : note->store->operator_name;
    if (!notes->is_there || strcmp(metadata->operator_name, name) != 0)
        *metadata = (struct lt_state_metadata){.number = note->operator, .operator_name = name};
    struct lt_state_metadata_store *stores =
        lt_arena_alloc(notes->arena, (metadata->store_count + 1) * sizeof *stores);
    const struct lt_state_metadata_store *before = lt_state_metadata_find(metadata, store->name);
    bool has_changed = before == NULL || !is_same_store(before, store);
    size_t count = metadata->store_count;
    for (size_t i = 0; i < count; i++)
        stores[i] = &metadata->stores[i] == before ? *store : metadata->stores[i];
    if (before == NULL)
        stores[count++] = *store;
    metadata->stores = stores;
    metadata->store_count = count;
    return has_changed;
}

int lt_state_note_write(const struct lt_state_note *note, struct lt_error *error)
{
    struct notes notes;
    if (note->partition != 0)
        return 0;
    int code = read_notes(&notes, note, true, error);
    const struct lt_operator_store *store = note->store;
    const struct lt_state_metadata_store now = {
        .name = store->name == NULL ? LT_STATE_DEFAULT_STORE : store->name,
        .partition_count = note->partition_count,
        .key_suffix_bytes = store->key_suffix_bytes,
        .key = ddl_of(notes.arena, store->key),
        .value = ddl_of(notes.arena, store->value),
    };
    if (code == 0 && put_store(&notes, note, &now)) {
        struct lt_text_buffer text;
        lt_text_init(&text);
        lt_state_metadata_format(&text, &notes.metadata);
        code = lt_epoch_file_write(&notes.folder, LT_STATE_METADATA_FILE, lt_text_get(&text),
                                   text.size_bytes, error);
        lt_text_fini(&text);
    }
    free_notes(&notes);
    return code;
}
