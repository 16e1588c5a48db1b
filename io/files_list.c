#include "io/files_list.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "io/files_name.h"

enum { COMPONENTS_MAX = 256, PATH_SIZE = 4096, TODO_FIRST = 64 };

/* ------------------------------------------------------------------------------------ the place */

static int cut_pattern(const char *pattern, struct lt_arena *arena, struct lt_files_pattern *out,
                       struct lt_error *error)
{
    const char **components = lt_arena_alloc(arena, COMPONENTS_MAX * sizeof components[0]);
    size_t count = 0, first_glob = COMPONENTS_MAX;
    for (const char *at = pattern; *at != '\0';) {
        size_t size = strcspn(at, "/");
        if (size > 0) {
            if (count == COMPONENTS_MAX)
                return lt_error_set(error, LT_E_LIMIT, "the path has more than %d directories",
                                    COMPONENTS_MAX);
            components[count] = lt_arena_text_n(arena, at, size);
            if (first_glob == COMPONENTS_MAX && lt_glob_is_pattern(components[count]))
                first_glob = count;
            count++;
        }
        at += size + (at[size] == '/');
    }
    *out = (struct lt_files_pattern){
        .components = components,
        .count = count,
        .first_glob = first_glob < count ? first_glob : count,
    };
    return 0;
}

int lt_files_place_init(struct lt_files_place *place, const char *path, const char *filter,
                        bool is_recursive, struct lt_arena *arena, struct lt_error *error)
{
    struct lt_globs globs;
    *place = (struct lt_files_place){
        .is_recursive = is_recursive,
        .is_deep = is_recursive,
        .has_filter = filter != NULL,
        .is_glob = lt_glob_is_pattern(path),
    };
    int code = lt_files_path(path, arena, &place->text, error);
    if (code == 0)
        code = lt_globs_parse(place->text, arena, &globs, error);
    if (code == 0 && filter != NULL)
        code = lt_globs_parse(filter, arena, &place->filter, error);
    if (code != 0)
        return code;
    place->pattern_count = globs.count;
    place->patterns = lt_arena_alloc(arena, globs.count * sizeof place->patterns[0]);
    for (size_t i = 0; i < globs.count && code == 0; i++)
        code = cut_pattern(globs.patterns[i], arena, &place->patterns[i], error);
    return code;
}

/* ------------------------------------------------------------------------------------- one path */

/* Cuts a copy of an absolute path at its slashes; false when it is too long. */
struct cut_path {
    char text[PATH_SIZE];
    const char *components[COMPONENTS_MAX];
    size_t ends[COMPONENTS_MAX]; /* of each, in the path */
    size_t count;
};

static bool cut_path(const char *path, struct cut_path *cut)
{
    size_t size = strlen(path), begin = 0;
    cut->count = 0;
    if (size >= sizeof cut->text)
        return false;
    memcpy(cut->text, path, size + 1);
    for (size_t i = 0; i <= size; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        cut->text[i] = '\0';
        if (i > begin) {
            if (cut->count == COMPONENTS_MAX)
                return false;
            cut->ends[cut->count] = i;
            cut->components[cut->count++] = cut->text + begin;
        }
        begin = i + 1;
    }
    return cut->count > 0;
}

static bool matches(const struct lt_files_pattern *pattern, const struct cut_path *cut)
{
    for (size_t i = 0; i < pattern->count; i++)
        if (!lt_glob_match(pattern->components[i], cut->components[i]))
            return false;
    return true;
}

/* The fewest components that are a root of this path; false: it is under none. */
static bool find_root(const struct lt_files_place *place, const struct cut_path *cut, size_t *out)
{
    size_t fewest = COMPONENTS_MAX;
    for (size_t i = 0; i < place->pattern_count; i++) {
        const struct lt_files_pattern *pattern = &place->patterns[i];
        if (pattern->count <= cut->count && pattern->count < fewest && matches(pattern, cut))
            fewest = pattern->count;
    }
    *out = fewest;
    return fewest < COMPONENTS_MAX;
}

static size_t root_end(const struct cut_path *cut, size_t root)
{
    size_t directories = root == cut->count ? root - 1 : root;
    return directories == 0 ? 1 : cut->ends[directories - 1];
}

size_t lt_files_root_size(const struct lt_files_place *place, const char *path)
{
    struct cut_path cut;
    size_t root;
    return cut_path(path, &cut) && find_root(place, &cut, &root) ? root_end(&cut, root) : 0;
}

static bool is_name_wanted(const struct lt_files_place *place, const char *name)
{
    return !lt_files_is_hidden(name) &&
           (!place->has_filter || lt_globs_match(&place->filter, name));
}

bool lt_files_is_wanted(const struct lt_files_place *place, const char *path)
{
    struct cut_path cut;
    size_t root;
    if (!cut_path(path, &cut) || !find_root(place, &cut, &root))
        return false;
    if (cut.count > root + 1 && !place->is_deep)
        return false;
    for (size_t i = root; i + 1 < cut.count; i++)
        if (lt_files_is_hidden(cut.components[i]))
            return false;
    return is_name_wanted(place, cut.components[cut.count - 1]);
}

