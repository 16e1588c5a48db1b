/* A relay from its first line to its last, between connectors that need no broker; and the counters
 * that it leaves. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/support/program.h"
#include "tests/support/scratch.h"

static struct program p, q;
static char folder[SCRATCH_PATH_SIZE];

static char *path_in_folder(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* The numbers of the last line. */
struct account {
    unsigned long long read, delivered, filtered, dead, uncommitted;
};

static struct account account_of(const struct program *program)
{
    struct account account;
    const char *line = strstr(program->err, "ended: ");
    assert_non_null(line);
    assert_int_equal(sscanf(line,
                            "ended: read %llu, delivered %llu, filtered %llu, dead-lettered %llu, "
                            "uncommitted %llu\n",
                            &account.read, &account.delivered, &account.filtered, &account.dead,
                            &account.uncommitted),
                     5);
    return account;
}

#define RATE                                                                                       \
    "relay", "rate:", "noop:", "--option", "rowsPerSecond=5000", "--option", "dmaLatency=off",     \
        "--log-level", "warn", "--epoch", "100ms"

static void start_rate(struct program *program, const char *const *more)
{
    const char *arguments[PROGRAM_ARGUMENTS_MAX] = {RATE};
    size_t count = 0;
    while (arguments[count] != NULL)
        count++;
    for (size_t i = 0; more != NULL && more[i] != NULL; i++)
        arguments[count++] = more[i];
    program_start(program, "leat", arguments, NULL, NULL);
    program_wait_for_error(program, "ready relay rate: -> noop: lanes ", 60);
}

static bool has_lines(const struct program *program)
{
    enum { LINES = 2 };
    int count = 0;
    for (const char *at = program->out; (at = strchr(at, '\n')) != NULL; at++)
        count++;
    return count >= LINES;
}

static void a_signal_ends_a_relay_well_with_an_account(void **state)
{
    (void)state;
    start_rate(&p, PROGRAM_ARGS("--where", "value % 2 = 0", "--progress-interval", "100ms",
                                "--counters", "off"));
    program_wait_until(&p, has_lines, "lines of progress", 60);
    kill(p.pid, SIGTERM);
    program_wait(&p, 60);
    assert_int_equal(p.status, 0);
    struct account account = account_of(&p);
    assert_true(account.read > 500);
    assert_int_equal(account.read, account.delivered + account.filtered);
    assert_int_equal(account.dead, 0);
    assert_int_equal(account.uncommitted, 0);
    assert_string_equal(strchr(strstr(p.err, "ended: "), '\n'), "\n"); /* it is the last line */
}

static void the_end_of_the_terminal_ends_a_relay_well(void **state)
{
    (void)state;
    start_rate(&p, PROGRAM_ARGS("--counters", "off"));
    kill(p.pid, SIGHUP);
    program_wait(&p, 60);
    assert_int_equal(p.status, 0);
    assert_int_equal(account_of(&p).uncommitted, 0);
}

/* As nohup has it. */
static void a_relay_outlives_a_terminal_that_it_was_told_to_outlive(void **state)
{
    (void)state;
    assert_true(signal(SIGHUP, SIG_IGN) != SIG_ERR);
    start_rate(&p, PROGRAM_ARGS("--progress-interval", "100ms", "--counters", "off"));
    assert_true(signal(SIGHUP, SIG_DFL) != SIG_ERR);
    kill(p.pid, SIGHUP);
    program_wait_until(&p, has_lines, "lines of progress", 60);
    assert_int_equal(kill(p.pid, SIGTERM), 0); /* it is still there */
    program_wait(&p, 60);
    assert_int_equal(p.status, 0);
    assert_true(account_of(&p).read > 0);
}

static void without_a_terminal_progress_is_lines_of_json_on_stdout(void **state)
{
    (void)state;
    start_rate(&p,
               PROGRAM_ARGS("--progress-interval", "100ms", "--counters", "off", "--name", "n1"));
    program_wait_until(&p, has_lines, "lines of progress", 60);
    kill(p.pid, SIGINT);
    program_wait(&p, 60);
    assert_int_equal(p.status, 0);
    unsigned line_count = 0;
    char *rest = p.out;
    for (char *line = strsep(&rest, "\n"); line != NULL && *line != '\0';
         line = strsep(&rest, "\n")) {
        line_count++;
        assert_int_equal(strncmp(line, "{\"id\":\"", 7), 0);
        assert_int_equal(line[strlen(line) - 1], '}');
        assert_contains(line, "\"name\":\"n1\"");
        assert_contains(line, "\"numInputRows\":");
        assert_contains(line, "\"latencyMicros\":");
    }
    assert_true(line_count >= 2);
}

/* The live line, from its begin to the next one's, that tells of committed epochs and of rows in
 * the last moment; NULL: there is none. A busy machine may give the rows no time in one. */
