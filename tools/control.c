/*
 * The server's side of the control socket.
 */
#include "tools/control.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/leat_admin.h"
#include "tools/commands.h"
#include "tools/control_path.h"

enum { CLIENTS_MAX = 16, REQUEST_MAX = 512, PROGRESS_MAX = 100, QUERIES_MAX = 1024 };

struct client {
    int fd; /* -1: none */
    char request[REQUEST_MAX];
    size_t request_bytes;
    char *answer; /* NULL: the request is not whole yet */
    size_t answer_bytes, sent_bytes;
};

struct lt_tool_control {
    leat_context *context;
    char *folder, *path;
    int fd, epoll_fd;
    struct client clients[CLIENTS_MAX];
    size_t turn; /* whose place is taken next where there is none */
};

/* ------------------------------------------------------------------------------------- answers */

/* The answer as it grows. */
struct text {
    FILE *file;
    char *data;
    size_t size_bytes;
};

static void begin_text(struct text *text)
{
    text->file = open_memstream(&text->data, &text->size_bytes);
    if (text->file == NULL) {
        lt_tool_say("out of memory");
        exit(LT_TOOL_FAILED);
    }
}

/* The message of its status. */
static char *message_of(leat_query *query)
{
    static const char before[] = "{\"message\":\"";
    char *status = leat_query_status(query);
    const char *begin = status + sizeof before - 1, *end = strstr(begin, "\",\"isDataAvailable\"");
    char *message = lt_tool_format("%.*s", end == NULL ? 0 : (int)(end - begin), begin);
    free(status);
    return message;
}

static void list(leat_context *context, FILE *out)
{
    leat_query *queries[QUERIES_MAX];
    uint32_t count = leat_context_active(context, queries, QUERIES_MAX);
    for (uint32_t i = 0; i < count && i < QUERIES_MAX; i++) {
        char *name = lt_tool_printable(leat_query_name(queries[i]));
        char *message = message_of(queries[i]);
        fprintf(out, "%s\t%s\t%s\t%s\n", leat_query_id(queries[i]), leat_query_run_id(queries[i]),
                name, message);
        free(name);
        free(message);
    }
}

static void print_progress(leat_query *query, unsigned long count, FILE *out)
{
    for (unsigned long age = count < PROGRESS_MAX ? count : PROGRESS_MAX; age > 0; age--) {
        char *entry = leat_query_recent_progress(query, (uint32_t)age - 1);
        if (entry != NULL)
            fprintf(out, "%s\n", entry);
        free(entry);
    }
}

static void print_status(leat_query *query, unsigned long count, FILE *out)
{
    char *text = leat_query_status(query);
    (void)count;
    fprintf(out, "%s\n", text);
    free(text);
}

static void print_plan(leat_query *query, unsigned long count, FILE *out)
{
    char *text = leat_query_explain(query);
    (void)count;
    fputs(text != NULL ? text : "", out);
    free(text);
}

static void ask_to_stop(leat_query *query, unsigned long count, FILE *out)
{
    (void)count;
    (void)out;
    leat_request_stop(query);
}

/* What is asked of a query. */
static const struct {
    const char *verb;
    bool has_count;
    void (*answer)(leat_query *query, unsigned long count, FILE *out);
} verbs[] = {{"status", false, print_status},
             {"progress", true, print_progress},
             {"stop", false, ask_to_stop},
             {"explain", false, print_plan}};
enum { VERB_COUNT = sizeof verbs / sizeof verbs[0] };

static void answer_of_query(leat_context *context, const char *verb, const char *rest, FILE *out)
{
    char run[64] = "";
    unsigned long count = 0;
    size_t at = 0;
    while (at < VERB_COUNT && strcmp(verbs[at].verb, verb) != 0)
        at++;
    if (at == VERB_COUNT) {
        fprintf(out, "error \"%s\" is not understood\n", verb);
        return;
    }
    (void)(verbs[at].has_count ? sscanf(rest, "%lu %63s", &count, run) : sscanf(rest, "%63s", run));
    leat_query *query = leat_context_get(context, run); /* none for what was not read */
    if (query == NULL) {
        fputs("error it has ended\n", out);
        return;
    }
    fputs("ok\n", out);
    verbs[at].answer(query, count, out);
}

static void answer(leat_context *context, const char *request, FILE *out)
{
    char version[8] = "", verb[16] = "";
    int used = 0;
    if (sscanf(request, "%7s %15s%n", version, verb, &used) != 2 ||
        strcmp(version, LT_TOOL_CONTROL_VERSION) != 0) {
        fprintf(out, "error leat %s does not understand the question of another version\n",
                leat_version());
    } else if (strcmp(verb, "ls") == 0) {
        fputs("ok\n", out);
        list(context, out);
    } else {
        answer_of_query(context, verb, request + used, out);
    }
}

/* ------------------------------------------------------------------------------------- clients */

static void drop(struct client *client)
{
    close(client->fd);
    free(client->answer);
    *client = (struct client){.fd = -1};
}

static void watch(const struct lt_tool_control *control, int fd, uint32_t events, int how)
{
    struct epoll_event event = {.events = events};
    /* It fails for want of memory only; then the client waits for the next look. */
    (void)epoll_ctl(control->epoll_fd, how, fd, &event);
}

