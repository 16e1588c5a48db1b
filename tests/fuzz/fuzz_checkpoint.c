/*
 * What stands in a checkpoint, damaged in any way: entries of offsets, commits and sinks, metadata,
 * companions, positions of Kafka. All are read from the same bytes.
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>

#include "core/epoch/crc.h"
#include "core/epoch/log.h"
#include "io/kafka_offsets.h"

static int visit(void *context, const char *topic, int32_t partition, int64_t number,
                 struct lt_error *error)
{
    uint64_t *count = context;
    (void)topic, (void)partition, (void)number;
    return ++*count < 1000 ? LT_OK : lt_error_set(error, LT_E_LIMIT, "many partitions");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    const struct fuzz_input input = {data, data + size_bytes};
    char *text = fuzz_text(fuzz_rest(&input));
    const char *bytes = (const char *)data;
    struct lt_arena *arena = lt_arena_create();
    struct lt_epoch_offsets offsets;
    struct lt_epoch_prepared prepared;
    int64_t watermark_ms;
    struct lt_text_buffer out;
    struct lt_error error;
    uint64_t count = 0;
    lt_text_init(&out);
    (void)!lt_epoch_log_parse_offsets(bytes, size_bytes, arena, &offsets, &error);
    (void)!lt_epoch_log_parse_commit(bytes, size_bytes, &watermark_ms, &error);
    (void)!lt_epoch_log_parse_prepared(bytes, size_bytes, &prepared, &error);
    (void)!lt_epoch_log_parse_metadata(bytes, size_bytes, &out, &error);
    (void)!lt_epoch_log_parse_notes(bytes, size_bytes, &out, &error);
    (void)lt_epoch_log_parse_name(text, &count);
    count = 0;
    (void)!lt_kafka_offsets_parse(text, visit, &count, &error);
    (void)!lt_kafka_assign_parse(text, visit, &count, &error);
    lt_text_clear(&out);
    lt_text_append_n(&out, bytes, size_bytes);
    (void)!lt_crc_check(&out, bytes, size_bytes, &error);
    lt_text_fini(&out);
    lt_arena_destroy(arena);
    free(text);
    return 0;
}
