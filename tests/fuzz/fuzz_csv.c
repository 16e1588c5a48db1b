/*
 * CSV: a line with the columns to read, one with options, then the records. They are read one after
 * the other, as a file and as one text, written and read again; and their types are inferred.
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>

#include "core/text/csv_infer.h"
#include "core/text/csv_read.h"
#include "core/text/csv_write.h"

struct settings {
    struct lt_csv_options *options;
    struct lt_arena *arena;
};

static void set(void *context, char *key, char *value)
{
    struct settings *settings = context;
    struct lt_error error;
    (void)!lt_csv_options_set(settings->options, settings->arena, key, value, &error);
}

static void write_and_read_again(struct lt_csv_reader *reader, const struct lt_type *type,
                                 const struct lt_csv_options *options, const union lt_value *value,
                                 const struct lt_codec_memory *memory)
{
    const struct lt_csv_write_setup setup = {.options = options, .times = fuzz_codec_times()};
    struct lt_text_buffer text;
    union lt_value again;
    size_t used = 0;
    lt_text_init(&text);
    lt_csv_write_row(&text, type, value->structure->values, value->structure->nulls, &setup);
    const struct lt_bytes record = {.data = (const uint8_t *)lt_text_get(&text),
                                    .size_bytes = (uint32_t)text.size_bytes};
    (void)lt_csv_read(reader, record, memory, &used, &again);
    lt_text_fini(&text);
}

static void read_records(const struct lt_type *type, const struct lt_csv_options *options,
                         struct lt_bytes text, bool is_source)
{
    struct lt_arena *arena = lt_arena_create();
    const struct lt_codec_memory memory = fuzz_memory(arena);
    const struct lt_csv_read_setup setup = {
        .type = type, .options = options, .times = fuzz_codec_times(), .is_source = is_source};
    struct lt_csv_reader *reader;
    struct lt_error error;
    if (lt_csv_reader_create(&setup, &reader, &error) == LT_OK) {
        for (unsigned i = 0; i < 100 && text.size_bytes > 0; i++) {
            union lt_value value;
            size_t used = 0;
            if (lt_csv_read(reader, text, &memory, &used, &value) == LT_CODEC_VALUE)
                write_and_read_again(reader, type, options, &value, &memory);
            lt_assert(used <= text.size_bytes);
            if (used == 0)
                break;
            text.data += used;
            text.size_bytes -= (uint32_t)used;
        }
        lt_csv_reader_destroy(reader);
    }
    lt_arena_destroy(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    struct fuzz_input input = {data, data + size_bytes};
    char *ddl = fuzz_text(fuzz_line(&input));
    struct lt_arena *arena = lt_arena_create();
    struct lt_csv_options options;
    const struct lt_type *type;
    struct lt_error error;
    const struct lt_codec_times times = fuzz_codec_times();
    lt_csv_options_init(&options);
    fuzz_settings(fuzz_line(&input), set, &(struct settings){&options, arena});
    struct lt_bytes text = fuzz_rest(&input);
    if (lt_type_parse_ddl(ddl, arena, &type, &error) == LT_OK) {
        read_records(type, &options, text, false);
        read_records(type, &options, text, true);
    }
    (void)!lt_csv_infer(text.data, text.size_bytes, &options, &times, arena, &type, &error);
    lt_arena_destroy(arena);
    free(ddl);
    return 0;
}
