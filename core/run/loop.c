/*
 * Both paths are compared as the file system resolves them: from the root, without links. Of what
 * is not there yet, the directory is resolved.
 */
#include "core/run/loop.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/arena.h"
#include "core/base/options.h"
#include "core/base/text_buffer.h"

/* file:///x, as Spark writes paths, is /x. */
static const char *without_scheme(const char *path)
{
    if (strncmp(path, "file:", 5) == 0)
        path += 5;
    while (path[0] == '/' && path[1] == '/')
        path++;
    return path;
}

/* The name behind the last slash; of "x/" it is "x/". */
static const char *name_of(const char *path)
{
    const char *name = path;
    for (const char *at = path; at[0] != '\0' && at[1] != '\0'; at++)
        if (*at == '/')
            name = at + 1;
    return name;
}

/* The caller's to free; NULL: not even its directory is there, or it is none of files. */
static char *resolve(const char *path)
{
    struct stat status;
    if (stat(path, &status) == 0)
        return S_ISREG(status.st_mode) || S_ISDIR(status.st_mode) ? realpath(path, NULL) : NULL;
    const char *name = name_of(path);
    size_t size_bytes = strlen(name);
    struct lt_text_buffer text;
    lt_text_init(&text);
    lt_text_append_n(&text, path, (size_t)(name - path));
    lt_text_append_char(&text, '.');
    char *directory = realpath(lt_text_get(&text), NULL);
    lt_text_clear(&text);
    if (directory != NULL)
        lt_text_append(&text, directory);
    lt_text_append_char(&text, '/');
    lt_text_append_n(&text, name, size_bytes - (size_bytes > 0 && name[size_bytes - 1] == '/'));
    char *resolved = directory == NULL ? NULL : lt_strdup(lt_text_get(&text));
    free(directory);
    lt_text_fini(&text);
    return resolved;
}

/* Is it a file that a reader of the directory `source` takes? With _ or . in front it is not. */
static bool is_in(const char *source, const char *sink, bool is_a_directory)
{
    size_t size_bytes = strlen(source);
    struct stat status;
    if (is_a_directory || strncmp(source, sink, size_bytes) != 0 || sink[size_bytes] != '/')
        return false;
    const char *name = sink + size_bytes + 1;
    return strchr(name, '/') == NULL && name[0] != '_' && name[0] != '.' &&
           stat(source, &status) == 0 && S_ISDIR(status.st_mode);
}

/* `makes_files`: the sink's path is a directory of files. */
static bool is_loop(const struct lt_plan_node *read, const char *source, const char *sink,
                    bool makes_files)
{
    if (strcmp(source, sink) == 0 || fnmatch(source, sink, FNM_PATHNAME | FNM_PERIOD) == 0)
        return true;
    return !lt_options_has(read->options, "pathGlobFilter") && is_in(source, sink, makes_files);
}

int lt_loop_check(const struct lt_plan_node *read, const struct lt_plan_node *write,
                  struct lt_error *error)
{
    const char *from = lt_options_get(read->options, "path");
    const char *to = lt_options_get(write->options, "path");
    if (from == NULL || to == NULL)
        return LT_OK;
    char *source = resolve(without_scheme(from)), *sink = resolve(without_scheme(to));
    bool makes_files = write->format != NULL && strcmp(write->format, "append") != 0;
    bool is_refused = source != NULL && sink != NULL && is_loop(read, source, sink, makes_files);
    free(source);
    free(sink);
    if (!is_refused)
        return LT_OK;
    return lt_error_set(error, LT_E_INVALID,
                        "sink %s: '%s' is what source %s reads from '%s': it would read its own "
                        "rows again and again; hint: write to another place",
                        write->format, to, read->format, from);
}
