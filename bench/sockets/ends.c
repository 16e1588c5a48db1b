#include "bench/sockets/ends.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/machine.h"
#include "bench/sockets/by_hand.h"
#include "bench/verdict.h"

enum { ADDRESS_BYTES = 64, COMMAND_BYTES = 1024, STOP_S = 20 };

/* The far end's address may not be there at once, nor the load's. */
static int dial(int fd, uint16_t port)
{
    if (!load_try_connect(fd, port))
        _exit(7);
    return fd;
}

/* Never returns. */
static void relay_by_hand(const struct end *end, enum slot slot, const struct load *load)
{
    bool is_stream = slot != SLOT_UDP;
    int type = is_stream ? SOCK_STREAM : SOCK_DGRAM, in;
    uint16_t port;
    if (slot == SLOT_TCP_DIALS)
        in = dial(socket(AF_INET, type, 0), load_in_port(load));
    else
        in = load_socket(is_stream, load_in_port(load), &port);
    if (slot == SLOT_TCP_LISTENS && (in = accept(in, NULL, NULL)) < 0)
        _exit(8);
    int out = dial(socket(AF_INET, type, 0), load_out_port(load));
    by_hand_relay(in, out, is_stream, strcmp(end->idle, "spin") == 0, load_word);
}

static void become_leat(const struct end *end, enum slot slot, const struct load *load)
{
    static const char *const schemes[] = {
        [SLOT_TCP_LISTENS] = "tcp-listen", [SLOT_TCP_DIALS] = "tcp", [SLOT_UDP] = "udp"};
    char in[ADDRESS_BYTES], out[ADDRESS_BYTES], filter[ADDRESS_BYTES], io[ADDRESS_BYTES];
    snprintf(in, sizeof in, "%s://127.0.0.1:%u", schemes[slot], load_in_port(load));
    snprintf(out, sizeof out, "%s://127.0.0.1:%u", slot == SLOT_UDP ? "udp" : "tcp",
             load_out_port(load));
    snprintf(filter, sizeof filter, "value LIKE '%%%s%%'", load_word);
    snprintf(io, sizeof io, "io=%s", end->io != NULL ? end->io : "auto");
    execl(end->leat, end->leat, "run", in, out, "--where", filter, "-q", "--idle", end->idle,
          "--option", io, "--option", end->leaves_wakeups ? "dmaLatency=off" : "dmaLatency=auto",
          (char *)NULL);
}

static void become_engine(const struct end *end, const struct load *load)
{
    char command[COMMAND_BYTES];
    snprintf(command, sizeof command, "IN=%u OUT=%u exec %s", load_in_port(load),
             load_out_port(load), end->command);
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
}

pid_t end_start(const struct end *end, enum slot slot, const struct load *load)
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0)
        bench_wrong("no process: %s", strerror(errno));
    if (pid > 0)
        return pid;
    int log = open(end->log, O_WRONLY | O_CREAT | O_APPEND, 0644);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (log < 0 || dup2(log, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0)
        _exit(6);
    bench_pin(BENCH_TESTED_CPU);
    if (end->leat != NULL)
        become_leat(end, slot, load);
    else if (end->command != NULL)
        become_engine(end, load);
    else
        relay_by_hand(end, slot, load);
    perror(end->name);
    _exit(5);
}

void end_stop(const struct end *end, pid_t pid)
{
    /* Another engine removes what it has made. */
    kill(pid, end->command != NULL ? SIGTERM : SIGKILL);
    for (int64_t until_ns = bench_now_ns() + STOP_S * (int64_t)1000000000;
         bench_now_ns() < until_ns; usleep(10000))
        if (waitpid(pid, NULL, WNOHANG) == pid)
            return;
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}
