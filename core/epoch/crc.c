/*
 * CRC-32C by a table of 16 entries, four bits at a time: checkpoint files are a few hundred bytes,
 * once an epoch, so smallness wins over speed. zlib's crc32 is another polynomial.
 *
 * Spark writes the value as a signed 32-bit number.
 */
#include "core/epoch/crc.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/text/json_tree.h"

uint32_t lt_crc32c(const void *content, size_t size_bytes)
{
    /* table[i] is the remainder of i, shifted through four bits, for the reflected 0x82f63b78. */
    static const uint32_t table[16] = {
        0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
        0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
        0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
    };
    const unsigned char *bytes = content;
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < size_bytes; i++) {
        crc ^= bytes[i];
        crc = (crc >> 4) ^ table[crc & 15];
        crc = (crc >> 4) ^ table[crc & 15];
    }
    return ~crc;
}

void lt_crc_format(struct lt_text_buffer *out, const void *content, size_t size_bytes,
                   int64_t wall_us)
{
    lt_text_format(out,
                   "{\"algorithm\":\"CRC32C\",\"value\":%" PRId32 ",\"mainFileSize\":%zu,"
                   "\"timestampMs\":%" PRId64 ",\"creator\":{\"executorId\":\"leat\","
                   "\"taskInfo\":\"\"}}",
                   (int32_t)lt_crc32c(content, size_bytes), size_bytes, wall_us / LT_US_PER_MS);
}

/* The checksum and size that a companion names. */
static int parse(const struct lt_text_buffer *companion, struct lt_arena *arena, int64_t *value,
                 int64_t *size_bytes, struct lt_error *error)
{
    const struct lt_json *json;
    const char *algorithm;
    if (lt_json_parse(lt_text_get(companion), companion->size_bytes, arena, &json, NULL) != 0 ||
        lt_json_get_text(json, "algorithm", &algorithm, NULL) != 0 ||
        lt_json_get_i64(json, "value", value, NULL) != 0 ||
        lt_json_get_i64(json, "mainFileSize", size_bytes, NULL) != 0)
        return lt_error_set(error, LT_E_CORRUPT, "its .crc companion is damaged");
    if (strcmp(algorithm, "CRC32C") != 0)
        return lt_error_set(error, LT_E_CORRUPT,
                            "its .crc companion uses the unknown algorithm '%s'", algorithm);
    return 0;
}

int lt_crc_check(const struct lt_text_buffer *companion, const void *content, size_t size_bytes,
                 struct lt_error *error)
{
    int64_t value, main_file_size;
    struct lt_arena *arena = lt_arena_create();
    int code = parse(companion, arena, &value, &main_file_size, error);
    lt_arena_destroy(arena);
    if (code != 0)
        return code;
    if (main_file_size != (int64_t)size_bytes)
        return lt_error_set(error, LT_E_CORRUPT,
                            "it has %zu bytes, its .crc companion says %" PRId64, size_bytes,
                            main_file_size);
    int32_t computed = (int32_t)lt_crc32c(content, size_bytes);
    if (value != computed)
        return lt_error_set(error, LT_E_CORRUPT,
                            "its CRC32C is %" PRId32 ", its .crc companion says %" PRId64, computed,
                            value);
    return 0;
}
