/*
 * `leat stat`: counters of queries, running or dead, from their files in shared memory. Reading
 * them costs the query nothing.
 *
 * Without a word: a line for each query of this user. A word is a file, a process or a query's
 * name.
 *
 * on: main.
 */
#include "tools/stat.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/commands.h"
#include "tools/flags.h"

static const struct lt_tool_flag flags[] = {
    {"json", 'j', NULL, "One JSON object a line for each query."},
    {"prometheus", 'p', NULL, "Prometheus' text format, for all queries or the one named."},
    {"watch", 'w', NULL, "Again every second, until a signal."},
    {"help", 'h', NULL, "Print this and end."},
};
enum { FLAG_JSON, FLAG_PROMETHEUS, FLAG_WATCH, FLAG_HELP, FLAG_COUNT };

struct request {
    bool has[FLAG_COUNT];
    const char *word; /* NULL: all */
};

/* The files that were found and opened. */
struct found {
    leat_admin_counters **counters;
    char **paths;
    size_t count;
};

static int take(void *user, int index, const char *value)
{
    struct request *request = user;
    if (index != LT_TOOL_WORD)
        request->has[index] = true;
    else if (request->word != NULL)
        return lt_tool_wrong("\"%s\" is one word too many", value);
    else
        request->word = value;
    return 0;
}

/* ------------------------------------------------------------------------------------- finding */

static void add(struct found *found, leat_admin_counters *counters, const char *path)
{
    found->counters = lt_tool_grow(found->counters, found->count, sizeof *found->counters);
    found->paths = lt_tool_grow(found->paths, found->count, sizeof *found->paths);
    found->counters[found->count] = counters;
    found->paths[found->count++] = lt_tool_copy(path);
}

static void close_found(struct found *found)
{
    for (size_t i = 0; i < found->count; i++) {
        leat_admin_counters_close(found->counters[i]);
        free(found->paths[i]);
    }
    free(found->counters);
    free(found->paths);
    *found = (struct found){0};
}

static bool is_wanted(const leat_admin_counters *counters, const char *word)
{
    leat_admin_owner owner = {.size = sizeof owner};
    char pid[16];
    if (word == NULL)
        return true;
    leat_admin_counters_owner(counters, &owner);
    snprintf(pid, sizeof pid, "%d", owner.pid);
    return strcmp(word, pid) == 0 || strcmp(word, owner.query_name) == 0;
}

static void look_at(struct found *found, const char *path, bool is_listed, const char *word)
{
    char error[512];
    leat_admin_counters *counters = leat_admin_counters_open(path, error, sizeof error);
    if (counters == NULL) {
        /* One that its process has removed since the folder was listed is none. */
        if (!is_listed || access(path, F_OK) == 0)
            lt_tool_say("%s", error);
        return;
    }
    if (is_wanted(counters, word))
        add(found, counters, path);
    else
        leat_admin_counters_close(counters);
}

static int compare_names(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void look_in_folder(struct found *found, const char *folder, const char *word)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_visible, compare_names);
    for (int i = 0; i < count; i++) {
        char *path = lt_tool_format("%s/%s", folder, entries[i]->d_name);
        look_at(found, path, true, word);
        free(path);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

/* 0, or LT_TOOL_USAGE after saying that there is nothing. */
static int find(const struct request *request, struct found *found)
{
    if (request->word != NULL && strchr(request->word, '/') == NULL &&
        access(request->word, R_OK) != 0) {
        char *folder = leat_admin_counters_folder();
        look_in_folder(found, folder, request->word);
        free(folder);
        return found->count > 0 ? 0
                                : lt_tool_wrong("no file, process or query \"%s\"; hint: leat stat "
                                                "lists what there is",
                                                request->word);
    }
    if (request->word != NULL) {
        look_at(found, request->word, false, NULL);
        return found->count > 0 ? 0 : LT_TOOL_USAGE;
    }
    char *folder = leat_admin_counters_folder();
    look_in_folder(found, folder, NULL);
    free(folder);
    return 0;
}

/* ------------------------------------------------------------------------------------ printing */

static long long sum_of(const leat_admin_counters *counters, const char *suffix)
{
    long long sum = 0;
    size_t suffix_bytes = strlen(suffix);
    leat_admin_counter counter = {.size = sizeof counter};
    for (size_t i = 0; leat_admin_counter_at(counters, i, &counter); i++) {
        size_t name_bytes = strlen(counter.name);
        if (name_bytes >= suffix_bytes &&
            strcmp(counter.name + name_bytes - suffix_bytes, suffix) == 0 && counter.value > 0)
            sum += counter.value;
    }
    return sum;
}

static void print_list(const struct found *found)
{
    if (found->count == 0) {
        printf("no query of this user has counters\n");
        return;
    }
    printf("%-24s %8s %-8s %14s %14s %12s\n", "query", "pid", "state", "read", "filtered", "lag");
    for (size_t i = 0; i < found->count; i++) {
        leat_admin_owner owner = {.size = sizeof owner};
        leat_admin_counters_owner(found->counters[i], &owner);
        char *name = lt_tool_printable(*owner.query_name != '\0' ? owner.query_name : "(unnamed)");
        printf("%-24s %8d %-8s %14lld %14lld %12lld\n", name, owner.pid,
               owner.alive ? "running" : "dead", sum_of(found->counters[i], ".source.records"),
               sum_of(found->counters[i], ".filtered"),
               sum_of(found->counters[i], ".source.lag_records"));
        free(name);
    }
}

static void print_found(const struct request *request, const struct found *found)
{
    if (request->has[FLAG_PROMETHEUS]) {
        lt_tool_stat_prometheus(found->counters, found->count);
        return;
    }
    if (request->word == NULL && !request->has[FLAG_JSON]) {
        print_list(found);
        return;
    }
    for (size_t i = 0; i < found->count; i++) {
        if (request->has[FLAG_JSON])
            lt_tool_stat_json(found->counters[i], found->paths[i]);
        else
            lt_tool_stat_table(found->counters[i], found->paths[i]);
    }
}

static int print_once(const struct request *request)
{
    struct found found = {0};
    int status = find(request, &found);
    if (status == 0)
        print_found(request, &found);
    close_found(&found);
    return lt_tool_finish(status);
}

/* Until a signal ends the program, or what is watched is gone. */
static int watch(const struct request *request)
{
    bool is_terminal = isatty(STDOUT_FILENO) == 1;
    for (;;) {
        if (is_terminal)
            fputs("\033[H\033[2J", stdout);
        int status = print_once(request);
        if (status != 0)
            return status;
        if (poll(NULL, 0, 1000) < 0 && errno != EINTR)
            return LT_TOOL_FAILED;
    }
}

static void print_help(void)
{
    printf(
        "Usage: leat stat [FILE|PID|NAME] [OPTION]...\n"
        "Counters and latencies of a running or dead query; without a word, a line for each.\n\n");
    lt_tool_flags_print(flags, FLAG_COUNT, stdout);
}

int lt_tool_stat(int count, char **arguments)
{
    struct request request = {0};
    int status = lt_tool_flags_parse(flags, FLAG_COUNT, count, arguments, take, &request);
    if (status != 0)
        return status;
    if (request.has[FLAG_HELP]) {
        print_help();
        return lt_tool_finish(LT_TOOL_OK);
    }
    if (request.has[FLAG_JSON] && request.has[FLAG_PROMETHEUS])
        return lt_tool_wrong("--json and --prometheus cannot both be");
    return request.has[FLAG_WATCH] ? watch(&request) : print_once(&request);
}
