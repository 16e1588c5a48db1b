/*
 * Inputs in parts, and what readers want around them.
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/text/codec_times.h"

struct lt_bytes fuzz_line(struct fuzz_input *input)
{
    const uint8_t *begin = input->at;
    size_t size = (size_t)(input->end - begin);
    const uint8_t *feed = size == 0 ? NULL : memchr(begin, '\n', size);
    input->at = feed == NULL ? input->end : feed + 1;
    return (struct lt_bytes){.data = begin,
                             .size_bytes = (uint32_t)((feed == NULL ? input->end : feed) - begin)};
}

struct lt_bytes fuzz_rest(const struct fuzz_input *input)
{
    return (struct lt_bytes){.data = input->at, .size_bytes = (uint32_t)(input->end - input->at)};
}

char *fuzz_text(struct lt_bytes bytes)
{
    char *text = lt_alloc((size_t)bytes.size_bytes + 1);
    if (bytes.size_bytes > 0)
        memcpy(text, bytes.data, bytes.size_bytes);
    return text;
}

void fuzz_settings(struct lt_bytes line, void (*set)(void *context, char *key, char *value),
                   void *context)
{
    char *text = fuzz_text(line);
    for (char *rest = NULL, *one = strtok_r(text, ";", &rest); one != NULL;
         one = strtok_r(NULL, ";", &rest)) {
        char *value = strchr(one, '=');
        if (value == NULL)
            continue;
        *value++ = '\0';
        set(context, one, value);
    }
    free(text);
}

static void *alloc(void *context, size_t size_bytes)
{
    return lt_arena_alloc(context, size_bytes);
}

struct lt_codec_memory fuzz_memory(struct lt_arena *arena)
{
    return (struct lt_codec_memory){.alloc = alloc, .context = arena};
}

struct lt_datetime_context *fuzz_times(void)
{
    static struct lt_datetime_context times;
    if (times.zones == NULL) {
        static const char NEW_YORK[] = "America/New_York";
        times.zones = lt_zones_create();
        times.clock = lt_clock_system();
        lt_assert(lt_zones_find(times.zones, NEW_YORK, sizeof NEW_YORK - 1, &times.zone));
    }
    return &times;
}

struct lt_codec_times fuzz_codec_times(void)
{
    static struct lt_times *times;
    if (times == NULL) {
        const struct lt_times_setup setup = {.use = LT_DATETIME_PRINTING};
        lt_assert(lt_times_create(&setup, &times, NULL) == LT_OK);
    }
    return lt_times_codec(times);
}
