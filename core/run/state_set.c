#include "core/run/state_set.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/base/text_buffer.h"
#include "core/run/state_metadata.h"

static int open_store(void *context, const struct lt_operator_store *request,
                      struct lt_state_store **out, struct lt_error *error)
{
    struct lt_state_set *set = context;
    const struct lt_state_settings *settings = &set->settings;
    struct lt_text_buffer root;
    lt_assert(set->count < LT_STATE_SET_STORES);
    lt_text_init(&root);
    if (settings->checkpoint_path != NULL)
        lt_text_format(&root, "%s/state/%" PRIu32, settings->checkpoint_path, set->number);
    const struct lt_state_options options = {
        .provider = settings->provider,
        .root = settings->checkpoint_path != NULL ? lt_text_get(&root) : NULL,
        .name = request->name,
        .partition = set->operator_state.partition,
        .partition_count = set->operator_state.partition_count,
        .key_suffix_bytes = request->key_suffix_bytes,
        .version = settings->version,
        .min_deltas_for_snapshot = settings->min_deltas_for_snapshot,
        .codec = settings->codec,
        .rocksdb = settings->rocksdb,
        .reactor = set->reactor,
    };
    const struct lt_state_note note = {
        .checkpoint_path = settings->checkpoint_path,
        .operator = set->number,
        .partition = set->operator_state.partition,
        .partition_count = set->operator_state.partition_count,
        .version = settings->version,
        .store = request,
    };
    bool is_kept = settings->checkpoint_path != NULL;
    int code = is_kept && settings->checks_schemas ? lt_state_note_check(&note, error) : 0;
    if (code == 0)
        code = lt_state_open(&options, out, error);
    if (code == 0) {
        set->stores[set->count++] = *out; /* closed with the set from here on */
        code = is_kept ? lt_state_note_write(&note, error) : 0;
    }
    lt_text_fini(&root);
    return code;
}

void lt_state_set_init(struct lt_state_set *set, const struct lt_state_settings *settings,
                       uint32_t number, uint32_t partition, uint32_t partition_count)
{
    *set = (struct lt_state_set){.settings = *settings, .number = number};
    set->operator_state = (struct lt_operator_state){.context = set,
                                                     .partition = partition,
                                                     .partition_count = partition_count,
                                                     .open = open_store};
}

void lt_state_set_fini(struct lt_state_set *set)
{
    for (uint32_t i = 0; i < set->count; i++)
        set->stores[i]->ops->close(set->stores[i]);
    set->count = 0;
}

/* A version is committed once. */
static void commit(struct lt_state_set *set)
{
    lt_assert(!set->is_preparing);
    for (uint32_t i = 0; i < set->count && set->is_prepared; i++)
        set->stores[i]->ops->commit(set->stores[i]);
    set->is_prepared = false;
}

void lt_state_set_begin(struct lt_state_set *set)
{
    commit(set);
    set->must_maintain = false; /* the batch comes first */
}

static int name_set(const struct lt_state_set *set, struct lt_error *error)
{
    return lt_error_append(error, "state of operator %" PRIu32 ", partition %" PRIu32, set->number,
                           set->operator_state.partition);
}

int lt_state_set_fault(const struct lt_state_set *set, struct lt_error *error)
{
    for (uint32_t i = 0; i < set->count; i++) {
        if (lt_state_store_fault(set->stores[i], error) != 0)
            return name_set(set, error);
    }
    return 0;
}

void lt_state_set_prepare(struct lt_state_set *set, uint64_t version)
{
    lt_assert(!set->is_preparing && !set->is_prepared);
    set->version = version;
    set->is_preparing = true;
    for (uint32_t i = 0; i < set->count; i++)
        set->stores[i]->ops->prepare(set->stores[i], version);
}

int lt_state_set_prepared(struct lt_state_set *set, struct lt_error *error)
{
    for (uint32_t i = 0; i < set->count && set->is_preparing; i++) {
        int status = set->stores[i]->ops->prepared(set->stores[i], error);
        if (status < 0)
            return name_set(set, error);
        if (status == 0)
            return 0;
    }
    bool is_news = set->is_preparing;
    set->is_preparing = false;
    set->is_prepared |= is_news;
    return is_news;
}

void lt_state_set_done(struct lt_state_set *set)
{
    commit(set);
    set->must_maintain = true;
}

bool lt_state_set_is_settled(const struct lt_state_set *set)
{
    for (uint32_t i = 0; i < set->count; i++) {
        const struct lt_state_store_ops *ops = set->stores[i]->ops;
        if (ops->is_settled != NULL && !ops->is_settled(set->stores[i]))
            return false;
    }
    return true;
}

uint32_t lt_state_set_maintain(struct lt_state_set *set)
{
    uint64_t retain = set->settings.versions_to_retain;
    uint64_t oldest = set->version > retain ? set->version - retain : 0;
    uint32_t work = 0;
    for (uint32_t i = 0; i < set->count && set->must_maintain; i++)
        work += set->stores[i]->ops->maintain(set->stores[i], oldest);
    set->must_maintain &= work > 0;
    return work;
}