static const char *line_of_rows(const struct program *program)
{
    static const char begin[] = "\r\033[Kin ";
    char in[16], out[16], filtered[16];
    for (const char *at = strstr(program->err, begin), *next; at != NULL; at = next) {
        next = strstr(at + 1, begin);
        const char *line = at + strlen(begin) - strlen("in "), *told = strstr(line, " s ago  p50 ");
        if (told != NULL && (next == NULL || told < next) &&
            sscanf(line, "in %15[^/]/s  out %15[^/]/s  filtered %15[^/]/s", in, out, filtered) ==
                3 &&
            strcmp(in, "0") != 0 && strcmp(out, "0") != 0 && strcmp(filtered, "0") != 0)
            return line;
    }
    return NULL;
}

static bool tells_of_rows(const struct program *program)
{
    return line_of_rows(program) != NULL;
}

static void on_a_terminal_one_line_is_written_over_and_no_json(void **state)
{
    (void)state;
    program_start_on_terminal(&p, "leat",
                              PROGRAM_ARGS(RATE, "--where", "value % 2 = 0", "--counters", "off",
                                           "--progress-interval", "100ms"));
    program_wait_for_error(&p, "ready relay rate: -> noop: lanes ", 60);
    program_wait_until(&p, tells_of_rows, "rates", 60);
    kill(p.pid, SIGTERM);
    program_wait(&p, 60);
    assert_int_equal(p.status, 0);
    assert_null(strstr(p.err, "{\"id\":"));
    assert_contains(line_of_rows(&p), "  epoch ");
    assert_contains(line_of_rows(&p), "  max ");
    assert_contains(p.err, "\r\nended: read "); /* on a line of its own */
}

static void quiet_prints_no_progress(void **state)
{
    (void)state;
    start_rate(&p, PROGRAM_ARGS("-q", "--progress-interval", "50ms", "--counters", "off"));
    usleep(300 * 1000);
    kill(p.pid, SIGTERM);
    program_wait(&p, 60);
    assert_string_equal(p.out, "");
    assert_int_equal(p.status, 0);
}

static void nobody_answering_at_the_start_is_status_3(void **state)
{
    (void)state;
    program_run(&p, "leat",
                PROGRAM_ARGS("relay", "kafka://127.0.0.1:1/in", "kafka://127.0.0.1:1/out",
                             "--checkpoint", path_in_folder("nobody"), "--startup-timeout", "500ms",
                             "--partition", "key", "--log-level", "error"),
                NULL, NULL);
    assert_int_equal(p.status, 3);
    assert_contains(p.err, "no broker answered");
    assert_null(strstr(p.err, "ready"));
}

static void a_checkpoint_in_use_is_status_4_and_names_its_owner(void **state)
{
    (void)state;
    char owner[64];
    start_rate(&p, PROGRAM_ARGS("--checkpoint", path_in_folder("used"), "--counters", "off"));
    program_run(&q, "leat", PROGRAM_ARGS(RATE, "--checkpoint", path_in_folder("used")), NULL, NULL);
    assert_int_equal(q.status, 4);
    snprintf(owner, sizeof owner, "in use by pid %d", (int)p.pid);
    assert_contains(q.err, owner);
    kill(p.pid, SIGTERM);
    program_wait(&p, 60);
    assert_int_equal(p.status, 0);
}

static void a_folder_that_is_no_checkpoint_is_status_4(void **state)
{
    (void)state;
    FILE *file = fopen(path_in_folder("letter.txt"), "w");
    assert_non_null(file);
    fclose(file);
    program_run(&p, "leat", PROGRAM_ARGS(RATE, "--checkpoint", folder), NULL, NULL);
    assert_int_equal(p.status, 4);
    assert_contains(p.err, "not a checkpoint");
    assert_int_equal(unlink(path_in_folder("letter.txt")), 0);
}

static void a_signal_while_starting_ends_the_program_at_once(void **state)
{
    (void)state;
    program_start(&p, "leat",
                  PROGRAM_ARGS("relay", "kafka://127.0.0.1:1/in", "kafka://127.0.0.1:1/out",
                               "--checkpoint", path_in_folder("starting"), "--partition", "key",
                               "--startup-timeout", "600s"),
                  NULL, NULL);
    program_wait_for_handler(&p, SIGINT);
    usleep(300 * 1000);
    kill(p.pid, SIGINT);
    program_wait(&p, 60);
    assert_int_equal(p.status, 128 + SIGINT);
}

