/*
 * What a look has found, as one JSON object, for programs. What stands in the checkpoint as JSON
 * stands here as it stands there.
 */
#include <inttypes.h>
#include <string.h>

#include "core/epoch/inspect_text.h"
#include "core/text/json_write.h"

/* `front` ends with the name and the colon. */
static void put_text(struct lt_text_buffer *out, const char *front, const char *text)
{
    lt_text_append(out, front);
    if (text == NULL)
        lt_text_append(out, "null");
    else
        lt_json_write_string(out, text, strlen(text));
}

static void put_bool(struct lt_text_buffer *out, const char *front, bool value)
{
    lt_text_format(out, "%s%s", front, value ? "true" : "false");
}

static void put_start(struct lt_text_buffer *out, const struct lt_inspection *inspection)
{
    const struct lt_recovery_conclusion *conclusion = &inspection->conclusion;
    struct lt_text_buffer text;
    lt_text_init(&text);
    lt_inspect_describe_start(inspection, &text);
    put_bool(out, ",\"start\":{\"refused\":", inspection->is_refused);
    put_text(out, ",\"condition\":",
             inspection->is_refused && inspection->refusal.condition[0] != '\0'
                 ? inspection->refusal.condition
                 : NULL);
    lt_text_format(out, ",\"lastCommit\":%" PRId64 ",\"next\":%" PRId64, conclusion->last_commit,
                   conclusion->last_logged + 1);
    put_bool(out, ",\"runsAgain\":", conclusion->has_pending);
    put_text(out, ",\"text\":", lt_text_get(&text));
    lt_text_append_char(out, '}');
    lt_text_fini(&text);
}

static void put_head(struct lt_text_buffer *out, const struct lt_inspection *inspection)
{
    put_text(out, "{\"path\":", inspection->path);
    put_text(out, ",\"id\":", inspection->query_id);
    put_text(out, ",\"writtenBy\":", inspection->is_leats ? "leat" : "Spark");
    put_text(out, ",\"owner\":", inspection->owner);
    put_start(out, inspection);
}

/* --------------------------------------------------------------------------------------- epochs */

static void put_offsets(struct lt_text_buffer *out, const struct lt_inspect_epoch *epoch)
{
    lt_text_format(out, ",\"batchTimestampMs\":%" PRId64 ",\"batchWatermarkMs\":%" PRId64
                        ",\"sources\":[",
                   epoch->offsets.metadata.timestamp_ms, epoch->offsets.metadata.watermark_ms);
    for (uint32_t i = 0; i < epoch->offsets.source_count; i++) {
        const char *source = epoch->offsets.sources[i];
        lt_text_format(out, "%s%s", i > 0 ? "," : "", strcmp(source, "-") == 0 ? "null" : source);
    }
    lt_text_append_char(out, ']');
}

static void put_epoch(struct lt_text_buffer *out, const struct lt_inspection *inspection,
                      const struct lt_inspect_epoch *epoch, bool with_notes)
{
    const char *comma = "";
    lt_text_format(out, "{\"batchId\":%" PRIu64, epoch->number);
    put_text(out, ",\"stage\":", lt_inspect_stage_name(epoch->stage));
    if (epoch->is_read)
        put_offsets(out, epoch);
    if (epoch->has_commit)
        lt_text_format(out, ",\"nextBatchWatermarkMs\":%" PRId64, epoch->next_watermark_ms);
    if (with_notes && epoch->is_read && epoch->metadata[0] != '\0')
        lt_text_format(out, ",\"metadata\":%s", epoch->metadata);
    if (with_notes) {
        lt_text_append(out, ",\"sinks\":[");
        for (size_t i = 0; i < inspection->note_count; i++) {
            const struct lt_inspect_note *note = &inspection->notes[i];
            if (note->epoch != epoch->number)
                continue;
            lt_text_format(out, "%s{\"sink\":%" PRIu32, comma, note->sink);
            put_text(out, ",\"note\":", note->text);
            lt_text_append_char(out, '}');
            comma = ",";
        }
        lt_text_append_char(out, ']');
    }
    lt_text_append_char(out, '}');
}

/* ---------------------------------------------------------------------------------------- state */

static void put_stores(struct lt_text_buffer *out, const struct lt_state_metadata *metadata)
{
    lt_text_append(out, ",\"stores\":[");
    for (size_t i = 0; i < metadata->store_count; i++) {
        const struct lt_state_metadata_store *store = &metadata->stores[i];
        put_text(out, i > 0 ? ",{\"storeName\":" : "{\"storeName\":", store->name);
        lt_text_format(out, ",\"numPartitions\":%" PRIu32, store->partition_count);
        put_text(out, ",\"keySchema\":", store->key);
        put_text(out, ",\"valueSchema\":", store->value);
        lt_text_append_char(out, '}');
    }
    lt_text_append_char(out, ']');
}

