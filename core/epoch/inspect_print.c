/*
 * What a look has found, as text for a person.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/epoch/inspect_internal.h"
#include "core/epoch/inspect_text.h"

enum { MS_US = 1000 };

static const char *const stage_names[LT_INSPECT_STAGES] = {
    [LT_INSPECT_COMMITTED] = "committed", [LT_INSPECT_PREPARED] = "prepared",
    [LT_INSPECT_PENDING] = "pending",     [LT_INSPECT_INTENDED] = "intended",
    [LT_INSPECT_UNKNOWN] = "damaged",
};

const char *lt_inspect_stage_name(enum lt_inspect_stage stage)
{
    return stage_names[stage];
}

static bool has_sparks_state(const struct lt_inspection *inspection)
{
    bool has = false;
    for (size_t i = 0; i < inspection->operator_count; i++)
        has |= inspection->operators[i].owner == LT_STATE_OF_ANOTHER;
    return has;
}

void lt_inspect_describe_start(const struct lt_inspection *inspection, struct lt_text_buffer *out)
{
    const struct lt_recovery_conclusion *conclusion = &inspection->conclusion;
    int64_t next = conclusion->last_logged + 1;
    if (inspection->is_refused) {
        lt_text_format(out, "refuses it: %s", inspection->refusal.text);
        return;
    }
    if (conclusion->last_logged > conclusion->last_commit)
        lt_text_format(out, "finishes %" PRId64 " to %" PRId64 ", which are prepared, then ",
                       conclusion->last_commit + 1, conclusion->last_logged);
    if (conclusion->has_pending)
        lt_text_format(out,
                       "runs batch %" PRId64 " again, with its range, time and watermark (a "
                       "continuous query reads its records again instead)",
                       next);
    else if (next == 0)
        lt_text_append(out, "begins with 0: nothing was logged");
    else
        lt_text_format(out, "goes on with %" PRId64, next);
    if (has_sparks_state(inspection))
        lt_text_append(out, "; but not one of leat's, which cannot read Spark's state");
}

/* A time of an entry; "-" where it does not say. */
static void put_time(struct lt_text_buffer *out, int64_t ms)
{
    char text[LT_CLOCK_ISO_SIZE] = "-";
    if (ms > 0 && ms < INT64_MAX / MS_US)
        lt_clock_format_iso(ms * MS_US, text);
    lt_text_append(out, text);
}

static void put_head(struct lt_text_buffer *out, const struct lt_inspection *inspection)
{
    lt_text_format(out, "%s: query %s, written by %s, %s\n", inspection->path,
                   inspection->query_id != NULL ? inspection->query_id : "(not readable)",
                   inspection->is_leats ? "leat" : "Spark",
                   inspection->owner == NULL ? "not running" : "running");
    if (inspection->owner != NULL && inspection->owner[0] != '\0')
        lt_text_format(out, "in use by %s\n", inspection->owner);
}

static void put_start(struct lt_text_buffer *out, const struct lt_inspection *inspection)
{
    lt_text_append(out, "a start ");
    lt_inspect_describe_start(inspection, out);
    lt_text_append_char(out, '\n');
}

/* ------------------------------------------------------------------------------------------- ls */

static void put_list(struct lt_text_buffer *out, const struct lt_inspection *inspection)
{
    enum { ROW_WIDTH = 26 };
    put_head(out, inspection);
    lt_text_format(out, "%8s  %-9s  %-*s  %-*s  %s\n", "batch", "stage", ROW_WIDTH, "time",
                   ROW_WIDTH, "watermark", "sources");
    for (size_t i = 0; i < inspection->epoch_count; i++) {
        const struct lt_inspect_epoch *epoch = &inspection->epochs[i];
        const struct lt_epoch_metadata *metadata = &epoch->offsets.metadata;
        struct lt_text_buffer time, watermark;
        lt_text_init(&time);
        lt_text_init(&watermark);
        put_time(&time, epoch->is_read ? metadata->timestamp_ms : 0);
        put_time(&watermark, epoch->is_read ? metadata->watermark_ms : 0);
        lt_text_format(out, "%8" PRIu64 "  %-9s  %-*s  %-*s  ", epoch->number,
                       stage_names[epoch->stage], ROW_WIDTH, lt_text_get(&time), ROW_WIDTH,
                       lt_text_get(&watermark));
        if (epoch->is_read)
            lt_text_format(out, "%" PRIu32 "\n", epoch->offsets.source_count);
        else
            lt_text_append(out, "-\n");
        lt_text_fini(&time);
        lt_text_fini(&watermark);
    }
    put_start(out, inspection);
}

/* ----------------------------------------------------------------------------------------- show */

static void put_epoch(struct lt_text_buffer *out, const struct lt_inspection *inspection,
                      const struct lt_inspect_epoch *epoch)
{
    lt_text_format(out, "\nbatch %" PRIu64 ": %s\n", epoch->number, stage_names[epoch->stage]);
    if (epoch->is_read) {
        lt_text_append(out, "  time            ");
        put_time(out, epoch->offsets.metadata.timestamp_ms);
        lt_text_append(out, "\n  watermark       ");
        put_time(out, epoch->offsets.metadata.watermark_ms);
        lt_text_format(out, "\n  metadata        %s\n", epoch->metadata);
        for (uint32_t i = 0; i < epoch->offsets.source_count; i++)
            lt_text_format(out, "  source %-8" PRIu32 " %s\n", i, epoch->offsets.sources[i]);
    }
    if (epoch->has_commit) {
        lt_text_append(out, "  next watermark  ");
        put_time(out, epoch->next_watermark_ms);
        lt_text_append_char(out, '\n');
    }
    for (size_t i = 0; i < inspection->note_count; i++) {
        const struct lt_inspect_note *note = &inspection->notes[i];
        const char *line = note->text;
        while (note->epoch == epoch->number && line != NULL) { /* ends with the lines */
            const char *end = strchr(line, '\n');
            int size = (int)(end == NULL ? strlen(line) : (size_t)(end - line));
            lt_text_format(out, "  sink %-10" PRIu32 " %.*s\n", note->sink, size, line);
            line = end == NULL ? NULL : end + 1;
        }
    }
}