static void describe(const struct stat *status, struct lt_files_found *out)
{
    out->modified_ms = (int64_t)status->st_mtim.tv_sec * 1000 + status->st_mtim.tv_nsec / 1000000;
    out->size_bytes = status->st_size;
}

int lt_files_look_at(const struct lt_files_place *place, const char *path,
                     struct lt_files_found *out, struct lt_error *error)
{
    struct stat status;
    int number = stat(path, &status) == 0 ? 0 : errno;
    if (number == ELOOP)
        return lt_error_set(error, LT_E_NOT_FOUND, "\"%s\" is a link that goes round", path);
    if (number != 0)
        return lt_error_set_errno(error, number, "\"%s\"", path);
    if (!S_ISREG(status.st_mode))
        return lt_error_set(error, LT_E_NOT_FOUND, "\"%s\" is no regular file", path);
    *out = (struct lt_files_found){.path = path, .root_size = lt_files_root_size(place, path)};
    describe(&status, out);
    return 0;
}

/* ------------------------------------------------------------------------------------- the walk */

/* What is still to be gone to. */
struct stop {
    char *path;
    const struct lt_files_pattern *pattern; /* NULL: below a root */
    size_t component;                       /* of the pattern, the next; its count: a root */
    size_t root_size;
};

struct walk {
    const struct lt_files_place *place;
    const struct lt_files_visitor *visitor;
    struct stop *todo;
    size_t count, capacity;
};

static void push(struct walk *walk, struct stop stop)
{
    if (walk->count == walk->capacity) {
        walk->capacity = walk->capacity == 0 ? TODO_FIRST : 2 * walk->capacity;
        walk->todo = lt_realloc_array(walk->todo, walk->capacity, sizeof walk->todo[0]);
    }
    walk->todo[walk->count++] = stop;
}

static int visit_directory(struct walk *walk, const char *path, struct lt_error *error)
{
    return walk->visitor->directory == NULL
               ? 0
               : walk->visitor->directory(walk->visitor->context, path, error);
}

/* There is nothing of that name, or a link that leads to nothing. */
static bool is_missing(int number)
{
    return number == ENOENT || number == ENOTDIR || number == ELOOP;
}

/* What vanished meanwhile, or is something else than it was, is no fault; what may not be read
 * is. */
static int failed(const char *what, const char *path, struct lt_error *error)
{
    if (is_missing(errno))
        return 0;
    int code = lt_error_set_errno(error, errno, "%s \"%s\"", what, path);
    if (code == LT_E_PERMISSION)
        code = lt_error_set(error, code,
                            "%s \"%s\": permission denied; hint: leat must be allowed to read it "
                            "and to look into every directory above it",
                            what, path);
    return code;
}

/* `status` NULL: it was not asked for. */
static int visit_file(struct walk *walk, const char *path, size_t root_size,
                      const struct stat *status, struct lt_error *error)
{
    struct lt_files_found found = {.path = path, .root_size = root_size};
    if (status != NULL)
        describe(status, &found);
    return walk->visitor->file(walk->visitor->context, &found, error);
}

/* A directory below a root whose directories are not read. */
static void leave_out(struct walk *walk, const struct stop *stop, const char *name)
{
    if (walk->visitor->left_out == NULL || strchr(name, '=') == NULL)
        return;
    char *path = lt_files_join(stop->path, name);
    walk->visitor->left_out(walk->visitor->context, path);
    free(path);
}

/* Is the target of this link a directory that the link lies below? What is there is read by its own
 * name, and going round would have no end. */
static bool is_loop(const char *link, const struct stat *target)
{
    struct stat status;
    char *above = lt_strdup(link), *slash;
    bool is_same = false;
    while (!is_same && (slash = strrchr(above, '/')) != NULL) {
        slash[slash == above] = '\0'; /* the first one is a directory's name */
        is_same = stat(above, &status) == 0 && status.st_dev == target->st_dev &&
                  status.st_ino == target->st_ino;
        if (slash == above)
            break;
    }
    free(above);
    return is_same;
}

/* A directory below a root, whose path the list takes unless it is not to be read. */
static bool push_directory(struct walk *walk, const struct stop *stop, char *path,
                           const struct stat *target)
{
    if (!walk->place->is_deep || (target != NULL && is_loop(path, target)))
        return false;
    push(walk, (struct stop){.path = path, .root_size = stop->root_size});
    return true;
}

