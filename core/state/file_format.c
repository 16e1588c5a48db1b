/*
 * The pieces of a state file, to and from bytes.
 */
#include "core/state/file_format.h"

#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define HEADER_MAGIC "LEATSTAT"
#define TRAILER_MAGIC "LEATDONE"

enum { MAGIC_BYTES = LT_STATE_MAGIC_BYTES, CHECKED_BYTES = 56, BLOCK_CHECKED_BYTES = 16 };
_Static_assert(CHECKED_BYTES + 8 == LT_STATE_HEADER_BYTES, "a checksum is last");
_Static_assert(CHECKED_BYTES + 8 == LT_STATE_TRAILER_BYTES, "a checksum is last");
_Static_assert(BLOCK_CHECKED_BYTES + 8 == LT_STATE_BLOCK_HEADER_BYTES, "a checksum is last");
_Static_assert((uint64_t)LT_STATE_ENTRY_MAX_BYTES + LT_STATE_ENTRY_OVERHEAD_MAX +
                       LT_STATE_BLOCK_BYTES <=
                   UINT32_MAX,
               "a block's size is a number of 32 bits");

static const struct {
    const char *suffix;
    enum lt_state_file_kind kind;
} kinds[] = {{".delta", LT_STATE_DELTA}, {".snapshot", LT_STATE_SNAPSHOT}};

char *lt_state_file_name(enum lt_state_file_kind kind, uint64_t version,
                         char out[LT_STATE_FILE_NAME_SIZE])
{
    const char *suffix = kinds[kind == LT_STATE_DELTA ? 0 : 1].suffix;
    snprintf(out, LT_STATE_FILE_NAME_SIZE, "%" PRIu64 "%s", version, suffix);
    return out;
}

bool lt_state_file_name_parse(const char *name, enum lt_state_file_kind *kind, uint64_t *version)
{
    if (name[0] < '0' || name[0] > '9' || (name[0] == '0' && name[1] != '.'))
        return false;
    char *end;
    *version = strtoull(name, &end, 10);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        char again[LT_STATE_FILE_NAME_SIZE];
        *kind = kinds[i].kind;
        if (strcmp(end, kinds[i].suffix) == 0)
            return strcmp(lt_state_file_name(*kind, *version, again), name) == 0;
    }
    return false;
}

/* ------------------------------------------------------------------------------------- numbers */

static void write_u32(unsigned char *out, uint32_t value)
{
    value = htole32(value);
    memcpy(out, &value, sizeof value);
}

static void write_u64(unsigned char *out, uint64_t value)
{
    value = htole64(value);
    memcpy(out, &value, sizeof value);
}

static uint32_t read_u32(const unsigned char *bytes)
{
    uint32_t value;
    memcpy(&value, bytes, sizeof value);
    return le32toh(value);
}

static uint64_t read_u64(const unsigned char *bytes)
{
    uint64_t value;
    memcpy(&value, bytes, sizeof value);
    return le64toh(value);
}

static size_t write_number(unsigned char *out, uint64_t value)
{
    size_t size = 0;
    for (; value >= 0x80; value >>= 7)
        out[size++] = (unsigned char)(value | 0x80);
    out[size++] = (unsigned char)value;
    return size;
}

/* 0: no number ends within `size_bytes`, or it is not written in its shortest form. */
static size_t read_number(const unsigned char *bytes, size_t size_bytes, uint64_t *out)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size_bytes && i < 10; i++) {
        uint64_t digit = bytes[i] & 0x7f;
        if (i == 9 && digit > 1)
            return 0;
        value |= digit << (7 * i);
        if (bytes[i] < 0x80) {
            *out = value;
            return bytes[i] == 0 && i > 0 ? 0 : i + 1;
        }
    }
    return 0;
}

/* -------------------------------------------------------------------------- header and trailer */

bool lt_state_is_magic(const char bytes[LT_STATE_MAGIC_BYTES])
{
    return memcmp(bytes, HEADER_MAGIC, MAGIC_BYTES) == 0;
}