static void stat_prints_the_counters_of_a_dead_process(void **state)
{
    (void)state;
    char pid[16], path[256];
    snprintf(path, sizeof path, "%s", path_in_folder("counters"));
    start_rate(&p, PROGRAM_ARGS("--counters", path, "--name", "victim", "-q"));
    usleep(300 * 1000);
    kill(p.pid, SIGKILL);
    program_wait(&p, 60);
    assert_int_equal(p.status, 1000 + SIGKILL);
    program_run(&q, "leat", PROGRAM_ARGS("stat", path), NULL, NULL);
    assert_int_equal(q.status, 0);
    snprintf(pid, sizeof pid, "pid %d  dead", (int)p.pid);
    assert_contains(q.out, "victim  ");
    assert_contains(q.out, pid);
    assert_contains(q.out, "lane0.source.records");
    program_run(&q, "leat", PROGRAM_ARGS("stat", path, "--json"), NULL, NULL);
    assert_contains(q.out, "{\"query\":\"victim\"");
    assert_contains(q.out, "\"alive\":false");
    program_run(&q, "leat", PROGRAM_ARGS("stat", path, "--prometheus"), NULL, NULL);
    assert_contains(q.out, "# TYPE leat_source_records_total counter\n");
    assert_contains(q.out, "leat_up{query=\"victim\",pid=\"");
    assert_contains(q.out, ",lane=\"0\"} ");
    assert_int_equal(unlink(path), 0);
}

static void counters_of_the_dead_do_not_pile_up(void **state)
{
    (void)state;
    char name[32];
    enum { KILLS = 7, KEPT = 4 };
    snprintf(name, sizeof name, "victims-%d", (int)getpid());
    for (int i = 0; i < KILLS; i++) {
        start_rate(&p, PROGRAM_ARGS("--name", name, "-q"));
        kill(p.pid, SIGKILL);
        program_wait(&p, 60);
    }
    /* The last start came before the last death. */
    program_run(&q, "leat", PROGRAM_ARGS("stat", name, "--json"), NULL, NULL);
    int count = 0;
    char *rest = q.out;
    for (char *line = strsep(&rest, "\n"); line != NULL && *line != '\0';
         line = strsep(&rest, "\n")) {
        char *path = strstr(line, "\"path\":\"") + strlen("\"path\":\"");
        path[strcspn(path, "\"")] = '\0';
        assert_int_equal(unlink(path), 0);
        count++;
    }
    assert_int_equal(count, KEPT + 1);
}

static void stat_says_what_it_does_not_find(void **state)
{
    (void)state;
    program_run(&p, "leat", PROGRAM_ARGS("stat", "no-such-query"), NULL, NULL);
    assert_string_equal(p.err, "leat stat: no file, process or query \"no-such-query\"; hint: leat "
                               "stat lists what there is\n");
    assert_int_equal(p.status, 2);
    program_run(&p, "leat", PROGRAM_ARGS("stat", path_in_folder("none")), NULL, NULL);
    assert_contains(p.err, "/none\": cannot open: No such file or directory");
    assert_int_equal(p.status, 2);
}

/* Leaves the counters of a relay that was killed; its pid is p.pid. */
static void leave_counters(const char *path, const char *name)
{
    start_rate(&p, PROGRAM_ARGS("--counters", path, "--name", name, "-q"));
    kill(p.pid, SIGKILL);
    program_wait(&p, 60);
}

/* Stat of a file that holds the first `size_bytes` of another, with a byte turned at `turned`. */
static void expect_refused(const char *from, size_t size_bytes, long turned, const char *why)
{
    static char bytes[65536];
    char path[256];
    snprintf(path, sizeof path, "%s", path_in_folder("copy"));
    FILE *file = fopen(from, "re");
    assert_non_null(file);
    size_t kept = fread(bytes, 1, size_bytes, file);
    assert_int_equal(fclose(file), 0);
    if (turned >= 0)
        bytes[turned] = (char)~bytes[turned];
    file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, kept, file), kept);
    assert_int_equal(fclose(file), 0);
    program_run(&q, "leat", PROGRAM_ARGS("stat", path), NULL, NULL);
    assert_contains(q.err, "leat stat: counters file \"");
    assert_contains(q.err, why);
    assert_string_equal(q.out, "");
    assert_int_equal(q.status, 2);
    assert_int_equal(unlink(path), 0);
}

static void stat_says_why_a_file_is_not_read(void **state)
{
    (void)state;
    char path[256];
    snprintf(path, sizeof path, "%s", path_in_folder("counters"));
    leave_counters(path, "damaged");
    expect_refused(path, 0, -1, "truncated: it ends at byte 0 of at least ");
    expect_refused(path, 100, -1, "truncated: it ends at byte 100 of at least ");
    expect_refused(path, 65536, 200, "damaged: its header does not match its hash");
    expect_refused("/etc/passwd", 100, -1, "not a counters file of leat");
    expect_refused("/etc/passwd", 3, -1, "not a counters file of leat");
    expect_refused("/proc/self/exe", 65536, -1, "not a counters file of leat");
    program_run(&q, "leat", PROGRAM_ARGS("stat", folder), NULL, NULL);
    assert_contains(q.err, "not a regular file");
    assert_int_equal(q.status, 2);
    assert_int_equal(unlink(path), 0);
}

