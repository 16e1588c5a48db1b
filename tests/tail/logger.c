/*
 * logger: writes a log as a program under logrotate does, for tests of the source tail.
 *
 *     logger FILE RATE SECONDS LINES_PER_FILE
 *
 * Lines are "N text", numbered from 1, so many a second, for so long or until SIGTERM; some writes
 * end within a line. After LINES_PER_FILE lines the file is renamed to FILE.K, K = 1, 2, ..., a few
 * more lines are written to it as by a program that has not noticed yet, and FILE is made anew.
 * Prints how many lines were written.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LATE_LINES = 3, BATCH_NS = 2000000, LINE_MAX_BYTES = 512 };

static volatile sig_atomic_t is_stopped;

static void stop(int number)
{
    (void)number;
    is_stopped = 1;
}

static void fail(const char *what, const char *path)
{
    fprintf(stderr, "logger: cannot %s '%s': %s\n", what, path, strerror(errno));
    exit(2);
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static int open_log(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0)
        fail("open", path);
    return fd;
}

static void write_all(int fd, const char *text, size_t size, const char *path)
{
    if (write(fd, text, size) != (ssize_t)size)
        fail("write to", path);
}

/* Every seventh line comes in two writes. */
static void write_line(int fd, int64_t number, const char *path)
{
    char line[LINE_MAX_BYTES];
    int size = snprintf(line, sizeof line, "%" PRId64 " %.*s\n", number, (int)(number % 97),
                        "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrst"
                        "uvwxyzabcdefghijklmnopqrstuvwxyz");
    size_t first = number % 7 == 0 ? (size_t)size / 2 : (size_t)size;
    write_all(fd, line, first, path);
    if (first < (size_t)size)
        write_all(fd, line + first, (size_t)size - first, path);
}

static int rotate(int fd, const char *path, int64_t *written)
{
    static int files;
    char name[4096];
    snprintf(name, sizeof name, "%s.%d", path, ++files);
    if (rename(path, name) != 0)
        fail("rename", path);
    for (int i = 0; i < LATE_LINES; i++)
        write_line(fd, ++*written, path);
    close(fd);
    return open_log(path);
}

int main(int count, char **arguments)
{
    if (count != 5) {
        fprintf(stderr, "logger FILE RATE SECONDS LINES_PER_FILE\n");
        return 2;
    }
    const char *path = arguments[1];
    int64_t rate = atoll(arguments[2]), per_file = atoll(arguments[4]), written = 0, kept = 0;
    int64_t begin = now_ns(), end = begin + atoll(arguments[3]) * INT64_C(1000000000);
    int fd = open_log(path);
    signal(SIGTERM, stop);
    while (!is_stopped && now_ns() < end) {
        int64_t due = (now_ns() - begin) / 1000 * rate / 1000000;
        while (written < due) {
            write_line(fd, ++written, path);
            if (++kept == per_file) {
                fd = rotate(fd, path, &written);
                kept = 0;
            }
        }
        nanosleep(&(struct timespec){.tv_nsec = BATCH_NS}, NULL);
    }
    printf("%" PRId64 "\n", written);
    return 0;
}
