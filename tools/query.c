/*
 * `leat query`: asks the processes that run queries, through their control sockets
 * (tools/control.h). A query is named by its queryName, its id, its run id, or its process.
 *
 * on: main.
 */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/leat_admin.h"
#include "tools/commands.h"
#include "tools/control.h"
#include "tools/control_path.h"
#include "tools/flags.h"

enum {
    LOOK_MS = 50,
    ASKS_IN_VAIN = 2, /* one after the other, each with the patience of control_path.c */
};

static const struct lt_tool_flag flags[] = {
    {"json", 'j', NULL, "With ls: one JSON object a line for each query."},
    {"count", 'n', "N", "With progress: the newest N entries, oldest first; default 1, most 100."},
    {"no-wait", 0, NULL, "With stop: do not wait until the query has ended."},
    {"help", 'h', NULL, "Print this and end."},
};
enum { FLAG_JSON, FLAG_COUNT, FLAG_NO_WAIT, FLAG_HELP, FLAGS };

static const char *const verbs[] = {"ls", "status", "progress", "stop", "explain"};
enum { LS, STATUS, PROGRESS, STOP, EXPLAIN, VERBS };

struct request {
    int verb; /* VERBS: none */
    const char *name, *count;
    bool is_json, waits_not, wants_help;
};

/* An active query, as its process tells of it. */
struct row {
    char *path;                               /* of the socket */
    char *id, *run_id, *name, *message, *pid; /* message: as in JSON */
};

struct rows {
    struct row *rows;
    size_t count;
};

static int take_word(struct request *request, const char *word)
{
    if (request->verb != VERBS && request->name == NULL) {
        request->name = word;
        return 0;
    }
    if (request->verb != VERBS)
        return lt_tool_wrong("\"%s\" is one word too many", word);
    request->verb = 0;
    while (request->verb < VERBS && strcmp(verbs[request->verb], word) != 0)
        request->verb++;
    if (request->verb < VERBS)
        return 0;
    char *hint = lt_tool_hint(word, verbs, VERBS);
    int status =
        lt_tool_wrong("\"%s\" is none of: ls, status, progress, stop, explain%s", word, hint);
    free(hint);
    return status;
}

static int take(void *user, int index, const char *value)
{
    struct request *request = user;
    switch (index) {
    case FLAG_JSON:
        request->is_json = true;
        return 0;
    case FLAG_COUNT:
        request->count = value;
        return 0;
    case FLAG_NO_WAIT:
        request->waits_not = true;
        return 0;
    case FLAG_HELP:
        request->wants_help = true;
        return 0;
    default:
        return take_word(request, value);
    }
}

/* -------------------------------------------------------------------------------------- asking */

/* The whole of what comes; NULL with errno. */
static char *receive(int fd)
{
    size_t size_bytes = 0, capacity = 4096;
    char *text = lt_tool_alloc(capacity);
    for (;;) {
        ssize_t got = recv(fd, text + size_bytes, capacity - size_bytes - 1, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            int error = errno;
            free(text);
            errno = error;
            return NULL;
        }
        size_bytes += (size_t)got;
        text[size_bytes] = '\0';
        if (got == 0)
            return text;
        if (capacity - size_bytes < capacity / 2) {
            char *larger = lt_tool_alloc(2 * capacity);
            memcpy(larger, text, size_bytes);
            free(text);
            text = larger;
            capacity *= 2;
        }
    }
}

static bool is_nobody(int error)
{
    return error == ECONNREFUSED || error == ENOENT || error == ECONNRESET || error == EPIPE;
}

/* The answer, which is the caller's; NULL with errno. */
static char *ask(const char *path, const char *request)
{
    int fd = lt_tool_control_connect(path);
    if (fd < 0)
        return NULL;
    char *line = lt_tool_format(LT_TOOL_CONTROL_VERSION " %s\n", request), *answer = NULL;
    size_t size_bytes = strlen(line);
    if (send(fd, line, size_bytes, MSG_NOSIGNAL) == (ssize_t)size_bytes)
        answer = receive(fd);
    int error = errno;
    free(line);
    close(fd);
    errno = error;
    return answer;
}

/* Behind the "ok"; NULL after saying what it answers instead. */
static const char *body_of(const char *answer, const char *path)
{
    static const char ok[] = "ok\n", error[] = "error ";
    if (strncmp(answer, ok, sizeof ok - 1) == 0)
        return answer + sizeof ok - 1;
    if (strncmp(answer, error, sizeof error - 1) == 0)
        lt_tool_say("%.*s", (int)strcspn(answer + sizeof error - 1, "\n"),
                    answer + sizeof error - 1);
    else
        lt_tool_say("no answer from the process at \"%s\": it has ended", path);
    return NULL;
}

/* ------------------------------------------------------------------------------------- finding */

static char *field(const char **at)
{
    size_t size_bytes = strcspn(*at, "\t\n");
    char *text = lt_tool_format("%.*s", (int)size_bytes, *at);
    *at += size_bytes;
    *at += **at == '\t';
    return text;
}

