/*
 * killer: ends a process with SIGKILL at the moment when a checkpoint gets an entry offsets/N, and
 * so before its commits/N.
 *
 *     killer CHECKPOINT PID SECONDS
 *
 * It watches from outside, so the process under test is the one that people run. The rename that
 * makes the entry visible wakes it; what the process still gets done until the signal arrives is
 * its good luck, which is why whoever calls looks afterwards whether commits/N is there.
 *
 * Status 0: killed, and `N wall_clock_ns` printed. 1: no entry came within SECONDS, nothing was
 * done. 2: could not watch.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

enum { KILLER_FOUND_NOTHING = 1, KILLER_CANNOT = 2 };

static int fail(const char *object, const char *what)
{
    fprintf(stderr, "killer: \"%s\": cannot %s: %s\n", object, what, strerror(errno));
    return KILLER_CANNOT;
}

static int64_t now_ns(clockid_t clock)
{
    struct timespec now = {0};
    if (clock_gettime(clock, &now) != 0)
        exit(fail("clock", "read it"));
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* Entries are numbers; companions and temporary files begin with a dot or end with a word. */
static int is_entry(const char *name)
{
    size_t digits = strspn(name, "0123456789");
    return digits > 0 && name[digits] == '\0';
}

/* The name of the first entry among the events at hand, or NULL. */
static const char *find_entry(const char *events, ssize_t event_bytes)
{
    for (ssize_t at = 0; at < event_bytes;) {
        const struct inotify_event *event = (const struct inotify_event *)(events + at);
        if (event->len > 0 && is_entry(event->name))
            return event->name;
        at += (ssize_t)(sizeof(*event) + event->len);
    }
    return NULL;
}

static int kill_at_entry(int watch, const char *folder, pid_t pid, int64_t deadline_ns)
{
    _Alignas(struct inotify_event) static char events[65536];
    struct pollfd wait = {.fd = watch, .events = POLLIN};
    int64_t left_ns;
    while ((left_ns = deadline_ns - now_ns(CLOCK_MONOTONIC)) > 0) {
        int ready = poll(&wait, 1, (int)(left_ns / 1000000 + 1));
        if (ready < 0 && errno != EINTR)
            return fail(folder, "wait for entries");
        if (ready <= 0)
            continue;
        ssize_t got = read(watch, events, sizeof(events));
        if (got < 0)
            return fail(folder, "read what happened");
        const char *entry = find_entry(events, got);
        if (!entry)
            continue;
        if (kill(pid, SIGKILL) != 0)
            return fail(folder, "kill the process");
        printf("%s %" PRId64 "\n", entry, now_ns(CLOCK_REALTIME));
        return 0;
    }
    return KILLER_FOUND_NOTHING;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fputs("usage: killer CHECKPOINT PID SECONDS\n", stderr);
        return KILLER_CANNOT;
    }
    pid_t pid = (pid_t)strtol(argv[2], NULL, 10);
    long seconds = strtol(argv[3], NULL, 10);
    if (pid <= 1 || seconds < 1) {
        fputs("killer: the pid must be above 1, the seconds above 0\n", stderr);
        return KILLER_CANNOT;
    }
    char folder[4096];
    int length = snprintf(folder, sizeof(folder), "%s/offsets", argv[1]);
    if (length < 0 || (size_t)length >= sizeof(folder)) {
        fprintf(stderr, "killer: \"%s\": the path is too long\n", argv[1]);
        return KILLER_CANNOT;
    }
    int watch = inotify_init1(IN_CLOEXEC);
    if (watch < 0)
        return fail(folder, "watch");
    if (inotify_add_watch(watch, folder, IN_MOVED_TO) < 0)
        return fail(folder, "watch");
    return kill_at_entry(watch, folder, pid,
                         now_ns(CLOCK_MONOTONIC) + seconds * INT64_C(1000000000));
}
