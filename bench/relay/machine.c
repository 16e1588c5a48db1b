#include "bench/relay/machine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <librdkafka/rdkafka.h>
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

void lt_bench_die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("relay_bench: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(2);
}

void *lt_bench_alloc(size_t count, size_t each_bytes)
{
    void *memory = calloc(count == 0 ? 1 : count, each_bytes);
    if (!memory)
        lt_bench_die("out of memory for %zu times %zu bytes", count, each_bytes);
    return memory;
}

int64_t lt_bench_now_ns(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
        lt_bench_die("cannot read the monotonic clock: %s", strerror(errno));
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void lt_bench_sleep_until(int64_t time_ns)
{
    struct timespec until = {.tv_sec = time_ns / 1000000000, .tv_nsec = time_ns % 1000000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) {
    }
}

static bool pin_thread(pid_t thread, int cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    return sched_setaffinity(thread, sizeof set, &set) == 0;
}

bool lt_bench_pin(pid_t pid, int cpu)
{
    if (cpu < 0)
        return true;
    if (pid == 0)
        return pin_thread(0, cpu);
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *threads = opendir(path);
    if (!threads)
        return false;
    bool pinned = true;
    for (struct dirent *entry; (entry = readdir(threads));) {
        if (entry->d_name[0] == '.')
            continue;
        pid_t thread = (pid_t)strtol(entry->d_name, NULL, 10);
        if (!pin_thread(thread, cpu) && errno != ESRCH) /* one that has just ended does not count */
            pinned = false;
    }
    closedir(threads);
    return pinned;
}

int64_t lt_bench_cpu_busy_ns(int cpu)
{
    char line[512], name[16];
    unsigned long long user, nice, kernel, idle, wait, hard, soft, stolen = 0;
    int64_t busy_ns = -1;
    FILE *file = cpu < 0 ? NULL : fopen("/proc/stat", "r");
    if (!file)
        return -1;
    int name_size = snprintf(name, sizeof name, "cpu%d ", cpu);
    while (busy_ns < 0 && fgets(line, sizeof line, file))
        if (strncmp(line, name, (size_t)name_size) == 0 &&
            sscanf(line + name_size, "%llu %llu %llu %llu %llu %llu %llu %llu", &user, &nice,
                   &kernel, &idle, &wait, &hard, &soft, &stolen) >= 7)
            busy_ns = (int64_t)(user + nice + kernel + hard + soft + stolen) *
                      (1000000000 / sysconf(_SC_CLK_TCK));
    fclose(file);
    return busy_ns;
}

bool lt_bench_hold_wakeup_latency(void)
{
    /* Timers of the load generator: 50 us of slack would be added to each sleep. */
    prctl(PR_SET_TIMERSLACK, 1);
    int fd = open("/dev/cpu_dma_latency", O_RDWR | O_CLOEXEC);
    int32_t latency_us = 0;
    if (fd < 0)
        return false;
    /* The descriptor stays open on purpose: closing it gives the request back. */
    return write(fd, &latency_us, sizeof latency_us) == sizeof latency_us;
}

static void read_cpu_model(char *model, size_t model_bytes)
{
    char line[256];
    snprintf(model, model_bytes, "unknown CPU");
    FILE *file = fopen("/proc/cpuinfo", "r");
    if (!file)
        return;
    while (fgets(line, sizeof line, file)) {
        char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || !colon)
            continue;
        colon[1 + strcspn(colon + 1, "\n")] = '\0';
        snprintf(model, model_bytes, "%s", colon + 2);
        break;
    }
    fclose(file);
}

void lt_bench_describe_machine(FILE *out, const char *prefix)
{
    struct utsname name;
    char model[128];
    read_cpu_model(model, sizeof model);
    if (uname(&name) != 0)
        lt_bench_die("cannot read the kernel's name: %s", strerror(errno));
    fprintf(out, "%s%ld x %s, Linux %s, librdkafka %s in the load generator and the reader\n",
            prefix, sysconf(_SC_NPROCESSORS_ONLN), model, name.release, rd_kafka_version_str());
}