static void add_rows(struct rows *rows, const char *path, const char *lines)
{
    const char *file = strrchr(path, '/') + 1;
    while (*lines != '\0') {
        struct row row = {.path = lt_tool_copy(path),
                          .pid = lt_tool_format("%.*s", (int)strspn(file, "0123456789"), file)};
        row.id = field(&lines);
        row.run_id = field(&lines);
        row.name = field(&lines);
        row.message = field(&lines);
        lines += strcspn(lines, "\n");
        lines += *lines == '\n';
        rows->rows = lt_tool_grow(rows->rows, rows->count, sizeof *rows->rows);
        rows->rows[rows->count++] = row;
    }
}

static void free_rows(struct rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        free(rows->rows[i].path);
        free(rows->rows[i].id);
        free(rows->rows[i].run_id);
        free(rows->rows[i].name);
        free(rows->rows[i].message);
        free(rows->rows[i].pid);
    }
    free(rows->rows);
    *rows = (struct rows){0};
}

/* A process that was killed leaves its file. It is looked at again under the lock: another one may
 * have begun to listen there. */
static void remove_dead(const char *folder, const char *path)
{
    int lock = lt_tool_control_lock(folder);
    int fd = lock < 0 ? -1 : lt_tool_control_connect(path);
    if (lock >= 0 && fd < 0 && errno == ECONNREFUSED)
        (void)unlink(path); /* gone already is as good */
    if (fd >= 0)
        close(fd);
    if (lock >= 0)
        close(lock);
}