/* The folder keeps others out; where somebody opened it, this does. */
static bool is_allowed(int fd)
{
    struct ucred who;
    socklen_t size_bytes = sizeof who;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size_bytes) == 0 &&
           (who.uid == getuid() || who.uid == 0);
}

/* A free one, or that of a client which has had more time than it needs. */
static struct client *place_for(struct lt_tool_control *control)
{
    for (size_t i = 0; i < CLIENTS_MAX; i++)
        if (control->clients[i].fd < 0)
            return &control->clients[i];
    struct client *oldest = &control->clients[control->turn++ % CLIENTS_MAX];
    drop(oldest);
    return oldest;
}

static void take_clients(struct lt_tool_control *control)
{
    for (size_t taken = 0; taken < CLIENTS_MAX; taken++) {
        int fd = accept4(control->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0)
            return;
        struct client *client = place_for(control);
        *client = (struct client){.fd = fd};
        if (is_allowed(fd))
            watch(control, fd, EPOLLIN, EPOLL_CTL_ADD);
        else
            drop(client);
    }
}

static void read_request(struct lt_tool_control *control, struct client *client)
{
    struct text text;
    ssize_t size_bytes = recv(client->fd, client->request + client->request_bytes,
                              REQUEST_MAX - 1 - client->request_bytes, 0);
    if (size_bytes < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (size_bytes <= 0) { /* gone, or its line is too long */
        drop(client);
        return;
    }
    client->request_bytes += (size_t)size_bytes;
    char *end = memchr(client->request, '\n', client->request_bytes);
    if (end == NULL)
        return;
    *end = '\0';
    begin_text(&text);
    answer(control->context, client->request, text.file);
    (void)fclose(text.file); /* into memory */
    client->answer = text.data;
    client->answer_bytes = strlen(text.data);
    watch(control, client->fd, EPOLLOUT, EPOLL_CTL_MOD);
}

static void write_answer(struct client *client)
{
    ssize_t size_bytes = send(client->fd, client->answer + client->sent_bytes,
                              client->answer_bytes - client->sent_bytes, MSG_NOSIGNAL);
    if (size_bytes < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (size_bytes > 0)
        client->sent_bytes += (size_t)size_bytes;
    if (size_bytes <= 0 || client->sent_bytes == client->answer_bytes)
        drop(client);
}

void lt_tool_control_step(struct lt_tool_control *control)
{
    if (control == NULL)
        return;
    take_clients(control);
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        struct client *client = &control->clients[i];
        if (client->fd >= 0 && client->answer == NULL)
            read_request(control, client);
        if (client->fd >= 0 && client->answer != NULL)
            write_answer(client);
    }
}

/* ------------------------------------------------------------------------------------ life span */

int lt_tool_control_fd(const struct lt_tool_control *control)
{
    return control == NULL ? -1 : control->epoll_fd;
}

/* A name in the folder that nobody listens at; its socket. on: the folder is locked. */
static int bind_free(const char *folder, char **path)
{
    enum { NAMES_MAX = 16 };
    for (int i = 0; i < NAMES_MAX; i++) {
        *path = i == 0 ? lt_tool_format("%s/%d", folder, (int)getpid())
                       : lt_tool_format("%s/%d-%d", folder, (int)getpid(), i);
        int fd = lt_tool_control_listen(*path);
        if (fd >= 0)
            return fd;
        free(*path);
        *path = NULL;
        if (errno != EADDRINUSE)
            break;
    }
    return -1;
}

struct lt_tool_control *lt_tool_control_open(leat_context *context)
{
    char *folder = leat_admin_control_folder(), *path = NULL;
    if (folder == NULL)
        return NULL; /* the log says why */
    int lock = lt_tool_control_lock(folder);
    int fd = bind_free(folder, &path);
    int error = errno;
    if (lock >= 0)
        close(lock);
    int epoll_fd = fd < 0 ? -1 : epoll_create1(EPOLL_CLOEXEC);
    if (epoll_fd < 0) {
        lt_tool_say("\"leat query\" will not find this process: no socket in \"%s\": %s", folder,
                    strerror(fd < 0 ? error : errno));
        if (fd >= 0)
            close(fd);
        free(folder);
        free(path);
        return NULL;
    }
    struct lt_tool_control *control = lt_tool_alloc(sizeof *control);
    *control = (struct lt_tool_control){
        .context = context, .folder = folder, .path = path, .fd = fd, .epoll_fd = epoll_fd};
    for (size_t i = 0; i < CLIENTS_MAX; i++)
        control->clients[i].fd = -1;
    watch(control, fd, EPOLLIN, EPOLL_CTL_ADD);
    return control;
}

void lt_tool_control_close(struct lt_tool_control *control)
{
    if (control == NULL)
        return;
    int lock = lt_tool_control_lock(control->folder);
    (void)unlink(control->path); /* gone already is as good */
    if (lock >= 0)
        close(lock);
    for (size_t i = 0; i < CLIENTS_MAX; i++)
        if (control->clients[i].fd >= 0)
            drop(&control->clients[i]);
    close(control->fd);
    close(control->epoll_fd);
    free(control->folder);
    free(control->path);
    free(control);
}