static void put_operator(struct lt_text_buffer *out, const struct lt_inspect_operator *operator)
{
    bool is_read = operator->owner != LT_STATE_OF_ANOTHER;
    lt_text_format(out, "{\"operatorId\":%s", operator->name);
    put_text(out, ",\"operatorName\":",
             operator->has_metadata ? operator->metadata.operator_name : NULL);
    put_bool(out, ",\"isRead\":", is_read);
    if (operator->has_metadata)
        put_stores(out, &operator->metadata);
    if (is_read) {
        lt_text_format(out,
                       ",\"numPartitions\":%" PRIu32 ",\"files\":%" PRIu64 ",\"bytes\":%" PRIu64
                       ",\"neededFiles\":%" PRIu64 ",\"neededBytes\":%" PRIu64,
                       operator->partition_count, operator->files, operator->bytes,
                       operator->needed_files, operator->needed_bytes);
        lt_text_format(out, ",\"oldestVersion\":%" PRIu64 ",\"newestVersion\":%" PRIu64,
                       operator->oldest_version, operator->newest_version);
        put_bool(out, ",\"hasLiveCopy\":", operator->has_live);
    }
    lt_text_append_char(out, '}');
}

static void put_operators(struct lt_text_buffer *out, const struct lt_inspection *inspection)
{
    lt_text_append(out, ",\"state\":[");
    for (size_t i = 0; i < inspection->operator_count; i++) {
        if (i > 0)
            lt_text_append_char(out, ',');
        put_operator(out, &inspection->operators[i]);
    }
    lt_text_append_char(out, ']');
}

/* ---------------------------------------------------------------------------------------- views */

static void put_list(struct lt_text_buffer *out, const struct lt_inspection *inspection)
{
    lt_text_append(out, ",\"batches\":[");
    for (size_t i = 0; i < inspection->epoch_count; i++) {
        if (i > 0)
            lt_text_append_char(out, ',');
        put_epoch(out, inspection, &inspection->epochs[i], false);
    }
    lt_text_append_char(out, ']');
}

static void put_show(struct lt_text_buffer *out, const struct lt_inspection *inspection,
                     const struct lt_inspect_epoch *epoch)
{
    lt_text_append(out, ",\"batch\":");
    if (epoch == NULL)
        lt_text_append(out, "null");
    else
        put_epoch(out, inspection, epoch, true);
    lt_text_append(out, ",\"sourceFiles\":[");
    for (size_t i = 0; i < inspection->source_file_count; i++)
        put_text(out, i > 0 ? "," : "", inspection->source_files[i]);
    lt_text_append_char(out, ']');
    put_operators(out, inspection);
}

static void put_verdict(struct lt_text_buffer *out, const struct lt_inspection *inspection)
{
    static const char *const severities[] = {[LT_INSPECT_LEFT] = "left",
                                             [LT_INSPECT_DAMAGED] = "damaged",
                                             [LT_INSPECT_REFUSED] = "refused"};
    lt_text_format(out, ",\"soundFiles\":%" PRIu64 ",\"faults\":[", inspection->sound_files);
    for (size_t i = 0; i < inspection->fault_count; i++) {
        const struct lt_inspect_fault *fault = &inspection->faults[i];
        put_text(out, i > 0 ? ",{\"file\":" : "{\"file\":", fault->file);
        put_text(out, ",\"severity\":", severities[fault->severity]);
        put_text(out, ",\"condition\":", fault->condition[0] != '\0' ? fault->condition : NULL);
        put_text(out, ",\"what\":", fault->what);
        put_text(out, ",\"then\":", fault->then);
        lt_text_append_char(out, '}');
    }
    lt_text_append_char(out, ']');
    put_operators(out, inspection);
}

int lt_inspect_print_json(const struct lt_inspection *inspection,
                          const struct lt_inspect_print *print, struct lt_text_buffer *out,
                          struct lt_error *error)
{
    const struct lt_inspect_epoch *epoch;
    int code = lt_inspect_choose_epoch(inspection, print, &epoch, error);
    if (code != 0)
        return code;
    put_head(out, inspection);
    if (print->view == LT_INSPECT_LIST)
        put_list(out, inspection);
    else if (print->view == LT_INSPECT_SHOW)
        put_show(out, inspection, epoch);
    else
        put_verdict(out, inspection);
    lt_text_append(out, "}\n");
    return 0;
}
