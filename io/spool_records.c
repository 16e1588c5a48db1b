#include "io/spool_records.h"

#include <inttypes.h>

struct lt_spool_settings lt_spool_read_settings(const struct lt_options *options,
                                                const struct lt_option_spec *table, size_t count)
{
    return (struct lt_spool_settings){
        .directory = lt_options_text(options, table, count, "spool"),
        .size_bytes = lt_options_i64(options, table, count, "spoolSize"),
        .sync_interval_ns = lt_options_i64(options, table, count, "spoolSyncInterval"),
    };
}

int lt_spool_open_settings(const struct lt_spool_settings *settings,
                           const struct lt_framing *framing, struct lt_spool **out,
                           struct lt_error *error)
{
    const struct lt_spool_options options = {
        .directory = settings->directory,
        .framing = lt_frame_kind_name(framing->kind),
        .size_bytes = settings->size_bytes,
        .sync_interval_ns = settings->sync_interval_ns,
    };
    return lt_spool_open(&options, out, error);
}

/* --------------------------------------------------------------------------------------- checks */

int lt_spool_check_frames(const struct lt_framing *framing, bool has_header, struct lt_error *error)
{
    bool is_bounded = framing->kind != LT_FRAME_WHOLE && framing->kind != LT_FRAME_CSV;
    if (is_bounded && !has_header)
        return 0;
    return lt_error_set(error, LT_E_INVALID,
                        "\"%s\" cannot be used with a spool, which keeps records one behind the "
                        "other in one stream; hint: leave one of them out",
                        is_bounded                      ? "header"
                        : framing->kind == LT_FRAME_CSV ? "multiLine"
                                                        : lt_frame_kind_name(framing->kind));
}

int lt_spool_check_byte(const struct lt_spool *spool, int64_t byte, struct lt_error *error)
{
    if (spool == NULL)
        return lt_error_set(error, LT_E_CHECKPOINT,
                            "the checkpoint was made with a spool, and there is none now; hint: "
                            "set the option \"spool\" to the same folder");
    int64_t begin = (int64_t)lt_spool_begin(spool).byte;
    int64_t end = (int64_t)lt_spool_end(spool).byte;
    if (byte >= begin && byte <= end)
        return 0;
    return lt_error_set(error, LT_E_DATA_LOSS,
                        "the checkpoint goes on at byte %" PRId64
                        " of the spool \"%s\", which has bytes %" PRId64 " to %" PRId64
                        "; hint: it is another folder, or was changed by hand",
                        byte, lt_spool_directory(spool), begin, end);
}

/* -------------------------------------------------------------------------------------- records */

uint32_t lt_spool_count_records(const struct lt_framing *framing, struct lt_frame_cursor *cursor,
                                bool *is_broken, struct lt_error *error)
{
    struct lt_frame frame;
    enum lt_frame_result result;
    uint32_t count = 0;
    /* Bounded by the bytes at hand. */
    while ((result = lt_frame_next(framing, cursor, &frame, error)) == LT_FRAME_RECORD) {
        cursor->begin += frame.used_bytes;
        count++;
    }
    *is_broken = result == LT_FRAME_BROKEN;
    return count;
}

void lt_spool_end_line(const struct lt_framing *framing, char *data, size_t size_bytes)
{
    if (framing->kind == LT_FRAME_LINE && framing->separator_bytes == 0 &&
        data[size_bytes - 1] == '\r')
        data[size_bytes - 1] = '\n';
}

size_t lt_spool_chunk_part(const struct lt_spool_chunk *chunk, uint64_t from, uint64_t until,
                           const char **data)
{
    uint64_t begin = chunk->first.byte, end = begin + chunk->size_bytes;
    size_t skipped = begin < from ? (size_t)(from - begin) : 0;
    if (end > until)
        end = until;
    *data = (const char *)chunk->data + skipped;
    return (size_t)(end - begin) - skipped;
}
