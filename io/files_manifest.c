#include "io/files_manifest.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/arena.h"
#include "io/files_name.h"
#include "io/manifest.h"

static char *manifest_path(const struct lt_files_place *place)
{
    struct lt_text_buffer path;
    lt_text_init(&path);
    lt_text_append(&path, place->text);
    lt_text_append(&path, "/" LT_MANIFEST_FOLDER);
    return lt_text_take(&path);
}

bool lt_files_manifest_is_there(const struct lt_files_place *place)
{
    struct stat status;
    if (place->is_glob)
        return false;
    char *path = manifest_path(place);
    bool is_there = stat(path, &status) == 0 && S_ISDIR(status.st_mode);
    free(path);
    return is_there;
}

struct manifest_walk {
    const struct lt_files_place *place;
    const struct lt_files_visitor *visitor;
    struct lt_text_buffer path;
};

static int visit_line(void *context, const struct lt_manifest_file *file, struct lt_error *error)
{
    struct manifest_walk *walk = context;
    lt_text_clear(&walk->path);
    int code = lt_files_uri_read(file->uri, &walk->path, error);
    if (code != 0)
        return code;
    const char *path = lt_text_get(&walk->path), *name = lt_files_base_name(path);
    if (walk->place->has_filter && !lt_globs_match(&walk->place->filter, name))
        return 0;
    size_t root_size = lt_files_root_size(walk->place, path);
    if (root_size == 0)
        return lt_error_set(error, LT_E_CORRUPT,
                            "\"%s\" does not lie in \"%s\"; hint: a directory with a manifest "
                            "cannot be moved, since the manifest holds whole paths",
                            path, walk->place->text);
    const struct lt_files_found found = {
        .path = path,
        .root_size = root_size,
        .modified_ms = file->modified_ms,
        .size_bytes = file->size_bytes,
    };
    return walk->visitor->file(walk->visitor->context, &found, error);
}

static int visit_manifest(struct manifest_walk *walk, const char *path, int64_t *last,
                          struct lt_error *error)
{
    struct lt_manifest manifest;
    int code = walk->visitor->directory == NULL
                   ? 0
                   : walk->visitor->directory(walk->visitor->context, path, error);
    if (code != 0)
        return code;
    lt_manifest_init(&manifest);
    code = lt_manifest_load(&manifest, path, error);
    if (code == 0 && manifest.last > *last)
        code = lt_manifest_visit(&manifest, visit_line, walk, error);
    if (code == 0)
        *last = manifest.last;
    lt_manifest_fini(&manifest);
    return code == 0 ? 0 : lt_error_append(error, "manifest \"%s\"", path);
}

int lt_files_manifest_walk(const struct lt_files_place *place, int64_t *last,
                           const struct lt_files_visitor *visitor, struct lt_error *error)
{
    struct manifest_walk walk = {.place = place, .visitor = visitor};
    char *path = manifest_path(place);
    lt_text_init(&walk.path);
    int code = visit_manifest(&walk, path, last, error);
    lt_text_fini(&walk.path);
    free(path);
    return code;
}
