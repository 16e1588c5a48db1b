/*
 * JSON: a line with the type to read, one with options, one with a path, then the document. It is
 * read into the type by both ways of reading, its type is inferred, the path is taken out of it
 * twice, and it is read as a tree.
 *
 * What was read is written, and what was written is read again.
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "core/text/json.h"
#include "core/text/json_infer.h"
#include "core/text/json_path.h"
#include "core/text/json_read.h"
#include "core/text/json_scan.h"
#include "core/text/json_tree.h"
#include "core/text/json_write.h"

struct settings {
    struct lt_json_options *options;
    struct lt_arena *arena;
};

static void set(void *context, char *key, char *value)
{
    struct settings *settings = context;
    struct lt_error error;
    (void)!lt_json_options_set(settings->options, settings->arena, key, value, &error);
}

static void write_and_read_again(struct lt_json_reader *reader, const struct lt_type *type,
                                 const union lt_value *value, struct lt_arena *arena)
{
    const struct lt_codec_memory memory = fuzz_memory(arena);
    const struct lt_codec_times times = fuzz_codec_times();
    const struct lt_json_write_options options = {.times = &times};
    struct lt_text_buffer text;
    union lt_value again;
    lt_text_init(&text);
    lt_json_write_value(&text, type, value, &options);
    if (text.size_bytes > 0) {
        const struct lt_bytes document = {.data = (const uint8_t *)text.data,
                                          .size_bytes = (uint32_t)text.size_bytes};
        (void)lt_json_read(reader, document, &memory, &again);
    }
    lt_text_fini(&text);
}

static void read_typed(const struct lt_type *type, const struct lt_json_options *options,
                       struct lt_bytes document, bool is_source)
{
    struct lt_arena *arena = lt_arena_create();
    const struct lt_codec_memory memory = fuzz_memory(arena);
    const struct lt_json_read_setup setup = {.type = type,
                                             .options = options,
                                             .times = fuzz_codec_times(),
                                             .keeps_text = is_source,
                                             .reads_alone = document.size_bytes % 2 == 1,
                                             .splits_arrays =
                                                 is_source && type->kind == LT_TYPE_STRUCT};
    const struct lt_type *given = setup.splits_arrays ? lt_type_array(arena, type, true) : type;
    struct lt_json_reader *reader;
    struct lt_error error;
    union lt_value value;
    if (lt_json_reader_create(&setup, &reader, &error) == LT_OK) {
        if (lt_json_read(reader, document, &memory, &value) == LT_CODEC_VALUE)
            write_and_read_again(reader, given, &value, arena);
        lt_json_reader_destroy(reader);
    }
    lt_arena_destroy(arena);
}

static void take_path(struct lt_bytes path_text, struct lt_bytes document)
{
    struct lt_text_buffer out;
    lt_text_init(&out);
    struct lt_json_path *path =
        path_text.size_bytes == 0
            ? NULL
            : lt_json_path_create((const char *)path_text.data, path_text.size_bytes);
    if (path != NULL)
        (void)lt_json_path_get(path, document.data, document.size_bytes, &out);
    lt_json_path_destroy(path);
    lt_text_fini(&out);

    char *text = fuzz_text(path_text);
    const char *const paths[] = {text, "a", "a.b", "a[0]"};
    struct lt_json_field fields[4];
    struct lt_json_extractor *extractor;
    struct lt_error error;
    if (lt_json_extractor_create(paths, 4, &extractor, &error) == LT_OK) {
        (void)lt_json_extract(extractor, document.data, document.size_bytes, 0, fields);
        lt_json_extractor_destroy(extractor);
    }
    free(text);
}

static void scan(struct lt_bytes document, unsigned flags)
{
    struct lt_json_scan all;
    struct lt_text_buffer out;
    lt_text_init(&out);
    lt_json_scan_init(&all, document.data, document.size_bytes, flags);
    while (lt_json_scan_next(&all) != LT_JSON_TOKEN_END && all.token != LT_JSON_TOKEN_INVALID) {
        lt_text_clear(&out);
        if (!lt_json_scan_copy(&all, false, &out))
            break;
    }
    lt_text_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    struct fuzz_input input = {data, data + size_bytes};
    char *ddl = fuzz_text(fuzz_line(&input));
    struct lt_arena *arena = lt_arena_create();
    struct lt_json_options options;
    const struct lt_type *type;
    const struct lt_json *tree;
    struct lt_error error;
    const struct lt_codec_times times = fuzz_codec_times();
    lt_json_options_init(&options);
    fuzz_settings(fuzz_line(&input), set, &(struct settings){&options, arena});
    struct lt_bytes path = fuzz_line(&input), document = fuzz_rest(&input);
    if (lt_type_parse_any(ddl, arena, &type, &error) == LT_OK) {
        read_typed(type, &options, document, false);
        read_typed(type, &options, document, true);
    }
    take_path(path, document);
    scan(document, lt_json_options_scan_flags(&options));
    (void)!lt_json_infer(document.data, document.size_bytes, &options, &times, arena, &type,
                         &error);
    (void)!lt_json_parse((const char *)document.data, document.size_bytes, arena, &tree, &error);
    lt_arena_destroy(arena);
    free(ddl);
    return 0;
}
