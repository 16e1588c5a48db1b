/* The log, read back from a pipe that stands in for stderr. */
#include "core/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

static struct {
    int real_stderr;
    int reader;
    char text[1 << 20];
} capture;

static void begin_capture(void)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_true(fcntl(ends[1], F_SETPIPE_SZ, 1 << 20) > 0);
    capture.real_stderr = dup(STDERR_FILENO);
    assert_true(capture.real_stderr >= 0);
    assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    assert_int_equal(close(ends[1]), 0);
    capture.reader = ends[0];
}

/* Ends the capture and returns what was written. */
static const char *captured(void)
{
    assert_int_equal(dup2(capture.real_stderr, STDERR_FILENO), STDERR_FILENO);
    assert_int_equal(close(capture.real_stderr), 0);
    size_t size_bytes = 0;
    ssize_t got;
    while ((got = read(capture.reader, capture.text + size_bytes,
                       sizeof capture.text - 1 - size_bytes)) > 0)
        size_bytes += (size_t)got;
    assert_int_equal(got, 0);
    assert_int_equal(close(capture.reader), 0);
    capture.text[size_bytes] = '\0';
    return capture.text;
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part))
        count++;
    return count;
}

/* Waits for the first tenth of a second of the clock's seconds, so that what follows falls into
 * one. */
static void wait_for_a_fresh_second(void)
{
    struct timespec now;
    do {
        const struct timespec pause = {.tv_nsec = 1000000};
        assert_int_equal(nanosleep(&pause, NULL), 0);
        assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &now), 0);
    } while (now.tv_nsec > 100000000);
}

static void a_line_has_prefix_level_and_text(void **state)
{
    (void)state;
    begin_capture();
    lt_log_info("not shown by default");
    lt_log_set_level(LT_LOG_INFO);
    lt_log_info("lane %d pinned", 3);
    lt_log_error("disk");
    lt_log_debug("not shown");
    assert_string_equal(captured(), "leat: info: lane 3 pinned\nleat: error: disk\n");
}

static void levels_are_filtered(void **state)
{
    (void)state;
    lt_log_set_level(LT_LOG_WARN);
    assert_true(lt_log_enabled(LT_LOG_ERROR));
    assert_false(lt_log_enabled(LT_LOG_INFO));
    begin_capture();
    lt_log_info("info");
    lt_log_warn("warn");
    assert_string_equal(captured(), "leat: warn: warn\n");
    lt_log_set_level(LT_LOG_INFO);
}

static void no_text_can_forge_a_second_line(void **state)
{
    (void)state;
    begin_capture();
    lt_log_warn("a\nleat: error: b\tc\x1b[0m");
    assert_string_equal(captured(), "leat: warn: a\\nleat: error: b\\tc\\x1b[0m\n");
}

static void keep(void *context, enum lt_log_level level, const char *text)
{
    assert_int_equal(snprintf(context, 64, "%d %s", (int)level, text), strlen(text) + 2);
}

static void an_embedder_gets_the_bare_text(void **state)
{
    (void)state;
    char kept[64] = "";
    begin_capture();
    lt_log_set_sink(keep, kept);
    lt_log_warn("lane %d\nslow", 7);
    lt_log_set_sink(NULL, NULL);
    assert_string_equal(captured(), "");
    assert_string_equal(kept, "1 lane 7\nslow");
}

static void repeats_are_held_back_and_summed_up(void **state)
{
    (void)state;
    wait_for_a_fresh_second();
    begin_capture();
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 1000; i++) {
            if (round == 1 && i == 1)
                break;
            lt_log_warn("broker is gone");
        }
        if (round == 0) {
            const struct timespec second = {.tv_sec = 1};
            assert_int_equal(nanosleep(&second, NULL), 0);
        }
    }
    assert_string_equal(captured(),
                        "leat: warn: broker is gone\n"
                        "leat: warn: broker is gone (and 999 more like it, left out)\n");
}

static void different_texts_of_one_site_pass_up_to_a_burst(void **state)
{
    (void)state;
    wait_for_a_fresh_second();
    begin_capture();
    for (int i = 0; i < 100; i++)
        lt_log_info("option %d", i);
    lt_log_flush();
    const char *text = captured();
    assert_int_equal(count_of(text, "leat: info: option "), 20);
    assert_non_null(strstr(text, "leat: warn: 80 repeated log lines were left out\n"));
    begin_capture();
    lt_log_flush();
    assert_string_equal(captured(), ""); /* told once */
}

static void logging_keeps_errno(void **state)
{
    (void)state;
    begin_capture();
    errno = ENOSPC;
    lt_log_info("between failure and report");
    int after = errno;
    assert_true(strlen(captured()) > 0);
    assert_int_equal(after, ENOSPC);
}

static void lost_lines_are_counted_and_told(void **state)
{
    (void)state;
    int real_stderr = dup(STDERR_FILENO);
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(full >= 0);
    assert_int_equal(dup2(full, STDERR_FILENO), STDERR_FILENO);
    lt_log_info("lost one");
    lt_log_info("lost two");
    assert_int_equal(dup2(real_stderr, STDERR_FILENO), STDERR_FILENO);
    assert_int_equal(close(full), 0);
    assert_int_equal(close(real_stderr), 0);
    begin_capture();
    lt_log_info("back");
    lt_log_info("and going on");
    assert_string_equal(captured(), "leat: warn: 2 log lines before this one could not be written\n"
                                    "leat: info: back\nleat: info: and going on\n");
}

enum { THREAD_COUNT = 4, LINES_PER_THREAD = 20 };

static void *write_lines(void *letter)
{
    char body[1001];
    memset(body, *(const char *)letter, sizeof body - 1);
    body[sizeof body - 1] = '\0';
    for (int i = 0; i < LINES_PER_THREAD; i++)
        lt_log_info("%02d%s", i, body);
    return NULL;
}

static void lines_of_several_threads_are_whole(void **state)
{
    (void)state;
    static const char letters[] = "abcd";
    pthread_t threads[THREAD_COUNT];
    wait_for_a_fresh_second();
    begin_capture();
    for (int i = 0; i < THREAD_COUNT; i++)
        assert_int_equal(
            pthread_create(&threads[i], NULL, write_lines, (void *)(uintptr_t)&letters[i]), 0);
    for (int i = 0; i < THREAD_COUNT; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    const char *line = captured();
    static const char head[] = "leat: info: ";
    size_t count = 0;
    for (; *line != '\0'; count++) {
        const char *body = line + sizeof head - 1 + 2;
        assert_int_equal(strncmp(line, head, sizeof head - 1), 0);
        const char one[] = {*body, '\0'};
        assert_int_equal(strspn(body, one), 1000);
        assert_int_equal(body[1000], '\n');
        line = body + 1001;
    }
    assert_int_equal(count, THREAD_COUNT * LINES_PER_THREAD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_prefix_level_and_text),
        cmocka_unit_test(levels_are_filtered),
        cmocka_unit_test(no_text_can_forge_a_second_line),
        cmocka_unit_test(an_embedder_gets_the_bare_text),
        cmocka_unit_test(repeats_are_held_back_and_summed_up),
        cmocka_unit_test(different_texts_of_one_site_pass_up_to_a_burst),
        cmocka_unit_test(logging_keeps_errno),
        cmocka_unit_test(lost_lines_are_counted_and_told),
        cmocka_unit_test(lines_of_several_threads_are_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