static void put_operator(struct lt_text_buffer *out, const struct lt_inspect_operator *operator)
{
    const struct lt_state_metadata *metadata = &operator->metadata;
    lt_text_format(out, "\nstate of operator %s", operator->name);
    if (operator->has_metadata)
        lt_text_format(out, ": %s", metadata->operator_name);
    lt_text_append_char(out, '\n');
    if (operator->owner == LT_STATE_OF_ANOTHER) {
        lt_text_append(out, "  of Spark: it is not read\n");
        return;
    }
    lt_text_format(out, "  files           %" PRIu64 ", %" PRIu64 " bytes, versions %" PRIu64
                        " to %" PRIu64 "%s\n",
                   operator->files, operator->bytes, operator->oldest_version,
                   operator->newest_version,
                   operator->has_live ? ", and a live copy in RocksDB" : "");
    lt_text_format(out,
                   "  a start reads   %" PRIu64 " of them, %" PRIu64 " bytes, of %" PRIu32
                   " partitions\n",
                   operator->needed_files, operator->needed_bytes, operator->partition_count);
    for (size_t i = 0; i < metadata->store_count; i++)
        if (metadata->stores[i].key != NULL)
            lt_text_format(out, "  store           %s: key (%s), value (%s)\n",
                           metadata->stores[i].name, metadata->stores[i].key,
                           metadata->stores[i].value != NULL ? metadata->stores[i].value : "");
}

static void put_show(struct lt_text_buffer *out, const struct lt_inspection *inspection,
                     const struct lt_inspect_epoch *epoch)
{
    put_head(out, inspection);
    put_start(out, inspection);
    if (epoch != NULL)
        put_epoch(out, inspection, epoch);
    if (inspection->source_file_count > 0)
        lt_text_append(out, "\nwhat sources keep\n");
    for (size_t i = 0; i < inspection->source_file_count; i++)
        lt_text_format(out, "  %s\n", inspection->source_files[i]);
    for (size_t i = 0; i < inspection->operator_count; i++)
        put_operator(out, &inspection->operators[i]);
}

/* --------------------------------------------------------------------------------------- verify */

static void put_fault(struct lt_text_buffer *out, const struct lt_inspect_fault *fault)
{
    static const char *const words[] = {[LT_INSPECT_LEFT] = "left   ",
                                        [LT_INSPECT_DAMAGED] = "damaged",
                                        [LT_INSPECT_REFUSED] = "REFUSED"};
    lt_text_format(out, "%s  %s%s", words[fault->severity], fault->file,
                   fault->file[0] != '\0' ? ": " : "");
    if (fault->condition[0] != '\0')
        lt_text_format(out, "[%s] ", fault->condition);
    lt_text_format(out, "%s; %s\n", fault->what, fault->then);
}

static void put_verdict(struct lt_text_buffer *out, const struct lt_inspection *inspection)
{
    put_head(out, inspection);
    for (size_t i = 0; i < inspection->fault_count; i++)
        put_fault(out, &inspection->faults[i]);
    for (size_t i = 0; i < inspection->operator_count; i++)
        if (inspection->operators[i].owner == LT_STATE_OF_ANOTHER)
            lt_text_format(out, "not read  state/%s: it is Spark's\n",
                           inspection->operators[i].name);
    lt_text_format(out, "%" PRIu64 " files are as they were written\n", inspection->sound_files);
    put_start(out, inspection);
}

/* ---------------------------------------------------------------------------------------- views */

int lt_inspect_choose_epoch(const struct lt_inspection *inspection,
                            const struct lt_inspect_print *print,
                            const struct lt_inspect_epoch **out, struct lt_error *error)
{
    size_t count = inspection->epoch_count;
    *out = count > 0 ? &inspection->epochs[count - 1] : NULL;
    if (!print->has_epoch)
        return 0;
    *out = lt_inspect_find_epoch(inspection, print->epoch);
    if (*out != NULL)
        return 0;
    if (count == 0)
        return lt_error_set(error, LT_E_NOT_FOUND, "'%s' has no batch %" PRIu64 ": it has none",
                            inspection->path, print->epoch);
    return lt_error_set(error, LT_E_NOT_FOUND,
                        "'%s' has no batch %" PRIu64 "; hint: it has %" PRIu64 " to %" PRIu64,
                        inspection->path, print->epoch, inspection->epochs[0].number,
                        inspection->epochs[count - 1].number);
}

int lt_inspect_print_text(const struct lt_inspection *inspection,
                          const struct lt_inspect_print *print, struct lt_text_buffer *out,
                          struct lt_error *error)
{
    const struct lt_inspect_epoch *epoch;
    int code = lt_inspect_choose_epoch(inspection, print, &epoch, error);
    if (code != 0)
        return code;
    if (print->view == LT_INSPECT_LIST)
        put_list(out, inspection);
    else if (print->view == LT_INSPECT_SHOW)
        put_show(out, inspection, epoch);
    else
        put_verdict(out, inspection);
    return 0;
}
