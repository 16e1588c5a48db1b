#include "io/tail_place.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "core/base/arena.h"
#include "core/text/json_tree.h"
#include "core/text/json_write.h"

enum { FINGERPRINT_SIZE = 40 };

static void lock(struct lt_tail_places *places)
{
    int result = pthread_mutex_lock(&places->lock);
    lt_assert(result == 0);
}

static void unlock(struct lt_tail_places *places)
{
    int result = pthread_mutex_unlock(&places->lock);
    lt_assert(result == 0);
}

void lt_tail_places_init(struct lt_tail_places *places)
{
    *places = (struct lt_tail_places){.next_number = 1};
    int result = pthread_mutex_init(&places->lock, NULL);
    lt_assert(result == 0);
}

void lt_tail_places_fini(struct lt_tail_places *places)
{
    for (uint32_t i = 0; i < places->count; i++)
        lt_tail_place_destroy(places->list[i]);
    free(places->list);
    int result = pthread_mutex_destroy(&places->lock);
    lt_assert(result == 0);
}

struct lt_tail_place *lt_tail_place_create(uint32_t count)
{
    struct lt_tail_place *place = lt_alloc(sizeof *place);
    place->count = count;
    place->marks = lt_alloc_array(count > 0 ? count : 1, sizeof *place->marks);
    return place;
}

void lt_tail_place_destroy(struct lt_tail_place *place)
{
    if (place == NULL)
        return;
    for (uint32_t i = 0; i < place->count; i++)
        free(place->marks[i].path);
    free(place->marks);
    free(place);
}

uint64_t lt_tail_head_hash(const void *head, uint32_t head_bytes)
{
    return head_bytes == 0 ? 0 : XXH64(head, head_bytes, 0);
}

int64_t lt_tail_places_add(struct lt_tail_places *places, struct lt_tail_place *place)
{
    lock(places);
    if (places->count == places->capacity) {
        places->capacity = places->capacity == 0 ? 16 : 2 * places->capacity;
        places->list =
            lt_realloc_array(places->list, places->capacity, sizeof(struct lt_tail_place *));
    }
    int64_t number = places->next_number++;
    place->number = number;
    places->list[places->count++] = place;
    unlock(places);
    return number;
}

static const struct lt_tail_place *find(const struct lt_tail_places *places, int64_t number)
{
    for (uint32_t i = places->count; i > 0; i--)
        if (places->list[i - 1]->number == number)
            return places->list[i - 1];
    return NULL;
}

struct lt_tail_place *lt_tail_places_copy(struct lt_tail_places *places, int64_t number)
{
    lock(places);
    const struct lt_tail_place *found = find(places, number);
    struct lt_tail_place *copy = lt_tail_place_create(found == NULL ? 0 : found->count);
    copy->number = number;
    copy->time_us = found == NULL ? 0 : found->time_us;
    for (uint32_t i = 0; i < copy->count; i++) {
        copy->marks[i] = found->marks[i];
        copy->marks[i].path = lt_strdup(found->marks[i].path);
    }
    unlock(places);
    return copy;
}

void lt_tail_places_remove(struct lt_tail_places *places, int64_t number)
{
    struct lt_tail_place *removed = NULL;
    lock(places);
    for (uint32_t i = places->count; i-- > 0 && removed == NULL;) { /* it is one of the last */
        if (places->list[i]->number != number)
            continue;
        removed = places->list[i];
        places->count--;
        memmove(places->list + i, places->list + i + 1,
                (places->count - i) * sizeof places->list[0]);
    }
    unlock(places);
    lt_tail_place_destroy(removed);
}

void lt_tail_places_commit(struct lt_tail_places *places, int64_t number)
{
    lock(places);
    if (number > places->committed)
        places->committed = number;
    uint32_t older = 0;
    while (older < places->count && places->list[older]->number < number)
        older++;
    uint32_t gone = older > LT_TAIL_PLACES_KEPT ? older - LT_TAIL_PLACES_KEPT : 0;
    for (uint32_t i = 0; i < gone; i++)
        lt_tail_place_destroy(places->list[i]);
    places->count -= gone;
    memmove(places->list, places->list + gone, places->count * sizeof places->list[0]);
    unlock(places);
}

int64_t lt_tail_places_committed(struct lt_tail_places *places)
{
    lock(places);
    int64_t number = places->committed;
    unlock(places);
    return number;
}