void lt_state_header_write(struct lt_state_header *header, unsigned char out[LT_STATE_HEADER_BYTES])
{
    memset(out, 0, LT_STATE_HEADER_BYTES);
    memcpy(out, HEADER_MAGIC, MAGIC_BYTES);
    write_u32(out + 8, LT_STATE_FILE_VERSION);
    out[12] = (unsigned char)header->kind;
    out[13] = (unsigned char)header->codec;
    write_u64(out + 16, header->version);
    write_u64(out + 24, header->base);
    write_u32(out + 32, header->partition);
    write_u32(out + 36, header->partition_count);
    write_u32(out + 40, header->first_group);
    write_u32(out + 44, header->end_group);
    write_u32(out + 48, header->key_suffix_bytes);
    header->checksum = XXH3_64bits(out, CHECKED_BYTES);
    write_u64(out + CHECKED_BYTES, header->checksum);
}

/* What no writer writes, under a right checksum. */
static const char *judge_header(const struct lt_state_header *header, unsigned kind, unsigned codec)
{
    if ((kind != LT_STATE_DELTA && kind != LT_STATE_SNAPSHOT) || codec >= LT_STATE_CODEC_COUNT)
        return "its header names a kind or a codec that is none";
    if (header->version == 0 || header->base >= header->version ||
        (kind == LT_STATE_SNAPSHOT && header->base != 0))
        return "its header has a base that cannot be";
    if (header->partition >= header->partition_count || header->end_group > LT_STATE_KEY_GROUPS ||
        header->first_group > header->end_group)
        return "its header has a partition that cannot be";
    return NULL;
}

const char *lt_state_header_read(const unsigned char bytes[LT_STATE_HEADER_BYTES],
                                 struct lt_state_header *out)
{
    if (memcmp(bytes, HEADER_MAGIC, MAGIC_BYTES) != 0)
        return "it does not begin as a state file of leat does";
    out->checksum = read_u64(bytes + CHECKED_BYTES);
    if (out->checksum != XXH3_64bits(bytes, CHECKED_BYTES))
        return "its header is damaged: the checksum differs";
    if (read_u32(bytes + 8) != LT_STATE_FILE_VERSION)
        return "its format is of another version of leat";
    out->kind = (enum lt_state_file_kind)bytes[12];
    out->codec = (enum lt_state_codec_kind)bytes[13];
    out->version = read_u64(bytes + 16);
    out->base = read_u64(bytes + 24);
    out->partition = read_u32(bytes + 32);
    out->partition_count = read_u32(bytes + 36);
    out->first_group = read_u32(bytes + 40);
    out->end_group = read_u32(bytes + 44);
    out->key_suffix_bytes = read_u32(bytes + 48);
    return judge_header(out, bytes[12], bytes[13]);
}

void lt_state_trailer_write(const struct lt_state_trailer *trailer,
                            unsigned char out[LT_STATE_TRAILER_BYTES])
{
    memcpy(out, TRAILER_MAGIC, MAGIC_BYTES);
    write_u64(out + 8, trailer->entry_count);
    write_u64(out + 16, trailer->removal_count);
    write_u64(out + 24, trailer->entry_bytes);
    write_u64(out + 32, trailer->block_count);
    write_u64(out + 40, trailer->file_bytes);
    write_u64(out + 48, trailer->checksums);
    write_u64(out + CHECKED_BYTES, XXH3_64bits(out, CHECKED_BYTES));
}

const char *lt_state_trailer_read(const unsigned char bytes[LT_STATE_TRAILER_BYTES],
                                  struct lt_state_trailer *out)
{
    if (memcmp(bytes, TRAILER_MAGIC, MAGIC_BYTES) != 0)
        return "it does not end as a state file of leat does: it is cut, or was added to";
    if (read_u64(bytes + CHECKED_BYTES) != XXH3_64bits(bytes, CHECKED_BYTES))
        return "its end is damaged: the checksum differs";
    out->entry_count = read_u64(bytes + 8);
    out->removal_count = read_u64(bytes + 16);
    out->entry_bytes = read_u64(bytes + 24);
    out->block_count = read_u64(bytes + 32);
    out->file_bytes = read_u64(bytes + 40);
    out->checksums = read_u64(bytes + 48);
    return out->removal_count > out->entry_count ? "its end has counts that cannot be" : NULL;
}

/* -------------------------------------------------------------------------------------- blocks */

