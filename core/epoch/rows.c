#include "core/epoch/rows.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/epoch/inspect_internal.h"
#include "core/state/dump.h"
#include "core/state/store.h"

enum { ATTEMPTS = 20 };

/* The request while it is answered: lines that are out cannot be taken back. */
struct answer {
    const struct lt_rows_request *request;
    bool has_begun;
};

static bool pass_line(void *context, const char *json)
{
    struct answer *answer = context;
    answer->has_begun = true;
    return answer->request->line(answer->request->context, json);
}

static const struct lt_inspect_operator *find_operator(const struct lt_inspection *inspection,
                                                       uint32_t number)
{
    for (size_t i = 0; i < inspection->operator_count; i++)
        if (strtoull(inspection->operators[i].name, NULL, 10) == number)
            return &inspection->operators[i];
    return NULL;
}

static int fail_operator(const struct lt_inspection *inspection, uint32_t number,
                         struct lt_error *error)
{
    struct lt_text_buffer names;
    lt_text_init(&names);
    for (size_t i = 0; i < inspection->operator_count; i++)
        lt_text_format(&names, "%s%s", i > 0 ? ", " : "", inspection->operators[i].name);
    int code = lt_error_set(error, LT_E_NOT_FOUND,
                            "'%s' has no state of an operator %" PRIu32 "; hint: %s%s",
                            inspection->path, number,
                            inspection->operator_count > 0 ? "there is that of " : "it has none",
                            lt_text_get(&names));
    lt_text_fini(&names);
    return code;
}

/* The version that is meant. */
static int find_version(const struct lt_inspection *inspection,
                        const struct lt_rows_request *request, uint64_t *out,
                        struct lt_error *error)
{
    int64_t last = inspection->conclusion.last_commit;
    if (last < 0) {
        (void)lt_error_set(error, LT_E_NOT_FOUND,
                           "No committed batch found, checkpoint location: %s. Ensure that the "
                           "query has run and committed any microbatch before stopping.",
                           inspection->path);
        return lt_error_condition(error, "STDS_COMMITTED_BATCH_UNAVAILABLE", "KD006");
    }
    *out = request->has_batch ? request->batch + 1 : (uint64_t)last + 1;
    if (!request->has_batch || (int64_t)request->batch <= last)
        return 0;
    return lt_error_set(error, LT_E_NOT_FOUND,
                        "batch %" PRIu64 " is not committed; hint: the last one is %" PRId64,
                        request->batch, last);
}

/* The store that is meant. Without metadata there may be any. */
static int find_store(const struct lt_inspect_operator *operator,
                      const struct lt_rows_request *request,
                      const struct lt_state_metadata_store **out, struct lt_error *error)
{
    const struct lt_state_metadata *metadata = &operator->metadata;
    struct lt_text_buffer names;
    *out = operator->has_metadata ? lt_state_metadata_find(metadata, request->store) : NULL;
    if (*out != NULL || metadata->store_count == 0)
        return 0;
    lt_text_init(&names);
    for (size_t i = 0; i < metadata->store_count; i++)
        lt_text_format(&names, "%s%s", i > 0 ? ", " : "", metadata->stores[i].name);
    int code = lt_error_set(error, LT_E_NOT_FOUND,
                            "operator %s (%s) has %s \"%s\"; hint: it has %s", operator->name,
                            metadata->operator_name,
                            request->store == NULL ? "several stores and none called" : "no store",
                            request->store == NULL ? LT_STATE_DEFAULT_STORE : request->store,
                            lt_text_get(&names));
    lt_text_fini(&names);
    return code;
}

static int check_partition(const struct lt_inspect_operator *operator,
                           const struct lt_rows_request *request, struct lt_error *error)
{
    uint32_t count = operator->partition_count;
    if (!request->has_partition || request->has_batch || count == 0 || request->partition < count)
        return 0;
    (void)lt_error_set(error, LT_E_NOT_FOUND,
                       "Partition id %" PRIu32 " not found for state of operator %s; hint: it has "
                       "%" PRIu32,
                       request->partition, operator->name, count);
    return lt_error_condition(error, "CANNOT_LOAD_STATE_STORE.SNAPSHOT_PARTITION_ID_NOT_FOUND",
                              "58030");
}

static int answer_from(const struct lt_inspection *inspection, struct answer *answer,
                       struct lt_error *error)
{
    const struct lt_rows_request *request = answer->request;
    const struct lt_inspect_operator *operator = find_operator(inspection, request->operator);
    struct lt_state_dump dump = {.key = request->key,
                                 .write = request->write,
                                 .write_context = request->write_context,
                                 .line = pass_line,
                                 .context = answer};
    if (operator == NULL)
        return fail_operator(inspection, request->operator, error);
    if (operator->owner == LT_STATE_OF_ANOTHER)
        return lt_error_set(error, LT_E_UNSUPPORTED,
                            "the state of operator %s is of Spark's format, which is not read; "
                            "hint: spark.read.format(\"statestore\")",
                            operator->name);
    int code = find_version(inspection, request, &dump.version, error);
    if (code == 0)
        code = find_store(operator, request, &dump.store, error);
    if (code == 0)
        code = check_partition(operator, request, error);
    if (code != 0)
        return code;
    dump.root = lt_arena_format(inspection->arena, "%s/state/%s", inspection->path, operator->name);
    dump.partition = request->has_partition ? request->partition : LT_STATE_ALL_PARTITIONS;
    bool is_default =
        request->store == NULL || strcmp(request->store, LT_STATE_DEFAULT_STORE) == 0;
    dump.store_name = is_default ? NULL : request->store;
    return lt_state_dump(&dump, error);
}

int lt_rows_read(const struct lt_rows_request *request, struct lt_error *error)
{
    const struct lt_inspect_options options = {.path = request->path};
    struct answer answer = {.request = request};
    for (int attempt = 1;; attempt++) { /* ends after ATTEMPTS */
        struct lt_inspection inspection;
        int code = lt_inspect(&options, &inspection, error);
        if (code != 0)
            return code;
        code = answer_from(&inspection, &answer, error);
        /* The query that runs may have merged the files since they were listed. */
        bool again = code == LT_E_CORRUPT && inspection.owner != NULL && !answer.has_begun;
        lt_inspect_free(&inspection);
        if (!again || attempt == ATTEMPTS)
            return code;
    }
}