/* One name of a directory at or below a root. */
static int take_entry(struct walk *walk, const struct stop *stop, int directory,
                      const struct dirent *entry, struct lt_error *error)
{
    struct stat status;
    bool may_be_directory = entry->d_type != DT_REG;
    if (lt_files_is_hidden(entry->d_name))
        return 0;
    if (entry->d_type == DT_DIR && !walk->place->is_deep) {
        leave_out(walk, stop, entry->d_name);
        return 0;
    }
    if (!may_be_directory && !is_name_wanted(walk->place, entry->d_name))
        return 0;
    char *path = lt_files_join(stop->path, entry->d_name);
    int code = 0;
    if (!may_be_directory && walk->visitor->wants_names_only) {
        code = visit_file(walk, path, stop->root_size, NULL, error);
    } else if (entry->d_type != DT_DIR && fstatat(directory, entry->d_name, &status, 0) != 0) {
        code = failed("file", path, error);
    } else if (entry->d_type == DT_DIR || S_ISDIR(status.st_mode)) {
        if (push_directory(walk, stop, path, entry->d_type == DT_DIR ? NULL : &status))
            return 0;
    } else if (S_ISREG(status.st_mode) && is_name_wanted(walk->place, entry->d_name)) {
        code = visit_file(walk, path, stop->root_size, &status, error);
    }
    free(path);
    return code;
}

/* One name against a component of a pattern. */
static void match_entry(struct walk *walk, const struct stop *stop, const char *name)
{
    if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
        lt_glob_match(stop->pattern->components[stop->component], name))
        push(walk, (struct stop){.path = lt_files_join(stop->path, name),
                                 .pattern = stop->pattern,
                                 .component = stop->component + 1});
}

/* Reads a directory whose names a pattern is matched against, or that lies at or below a root. */
static int read_directory(struct walk *walk, const struct stop *stop, bool is_matched,
                          struct lt_error *error)
{
    int code = visit_directory(walk, stop->path, error);
    if (code != 0)
        return code;
    DIR *directory = opendir(stop->path);
    if (directory == NULL)
        return failed("directory", stop->path, error);
    struct dirent *entry;
    errno = 0;
    while (code == 0 && (entry = readdir(directory)) != NULL) { /* ends with the directory */
        if (is_matched)
            match_entry(walk, stop, entry->d_name);
        else
            code = take_entry(walk, stop, dirfd(directory), entry, error);
        errno = 0;
    }
    if (code == 0 && errno != 0)
        code = failed("directory", stop->path, error);
    closedir(directory);
    return code;
}

static int path_not_found(const char *path, struct lt_error *error)
{
    lt_error_set(error, LT_E_NOT_FOUND,
                 "[PATH_NOT_FOUND] Path does not exist: %s; hint: make the directory first, or "
                 "give a glob, which may match nothing yet",
                 path);
    lt_error_condition(error, "PATH_NOT_FOUND", "42K03");
    return LT_E_NOT_FOUND;
}

static int take_root(struct walk *walk, struct stop *stop, struct lt_error *error)
{
    struct stat status;
    if (stat(stop->path, &status) != 0) {
        if (is_missing(errno) && !walk->place->is_glob)
            return path_not_found(stop->path, error);
        return failed("path", stop->path, error);
    }
    if (S_ISDIR(status.st_mode)) {
        stop->root_size = strlen(stop->path);
        return read_directory(walk, stop, false, error);
    }
    if (!S_ISREG(status.st_mode) && !walk->place->is_glob)
        return lt_error_set(error, LT_E_INVALID,
                            "\"%s\" is no directory and no regular file; hint: pipes and devices "
                            "are read by the source stdin",
                            stop->path);
    const char *name = lt_files_base_name(stop->path);
    if (!S_ISREG(status.st_mode) || !is_name_wanted(walk->place, name))
        return 0;
    size_t root_size = (size_t)(name - stop->path) - 1;
    return visit_file(walk, stop->path, root_size == 0 ? 1 : root_size, &status, error);
}

static int take_stop(struct walk *walk, struct stop *stop, struct lt_error *error)
{
    const struct lt_files_pattern *pattern = stop->pattern;
    if (pattern == NULL)
        return read_directory(walk, stop, false, error);
    if (stop->component == pattern->count)
        return take_root(walk, stop, error);
    if (lt_glob_is_pattern(pattern->components[stop->component]))
        return read_directory(walk, stop, true, error);
    struct lt_arena *arena = lt_arena_create();
    const char *plain = lt_glob_plain(arena, pattern->components[stop->component]);
    push(walk, (struct stop){.path = lt_files_join(stop->path, plain),
                             .pattern = pattern,
                             .component = stop->component + 1});
    lt_arena_destroy(arena);
    /* What a glob found may get that name later. */
    return stop->component > pattern->first_glob ? visit_directory(walk, stop->path, error) : 0;
}

int lt_files_walk(const struct lt_files_place *place, const struct lt_files_visitor *visitor,
                  struct lt_error *error)
{
    struct walk walk = {.place = place, .visitor = visitor};
    int code = 0;
    for (size_t i = 0; i < place->pattern_count; i++)
        push(&walk, (struct stop){.path = lt_strdup("/"), .pattern = &place->patterns[i]});
    while (walk.count > 0) { /* ends with the directories: each is left for those below it */
        struct stop stop = walk.todo[--walk.count];
        if (code == 0)
            code = take_stop(&walk, &stop, error);
        free(stop.path);
    }
    free(walk.todo);
    return code;
}
