#include "bench/files/data.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/verdict.h"

enum { PATH_BYTES = 512, BUFFER_BYTES = 1 << 20 };

/* xorshift64*, Vigna 2016: the same numbers in every run. */
static uint64_t next_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

typedef void print_line_fn(FILE *file, uint64_t *state);

/* Words of letters that hold neither of the two that are searched for. */
static void print_text(FILE *file, uint64_t *state)
{
    char line[DATA_LINE_BYTES];
    for (size_t i = 0; i < sizeof line; i++) {
        uint64_t random = next_random(state);
        line[i] = random % 7 == 0 ? ' ' : (char)('a' + (random >> 8) % 26);
    }
    line[sizeof line - 1] = '\n';
    size_t at = next_random(state) % 40;
    if (next_random(state) % 10 == 0)
        memcpy(line + at, DATA_WORD_RARE, strlen(DATA_WORD_RARE));
    if (next_random(state) % 10 != 0)
        memcpy(line + 50 + at, DATA_WORD_FREQUENT, strlen(DATA_WORD_FREQUENT));
    fwrite(line, 1, sizeof line, file);
}

static void print_json(FILE *file, uint64_t *state)
{
    static const char *const symbols[] = {DATA_SYMBOL, "DEFG", "HI"};
    uint64_t random = next_random(state);
    fprintf(file,
            "{\"id\":%u,\"sym\":\"%s\",\"side\":\"%s\",\"price\":%u.%02u,\"qty\":%u,\"venue\":"
            "\"XLON\",\"note\":\"%08x\"}\n",
            (unsigned)(random % 1000000), symbols[random % 3], (random & 64) != 0 ? "buy" : "sell",
            (unsigned)((random >> 8) % 150), (unsigned)((random >> 16) % 100),
            (unsigned)((random >> 24) % 1000), (unsigned)(random >> 32));
}

static void make_file(const char *path, uint64_t size_bytes, uint64_t seed, print_line_fn *print)
{
    FILE *file = fopen(path, "w");
    if (file == NULL)
        bench_wrong("cannot write \"%s\": %s", path, strerror(errno));
    (void)setvbuf(file, NULL, _IOFBF, BUFFER_BYTES);
    uint64_t state = seed;
    while ((uint64_t)ftell(file) < size_bytes)
        for (int i = 0; i < 100; i++)
            print(file, &state);
    if (ferror(file) || fclose(file) != 0)
        bench_wrong("cannot write \"%s\": %s", path, strerror(errno));
}

/* A kind of files: its name, how their names end, and their lines. */
static const struct kind {
    const char *name, *suffix;
    print_line_fn *print;
} text = {"text", "txt", print_text}, json = {"json", "json", print_json};

static void make_directory(const char *path)
{
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        bench_wrong("cannot make \"%s\": %s", path, strerror(errno));
}

static void make(const char *directory, uint64_t total_bytes, const struct kind *kind)
{
    uint64_t file_bytes = total_bytes / DATA_FILES;
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", directory, kind->name);
    make_directory(path);
    for (uint64_t i = 0; i < DATA_FILES; i++) {
        struct stat there;
        snprintf(path, sizeof path, "%s/%s/lines-%d.%s", directory, kind->name, (int)i,
                 kind->suffix);
        if (stat(path, &there) == 0 && (uint64_t)there.st_size >= file_bytes &&
            (uint64_t)there.st_size < file_bytes + 100 * 2 * DATA_LINE_BYTES)
            continue;
        make_file(path, file_bytes, 88172645463325252 + i, kind->print);
    }
}

void data_make_text(const char *directory, uint64_t total_bytes)
{
    make(directory, total_bytes, &text);
}

void data_make_json(const char *directory, uint64_t total_bytes)
{
    make(directory, total_bytes, &json);
}

void data_make_part(const char *directory, const char *name)
{
    const struct kind *kind = strcmp(name, text.name) == 0 ? &text : &json;
    char from[PATH_BYTES], to[PATH_BYTES];
    snprintf(to, sizeof to, "%s/%s-part", directory, kind->name);
    make_directory(to);
    snprintf(from, sizeof from, "%s/%s/lines-0.%s", directory, kind->name, kind->suffix);
    snprintf(to, sizeof to, "%s/%s-part/lines-0.%s", directory, kind->name, kind->suffix);
    (void)unlink(to); /* it may be of other files than these */
    if (link(from, to) != 0)
        bench_wrong("cannot make \"%s\": %s", to, strerror(errno));
}