/* ---------------------------------------------------------------------------------------- JSON */

void lt_tail_place_to_json(const struct lt_tail_place *place, struct lt_text_buffer *out)
{
    lt_text_format(out, "{\"time\":%" PRId64 ",\"files\":[", place->time_us);
    for (uint32_t i = 0; i < place->count; i++) {
        const struct lt_tail_mark *mark = &place->marks[i];
        lt_text_append(out, i == 0 ? "{\"path\":" : ",{\"path\":");
        lt_json_write_string(out, mark->path, strlen(mark->path));
        lt_text_format(out,
                       ",\"inode\":%" PRIu64 ",\"offset\":%" PRId64 ",\"fingerprint\":\"%" PRIu32
                       ":%016" PRIx64 "\"%s}",
                       mark->inode, mark->offset, mark->head_bytes, mark->head_hash,
                       mark->is_rotated ? ",\"rotated\":1" : "");
    }
    lt_text_append(out, "]}");
}

static int read_fingerprint(const char *text, struct lt_tail_mark *mark, struct lt_error *error)
{
    int used = 0;
    if (strlen(text) < FINGERPRINT_SIZE &&
        sscanf(text, "%" SCNu32 ":%" SCNx64 "%n", &mark->head_bytes, &mark->head_hash, &used) ==
            2 &&
        text[used] == '\0' && mark->head_bytes <= LT_TAIL_HEAD_BYTES)
        return 0;
    return lt_error_set(error, LT_E_CORRUPT, "'%.60s' is no fingerprint", text);
}

/* Some file systems set the top bit of all of them. */
static int read_inode(const struct lt_json *json, uint64_t *out, struct lt_error *error)
{
    const struct lt_json *field = lt_json_get(json, "inode");
    int64_t number = 0;
    if (field != NULL && field->kind == LT_JSON_BIG) {
        errno = 0;
        *out = strtoull(field->text, NULL, 10);
        if (errno == 0 && field->text[0] != '-')
            return 0;
        return lt_error_set(error, LT_E_CORRUPT, "\"inode\" cannot be %.60s", field->text);
    }
    int code = lt_json_get_i64(json, "inode", &number, error);
    if (code == 0 && number < 0)
        code = lt_error_set(error, LT_E_CORRUPT, "\"inode\" cannot be %" PRId64, number);
    *out = (uint64_t)number;
    return code;
}

static int read_mark(const struct lt_json *json, struct lt_tail_mark *mark, struct lt_error *error)
{
    const char *path, *fingerprint;
    int code = lt_json_get_text(json, "path", &path, error);
    if (code == 0)
        code = read_inode(json, &mark->inode, error);
    if (code == 0)
        code = lt_json_get_i64(json, "offset", &mark->offset, error);
    if (code == 0)
        code = lt_json_get_text(json, "fingerprint", &fingerprint, error);
    if (code == 0)
        code = read_fingerprint(fingerprint, mark, error);
    if (code != 0)
        return code;
    if (mark->offset < 0)
        return lt_error_set(error, LT_E_CORRUPT, "the offset of '%s' is %" PRId64, path,
                            mark->offset);
    mark->is_rotated = lt_json_get(json, "rotated") != NULL;
    mark->path = lt_strdup(path);
    return 0;
}

int lt_tail_place_from_json(const char *json, struct lt_tail_place **out, struct lt_error *error)
{
    struct lt_arena *arena = lt_arena_create();
    const struct lt_json *document, *files = NULL;
    *out = NULL;
    int code = lt_json_parse(json, strlen(json), arena, &document, error);
    if (code == 0) {
        files = lt_json_get(document, "files");
        if (files == NULL || !files->is_array)
            code = lt_error_set(error, LT_E_CORRUPT, "there is no list \"files\"");
    }
    struct lt_tail_place *place = code == 0 ? lt_tail_place_create((uint32_t)files->count) : NULL;
    if (code == 0)
        code = lt_json_get_i64(document, "time", &place->time_us, error);
    for (size_t i = 0; code == 0 && i < files->count; i++)
        code = read_mark(&files->items[i], &place->marks[i], error);
    lt_arena_destroy(arena);
    if (code == 0)
        *out = place;
    else
        lt_tail_place_destroy(place);
    return code;
}