static void stat_finds_a_dead_process_by_its_pid(void **state)
{
    (void)state;
    char pid[16], name[32];
    snprintf(name, sizeof name, "dead-%d", (int)getpid());
    leave_counters("auto", name);
    snprintf(pid, sizeof pid, "%d", (int)p.pid);
    program_run(&q, "leat", PROGRAM_ARGS("stat", pid, "--json"), NULL, NULL);
    assert_int_equal(q.status, 0);
    assert_contains(q.out, name);
    assert_contains(q.out, "\"alive\":false");
    char *path = strstr(q.out, "\"path\":\"") + strlen("\"path\":\"");
    path[strcspn(path, "\"")] = '\0';
    assert_int_equal(unlink(path), 0);
}

static void the_service_manager_is_told(void **state)
{
    (void)state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval patience = {.tv_sec = 60};
    char variable[128], message[64] = "";
    snprintf(address.sun_path, sizeof address.sun_path, "%.60s/notify", folder);
    snprintf(variable, sizeof variable, "NOTIFY_SOCKET=%.100s", address.sun_path);
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    program_start(&p, "leat", PROGRAM_ARGS(RATE, "-q", "--counters", "off"), PROGRAM_ARGS(variable),
                  NULL);
    assert_true(recv(fd, message, sizeof message - 1, 0) > 0);
    assert_string_equal(message, "READY=1");
    kill(p.pid, SIGTERM);
    memset(message, 0, sizeof message);
    assert_true(recv(fd, message, sizeof message - 1, 0) > 0);
    assert_string_equal(message, "STOPPING=1");
    program_wait(&p, 60);
    assert_int_equal(p.status, 0);
    close(fd);
    unlink(address.sun_path);
}

static int make_folder(void **state)
{
    (void)state;
    scratch_create(folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    scratch_remove(folder);
    return 0;
}

static void stat_prints_no_control_characters_of_a_name(void **state)
{
    (void)state;
    char path[256];
    snprintf(path, sizeof path, "%s", path_in_folder("painted"));
    leave_counters(path, "\033]0;owned\007\033[31mred\xc2\x9bm");
    program_run(&q, "leat", PROGRAM_ARGS("stat", path), NULL, NULL);
    assert_int_equal(q.status, 0);
    assert_contains(q.out, "\\x1b]0;owned\\x07\\x1b[31mred\\xc2\\x9bm  pid ");
    assert_null(strchr(q.out, '\033'));
    assert_null(strchr(q.out, '\007'));
    assert_int_equal(unlink(path), 0);
}

static void a_relay_that_may_open_too_few_files_says_so(void **state)
{
    (void)state;
    struct rlimit before, few;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = before;
    few.rlim_cur = 48;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    start_rate(&p, PROGRAM_ARGS("-q", "--counters", "off"));
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    kill(p.pid, SIGTERM);
    program_wait(&p, 60);
    assert_int_equal(p.status, 0);
    assert_contains(p.err, "warning: this process may have 48 files and connections open, and a "
                           "relay needs 64");
    start_rate(&p, PROGRAM_ARGS("-q", "--counters", "off"));
    kill(p.pid, SIGTERM);
    program_wait(&p, 60);
    if (before.rlim_cur >= 64)
        assert_null(strstr(p.err, "warning"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signal_ends_a_relay_well_with_an_account),
        cmocka_unit_test(the_end_of_the_terminal_ends_a_relay_well),
        cmocka_unit_test(a_relay_outlives_a_terminal_that_it_was_told_to_outlive),
        cmocka_unit_test(without_a_terminal_progress_is_lines_of_json_on_stdout),
        cmocka_unit_test(on_a_terminal_one_line_is_written_over_and_no_json),
        cmocka_unit_test(quiet_prints_no_progress),
        cmocka_unit_test(nobody_answering_at_the_start_is_status_3),
        cmocka_unit_test(a_checkpoint_in_use_is_status_4_and_names_its_owner),
        cmocka_unit_test(a_folder_that_is_no_checkpoint_is_status_4),
        cmocka_unit_test(a_signal_while_starting_ends_the_program_at_once),
        cmocka_unit_test(stat_prints_the_counters_of_a_dead_process),
        cmocka_unit_test(counters_of_the_dead_do_not_pile_up),
        cmocka_unit_test(stat_prints_no_control_characters_of_a_name),
        cmocka_unit_test(a_relay_that_may_open_too_few_files_says_so),
        cmocka_unit_test(stat_says_what_it_does_not_find),
        cmocka_unit_test(stat_says_why_a_file_is_not_read),
        cmocka_unit_test(stat_finds_a_dead_process_by_its_pid),
        cmocka_unit_test(the_service_manager_is_told),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