static void look_at(struct rows *rows, const char *folder, const char *file)
{
    char *path = lt_tool_format("%s/%s", folder, file);
    char *answer = ask(path, "ls");
    const char *body = answer == NULL ? NULL : body_of(answer, path);
    if (answer == NULL && is_nobody(errno))
        remove_dead(folder, path);
    else if (answer == NULL)
        lt_tool_say("process %s does not answer: %s", file, strerror(errno));
    if (body != NULL)
        add_rows(rows, path, body);
    free(answer);
    free(path);
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int find_all(struct rows *rows)
{
    struct dirent **entries;
    char *folder = leat_admin_control_folder();
    if (folder == NULL)
        return LT_TOOL_FAILED; /* the log says why */
    int count = scandir(folder, &entries, is_visible, versionsort);
    for (int i = 0; i < count; i++) {
        look_at(rows, folder, entries[i]->d_name);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    free(folder);
    return LT_TOOL_OK;
}

static bool is_called(const struct row *row, const char *name)
{
    return strcmp(row->name, name) == 0 || strcmp(row->id, name) == 0 ||
           strcmp(row->run_id, name) == 0 || strcmp(row->pid, name) == 0;
}

static int tell_none(const struct rows *rows, const char *name)
{
    const char **names = lt_tool_alloc((rows->count + 1) * sizeof *names);
    for (size_t i = 0; i < rows->count; i++)
        names[i] = rows->rows[i].name;
    char *hint = lt_tool_hint(name, names, rows->count);
    int status = lt_tool_wrong("no query \"%s\" is running%s", name,
                               *hint != '\0' ? hint : "; hint: leat query ls lists those that are");
    free(hint);
    free(names);
    return status;
}

static int tell_several(const struct rows *rows, const char *name)
{
    for (size_t i = 0; i < rows->count; i++)
        if (is_called(&rows->rows[i], name))
            lt_tool_say("\"%s\" is query %s of process %s, run %s", name, rows->rows[i].name,
                        rows->rows[i].pid, rows->rows[i].run_id);
    return lt_tool_wrong("\"%s\" is more than one query; hint: give the run's id", name);
}

/* The one of that name; NULL after saying why there is none. */
static const struct row *find_one(const struct rows *rows, const char *word)
{
    const struct row *found = NULL;
    size_t count = 0;
    char *name = lt_tool_printable(word);
    for (size_t i = 0; i < rows->count; i++) {
        if (!is_called(&rows->rows[i], name))
            continue;
        found = &rows->rows[i];
        count++;
    }
    if (count == 0)
        (void)tell_none(rows, name);
    else if (count > 1)
        (void)tell_several(rows, name);
    free(name);
    return count == 1 ? found : NULL;
}

/* ------------------------------------------------------------------------------------ the verbs */

static void print_json(const struct row *row)
{
    printf("{\"name\":");
    lt_tool_print_string(row->name);
    printf(",\"pid\":%s,\"id\":\"%s\",\"runId\":\"%s\",\"message\":\"%s\"}\n", row->pid, row->id,
           row->run_id, row->message);
}

static int list(const struct rows *rows, bool is_json)
{
    if (rows->count == 0 && !is_json)
        printf("no query of this user is running\n");
    if (rows->count > 0 && !is_json)
        printf("%-24s %8s %-36s %s\n", "query", "pid", "id", "status");
    for (size_t i = 0; i < rows->count; i++) {
        const struct row *row = &rows->rows[i];
        if (is_json)
            print_json(row);
        else
            printf("%-24s %8s %-36s %s\n", *row->name != '\0' ? row->name : "(unnamed)", row->pid,
                   row->id, row->message);
    }
    return LT_TOOL_OK;
}

/* Until the run is no more there: bounded by the query, which ends when all is committed. False:
 * its process does not answer. */
static bool wait_for_end(const struct row *row)
{
    for (int in_vain = 0; in_vain < ASKS_IN_VAIN;) {
        char *answer = ask(row->path, "ls");
        if (answer == NULL && is_nobody(errno))
            return true;
        if (answer == NULL && in_vain++ == 0)
            lt_tool_say("process %s does not answer; waiting", row->pid);
        if (answer == NULL)
            continue;
        bool is_active = strstr(answer, row->run_id) != NULL;
        free(answer);
        if (!is_active)
            return true;
        in_vain = 0;
        (void)poll(NULL, 0, LOOK_MS);
    }
    lt_tool_say("process %s was told to stop query \"%s\", and does not answer: whether it has "
                "ended is not known; hint: leat query ls, or kill %s",
                row->pid, row->name, row->pid);
    return false;
}

static int ask_one(const struct row *row, const struct request *request)
{
    char *line = request->verb == PROGRESS
                     ? lt_tool_format("progress %s %s",
                                      request->count != NULL ? request->count : "1", row->run_id)
                     : lt_tool_format("%s %s", verbs[request->verb], row->run_id);
    char *answer = ask(row->path, line);
    if (answer == NULL)
        lt_tool_say("process %s does not answer: %s", row->pid, strerror(errno));
    const char *body = answer == NULL ? NULL : body_of(answer, row->path);
    if (body != NULL)
        fputs(body, stdout);
    bool is_well = body != NULL;
    if (is_well && request->verb == STOP && !request->waits_not)
        is_well = wait_for_end(row);
    free(answer);
    free(line);
    return is_well ? LT_TOOL_OK : LT_TOOL_FAILED;
}

static int run(const struct request *request)
{
    struct rows rows = {0};
    int status = find_all(&rows);
    if (status == LT_TOOL_OK && request->verb == LS) {
        status = list(&rows, request->is_json);
    } else if (status == LT_TOOL_OK) {
        const struct row *row = find_one(&rows, request->name);
        status = row != NULL ? ask_one(row, request) : LT_TOOL_USAGE;
    }
    free_rows(&rows);
    return lt_tool_finish(status);
}

/* ---------------------------------------------------------------------------------- the command */

static void print_help(void)
{
    printf("Usage: leat query ls [--json]\n"
           "       leat query status|progress|stop|explain NAME [OPTION]...\n"
           "Looks at the queries that run in processes of this user, and stops them. NAME is a\n"
           "query's name, its id, its run id, or its process where that has one query.\n\n"
           "  ls        all of them, with what each is doing\n"
           "  status    Spark's status, as JSON\n"
           "  progress  Spark's StreamingQueryProgress, as JSON\n"
           "  stop      end it well: deliver and commit what it has read\n"
           "  explain   the plan that runs, and what decided it\n\n");
    lt_tool_flags_print(flags, FLAGS, stdout);
}

static int check_count(const char *text)
{
    char *end;
    long count = text == NULL ? 1 : strtol(text, &end, 10);
    if (text != NULL && (*end != '\0' || end == text || count < 1 || count > 100))
        return lt_tool_wrong("--count \"%s\" is no number from 1 to 100", text);
    return 0;
}

static int check(const struct request *request)
{
    if (request->verb == VERBS)
        return lt_tool_wrong("nothing to do; hint: leat query ls, or leat query status NAME");
    if (request->verb != LS && request->name == NULL)
        return lt_tool_wrong("%s needs the name of a query; hint: leat query ls",
                             verbs[request->verb]);
    if (request->verb == LS && request->name != NULL)
        return lt_tool_wrong("\"%s\" is one word too many", request->name);
    if (request->is_json && request->verb != LS)
        return lt_tool_wrong("--json belongs to ls: what %s says is no table",
                             verbs[request->verb]);
    if (request->count != NULL && request->verb != PROGRESS)
        return lt_tool_wrong("--count belongs to progress");
    if (request->waits_not && request->verb != STOP)
        return lt_tool_wrong("--no-wait belongs to stop");
    return check_count(request->count);
}

int lt_tool_query(int count, char **arguments)
{
    struct request request = {.verb = VERBS};
    int status = lt_tool_flags_parse(flags, FLAGS, count, arguments, take, &request);
    if (status == 0 && request.wants_help) {
        print_help();
        return lt_tool_finish(LT_TOOL_OK);
    }
    if (status == 0)
        status = check(&request);
    return status == 0 ? run(&request) : status;
}