static uint64_t block_checksum(const unsigned char bytes[LT_STATE_BLOCK_HEADER_BYTES],
                               const void *stored, size_t stored_bytes)
{
    return XXH3_64bits_withSeed(stored, stored_bytes, XXH3_64bits(bytes, BLOCK_CHECKED_BYTES));
}

void lt_state_block_write(struct lt_state_block *block,
                          unsigned char out[LT_STATE_BLOCK_HEADER_BYTES], const void *stored)
{
    write_u32(out, block->stored_bytes);
    write_u32(out + 4, block->plain_bytes);
    write_u32(out + 8, block->entry_count);
    write_u32(out + 12, 0);
    block->checksum = block_checksum(out, stored, block->stored_bytes);
    write_u64(out + BLOCK_CHECKED_BYTES, block->checksum);
}

void lt_state_block_read(const unsigned char bytes[LT_STATE_BLOCK_HEADER_BYTES],
                         struct lt_state_block *out)
{
    out->stored_bytes = read_u32(bytes);
    out->plain_bytes = read_u32(bytes + 4);
    out->entry_count = read_u32(bytes + 8);
    out->checksum = read_u64(bytes + BLOCK_CHECKED_BYTES);
}

bool lt_state_block_is_sound(const unsigned char bytes[LT_STATE_BLOCK_HEADER_BYTES],
                             const struct lt_state_block *block, const void *stored)
{
    return block->checksum == block_checksum(bytes, stored, block->stored_bytes);
}

uint64_t lt_state_checksums_add(uint64_t checksums, uint64_t checksum)
{
    unsigned char bytes[8];
    write_u64(bytes, checksum);
    return XXH3_64bits_withSeed(bytes, sizeof bytes, checksums);
}

/* ------------------------------------------------------------------------------------- entries */

static uint64_t time_to_number(int64_t time)
{
    uint64_t folded = ((uint64_t)time << 1) ^ (time < 0 ? UINT64_MAX : 0);
    return folded + 2;
}

static int64_t time_of_number(uint64_t number)
{
    uint64_t folded = number - 2;
    return (int64_t)((folded >> 1) ^ ((folded & 1) != 0 ? UINT64_MAX : 0));
}

size_t lt_state_entry_write(const struct lt_state_change *change,
                            unsigned char out[LT_STATE_ENTRY_OVERHEAD_MAX])
{
    size_t size = write_number(out, change->key.size_bytes);
    if (change->is_removed)
        return size + write_number(out + size, 0);
    size += write_number(out + size, (uint64_t)change->value.size_bytes + 1);
    return size + write_number(out + size, time_to_number(change->final_at));
}

/* The numbers of an entry; where its key begins, or 0. */
static size_t read_numbers(const unsigned char *bytes, size_t size_bytes,
                           struct lt_state_change *out, uint64_t *key_size, uint64_t *value_size)
{
    uint64_t tag = 0, time = time_to_number(LT_STATE_NEVER);
    *value_size = 0;
    size_t at = read_number(bytes, size_bytes, key_size);
    size_t used = at == 0 ? 0 : read_number(bytes + at, size_bytes - at, &tag);
    if (used == 0) {
        *key_size = at == 0 ? 0 : *key_size;
        return 0;
    }
    at += used;
    out->is_removed = tag == 0;
    *value_size = tag == 0 ? 0 : tag - 1;
    if (tag != 0) {
        used = read_number(bytes + at, size_bytes - at, &time);
        if (used == 0)
            return 0;
        at += used;
    }
    out->final_at = time_of_number(time);
    return at;
}

size_t lt_state_entry_read(const unsigned char *bytes, size_t size_bytes,
                           struct lt_state_change *out, uint64_t *key_size, uint64_t *value_size)
{
    size_t at = read_numbers(bytes, size_bytes, out, key_size, value_size);
    if (at == 0)
        return 0;
    if (*key_size > size_bytes - at) {
        *value_size = 0;
        return 0;
    }
    if (*value_size > size_bytes - at - *key_size) {
        *key_size = 0;
        return 0;
    }
    out->key = (struct lt_state_bytes){bytes + at, (size_t)*key_size};
    out->value = (struct lt_state_bytes){bytes + at + *key_size, (size_t)*value_size};
    return at + (size_t)*key_size + (size_t)*value_size;
}
