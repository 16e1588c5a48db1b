/* The counters file: what a reader sees, and that nothing in a file can harm it. */
#include "core/base/counters.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/base/arena.h"
#include "core/base/counters_format.h"
#include "core/base/log.h"
#include "tests/support/scratch.h"

static char folder[SCRATCH_PATH_SIZE], path[SCRATCH_PATH_SIZE + sizeof "/counters"];

static int make_folder(void **state)
{
    (void)state;
    scratch_create(folder);
    return snprintf(path, sizeof path, "%s/counters", folder) > 0 ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static struct lt_counters *create(void)
{
    struct lt_counters *counters;
    struct lt_error error;
    if (lt_counters_create(path, "orders", &counters, &error) != 0)
        fail_msg("%s", error.text);
    return counters;
}

static struct lt_counters *open_reader(void)
{
    struct lt_counters *counters;
    struct lt_error error;
    if (lt_counters_open(path, &counters, &error) != 0)
        fail_msg("%s", error.text);
    return counters;
}

static void assert_open_fails(const char *where, int code, const char *fault)
{
    struct lt_counters *counters;
    struct lt_error error;
    char expected[256];
    assert_true(snprintf(expected, sizeof expected, "counters file \"%s\": %s", where, fault) > 0);
    assert_int_equal(lt_counters_open(where, &counters, &error), code);
    assert_string_equal(error.text, expected);
    assert_null(counters);
}

static void a_reader_sees_names_kinds_and_values(void **state)
{
    (void)state;
    struct lt_counters *writer = create();
    struct lt_shared_u64 *records =
        lt_counters_add(writer, LT_COUNTER_SUM, "lane0.source.records", "records", "records read");
    struct lt_shared_u64 *lag =
        lt_counters_add(writer, LT_COUNTER_GAUGE, "lane0.source.lag", "records", "behind");
    struct lt_histogram *latency = lt_counters_add_histogram(writer, "lane0.latency", "end to end");
    struct lt_counter_text *status = lt_counters_add_text(writer, "query.state", "what it does");
    lt_counter_add(records, 40);
    lt_counter_add(records, 2);
    lt_counter_set(lag, 7);
    lt_histogram_record(latency, 1000);
    lt_counter_text_set(status, "running");

    struct lt_counters *reader = open_reader();
    assert_int_equal(lt_counters_count(reader), 4);
    struct lt_counter_info info = lt_counters_at(reader, 0);
    assert_string_equal(info.name, "lane0.source.records");
    assert_string_equal(info.unit, "records");
    assert_string_equal(info.help, "records read");
    assert_int_equal(info.kind, LT_COUNTER_SUM);
    assert_int_equal(lt_load_relaxed_u64(info.value), 42);
    info = lt_counters_at(reader, 1);
    assert_int_equal(info.kind, LT_COUNTER_GAUGE);
    assert_int_equal(lt_load_relaxed_u64(info.value), 7);
    info = lt_counters_at(reader, 2);
    assert_string_equal(info.unit, "ns");
    assert_int_equal(lt_histogram_count(info.histogram), 1);
    assert_int_equal(lt_histogram_quantile(info.histogram, 0.5), 1000);
    char text[300];
    lt_counter_text_get(lt_counters_at(reader, 3).text, text, sizeof text);
    assert_string_equal(text, "running");
    lt_counters_close(reader);
    lt_counters_close(writer);
    assert_int_equal(unlink(path), 0); /* it stays until then */
}

static void a_refresh_shows_new_values_and_entries(void **state)
{
    (void)state;
    struct lt_error error;
    struct lt_counters *writer = create();
    struct lt_shared_u64 *first = lt_counters_add(writer, LT_COUNTER_SUM, "a.b", "records", "");
    struct lt_counters *reader = open_reader();
    const struct lt_shared_u64 *seen = lt_counters_at(reader, 0).value;
    lt_counter_add(first, 5);
    lt_counter_set(lt_counters_add(writer, LT_COUNTER_GAUGE, "c.d", "bytes", ""), 9);
    assert_int_equal(lt_load_relaxed_u64(seen), 0);
    assert_int_equal(lt_counters_refresh(reader, &error), 0);
    assert_int_equal(lt_load_relaxed_u64(seen), 5);
    assert_int_equal(lt_counters_count(reader), 2);
    assert_int_equal(lt_load_relaxed_u64(lt_counters_at(reader, 1).value), 9);
    assert_int_equal(truncate(path, 100), 0);
    assert_int_equal(lt_counters_refresh(reader, &error), LT_E_CORRUPT);
    assert_int_equal(lt_counters_count(reader), 0);
    lt_counters_close(reader);
    lt_counters_close(writer);
    assert_int_equal(unlink(path), 0);
}

static void counters_of_one_writer_are_packed_and_of_two_never_share_a_line(void **state)
{
    (void)state;
    struct lt_counters *counters;
    struct lt_error error;
    assert_int_equal(lt_counters_create(NULL, "q", &counters, &error), 0);
    const char *const names[] = {"lane0.source.a", "lane0.source.b", "lane0.sink.a",
                                 "lane1.sink.a",   "single",         "other"};
    uintptr_t places[6];
    for (size_t i = 0; i < 6; i++)
        places[i] = (uintptr_t)lt_counters_add(counters, LT_COUNTER_SUM, names[i], "records", "");
    assert_int_equal(places[1] - places[0], 8);
    for (size_t i = 2; i < 6; i++) {
        assert_int_equal(places[i] % LT_FALSE_SHARING_RANGE, 0);
        assert_true(places[i] - places[i - 1] >= LT_FALSE_SHARING_RANGE - 8);
    }
    lt_counters_close(counters);
    lt_counters_close(NULL);
}

static void what_is_added_again_after_a_new_start_goes_on_from_its_value(void **state)
{
    (void)state;
    struct lt_counters *counters;
    struct lt_error error;
    assert_int_equal(lt_counters_create(NULL, "q", &counters, &error), 0);
    struct lt_shared_u64 *records =
        lt_counters_add(counters, LT_COUNTER_SUM, "a.records", "records", "");
    struct lt_histogram *latency = lt_counters_add_histogram(counters, "a.latency", "");
    lt_counter_add(records, 41);
    lt_histogram_record(latency, 7);
    lt_counters_begin_again(counters);
    assert_ptr_equal(lt_counters_add_histogram(counters, "a.latency", ""), latency);
    assert_ptr_equal(lt_counters_add(counters, LT_COUNTER_SUM, "a.records", "records", ""),
                     records);
    lt_counter_add(records, 1);
    assert_int_equal(lt_load_relaxed_u64(records), 42);
    assert_int_equal(lt_histogram_count(latency), 1);
    assert_int_equal(lt_counters_count(counters), 2);
    lt_counters_close(counters);
}

static void counters_in_memory_need_no_file(void **state)
{
    (void)state;
    struct lt_counters *counters;
    struct lt_error error;
    assert_int_equal(lt_counters_create(NULL, "q", &counters, &error), 0);
    enum { COUNT = 700 };
    for (int i = 0; i < COUNT; i++) {
        char name[32];
        assert_true(snprintf(name, sizeof name, "lane%d.latency", i) > 0);
        lt_histogram_record(lt_counters_add_histogram(counters, name, ""), i);
    }
    assert_int_equal(lt_counters_count(counters), COUNT);
    for (size_t i = 0; i < COUNT; i++)
        assert_int_equal(lt_counters_at(counters, i).histogram->max.value, i);
    lt_counters_close(counters);
}

static void identity_tells_whether_the_process_runs(void **state)
{
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct lt_counters *mine;
        if (lt_counters_create(path, "orders", &mine, NULL) != 0)
            _exit(1);
        lt_counters_heartbeat(mine, 123456);
        raise(SIGSTOP);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, WUNTRACED), child);
    assert_true(WIFSTOPPED(status));
    struct lt_counters *reader = open_reader();
    struct lt_counters_identity identity = lt_counters_identity(reader);
    assert_int_equal(identity.pid, child);
    assert_true(identity.alive);
    assert_string_equal(identity.query_name, "orders");
    assert_int_equal(identity.heartbeat_wall_us, 123456);
    assert_true(identity.started_wall_us > INT64_C(1700000000000000));

    assert_int_equal(kill(child, SIGKILL), 0);
    siginfo_t info;
    assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
    assert_false(lt_counters_identity(reader).alive); /* a zombie */
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_false(lt_counters_identity(reader).alive);
    lt_counters_close(reader);
    assert_int_equal(unlink(path), 0);
}

static void what_has_no_room_is_a_limit_and_harms_nothing(void **state)
{
    (void)state;
    struct lt_error error;
    struct lt_counters *counters;
    char name[32];
    assert_int_equal(lt_counters_create(NULL, "q", &counters, &error), 0);
    struct lt_shared_u64 *first = lt_counters_add(counters, LT_COUNTER_SUM, "first", "", "");
    lt_counter_set(first, 7);
    int fit = (int)(LT_COUNTERS_VALUES_CAPACITY / sizeof(struct lt_histogram)) - 1;
    int count = 0;
    for (; lt_counters_check_room(counters, &error) == 0; count++) {
        snprintf(name, sizeof name, "lane%d.latency", count);
        lt_histogram_record(lt_counters_add_histogram(counters, name, ""), 5);
    }
    assert_in_range(count, fit - fit / 100, fit + 1);
    assert_int_equal(lt_counters_count(counters), count); /* all but the last, and the first */
    assert_string_equal(error.text, "the query has more counters than the 8192, of 64 MiB, that "
                                    "there is room for; hint: run it with fewer lanes or sinks");
    for (int i = 0; i < 3; i++) {
        snprintf(name, sizeof name, "late%d", i);
        lt_counter_text_set(lt_counters_add_text(counters, name, ""), "text");
    }
    assert_int_equal(lt_counters_check_room(counters, &error), LT_E_LIMIT);
    assert_int_equal(lt_load_relaxed_u64(first), 7);
    lt_counters_close(counters);
}

static void a_full_directory_is_a_limit(void **state)
{
    (void)state;
    struct lt_error error;
    struct lt_counters *counters;
    assert_int_equal(lt_counters_create(NULL, "q", &counters, &error), 0);
    for (int i = 0; i <= LT_COUNTERS_ENTRY_CAPACITY; i++) {
        char name[32];
        assert_int_equal(lt_counters_check_room(counters, &error), 0);
        snprintf(name, sizeof name, "n.%d", i);
        lt_counter_add(lt_counters_add(counters, LT_COUNTER_SUM, name, "", ""), 1);
    }
    assert_int_equal(lt_counters_check_room(counters, &error), LT_E_LIMIT);
    assert_int_equal(lt_counters_count(counters), LT_COUNTERS_ENTRY_CAPACITY);
    lt_counters_close(counters);
}

static void foreign_files_are_refused_by_name(void **state)
{
    (void)state;
    assert_open_fails("/nowhere/at/all", LT_E_NOT_FOUND, "cannot open: No such file or directory");
    assert_open_fails(folder, LT_E_INVALID, "not a regular file");
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_open_fails(path, LT_E_INVALID, "not a regular file");
    assert_int_equal(unlink(path), 0);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < 500; i++)
        assert_true(fputs("some text\n", file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_open_fails(path, LT_E_INVALID, "not a counters file of leat");
    assert_int_equal(truncate(path, 0), 0);
    assert_open_fails(path, LT_E_CORRUPT, "truncated: it ends at byte 0 of at least 4096");
    assert_int_equal(unlink(path), 0);
    struct lt_counters *counters;
    struct lt_error error;
    assert_int_equal(lt_counters_create("/nowhere/counters", "q", &counters, &error),
                     LT_E_NOT_FOUND);
    assert_string_equal(error.text, "cannot create counters file \"/nowhere/counters\": No such "
                                    "file or directory");
    assert_null(counters);
}

/* Makes a file with some entries and leaves it behind. */
static void leave_a_file(void)
{
    struct lt_counters *writer = create();
    for (int i = 0; i < 20; i++) {
        char name[32];
        assert_true(snprintf(name, sizeof name, "lane%d.records", i) > 0);
        lt_counter_add(lt_counters_add(writer, LT_COUNTER_SUM, name, "records", "help"), 1);
    }
    lt_counters_add_histogram(writer, "latency", "help");
    lt_counter_text_set(lt_counters_add_text(writer, "state", "help"), "running");
    lt_counters_close(writer);
}

static void overwrite(size_t offset, const void *bytes, size_t size_bytes)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, size_bytes, (off_t)offset), size_bytes);
    assert_int_equal(close(fd), 0);
}

static void damage_is_named(void **state)
{
    (void)state;
    const uint32_t two = 2;
    const uint64_t huge = UINT64_MAX;
    leave_a_file();
    overwrite(8, &two, sizeof two);
    assert_open_fails(path, LT_E_UNSUPPORTED, "format version 2; this leat reads version 1");
    leave_a_file();
    overwrite(80, "X", 1);
    assert_open_fails(path, LT_E_CORRUPT, "damaged: its header does not match its hash");
    leave_a_file();
    overwrite(256, &huge, sizeof huge);
    assert_open_fails(path, LT_E_CORRUPT,
                      "damaged: it claims 18446744073709551615 entries of at most 8192");
    leave_a_file();
    overwrite(264, &huge, sizeof huge);
    assert_open_fails(
        path, LT_E_CORRUPT,
        "damaged: it claims 18446744073709551615 bytes of values of at most 67108864");
    leave_a_file();
    overwrite(4096 + 3 * 256 + 16, "X", 1);
    assert_open_fails(path, LT_E_CORRUPT, "damaged: entry 3 does not match its hash");
    leave_a_file();
    assert_int_equal(truncate(path, 5000), 0);
    assert_open_fails(path, LT_E_CORRUPT, "truncated: it ends at byte 5000 of at least 9728");
    assert_int_equal(unlink(path), 0);
}

/* An entry with a right hash but made with ill intent. */
static void assert_entry_refused(const struct lt_counters_entry *made, const char *fault)
{
    struct lt_counters_entry entry = *made;
    entry.hash = lt_counters_entry_hash(&entry);
    leave_a_file();
    overwrite(LT_COUNTERS_DIRECTORY_OFFSET, &entry, sizeof entry);
    assert_open_fails(path, LT_E_CORRUPT, fault);
}

static size_t used_values_bytes(void)
{
    leave_a_file();
    struct lt_counters *reader = open_reader();
    size_t size_bytes = (size_t)lt_counters_header_of(reader)->values_bytes.value;
    lt_counters_close(reader);
    return size_bytes;
}

static void entries_that_point_elsewhere_are_refused(void **state)
{
    (void)state;
    struct lt_counters_entry sound = {.offset = LT_COUNTERS_VALUES_OFFSET, .size_bytes = 8};
    struct lt_counters_entry entry = sound;
    entry.offset = 0;
    assert_entry_refused(&entry, "damaged: entry 0 points outside the values");
    entry.offset = UINT64_MAX - 7;
    assert_entry_refused(&entry, "damaged: entry 0 points outside the values");
    entry.offset = sound.offset + 1;
    assert_entry_refused(&entry, "damaged: entry 0 points outside the values");
    entry.offset = LT_COUNTERS_EXTENT_BYTES - 8;
    assert_entry_refused(&entry, "damaged: entry 0 points outside the values");
    /* Begins in the last used word, and is longer. */
    entry = sound;
    entry.kind = LT_COUNTER_HISTOGRAM;
    entry.size_bytes = sizeof(struct lt_histogram);
    entry.offset = LT_COUNTERS_VALUES_OFFSET + used_values_bytes() - 8;
    assert_entry_refused(&entry, "damaged: entry 0 points outside the values");
    entry = sound;
    entry.kind = 77;
    assert_entry_refused(&entry, "damaged: entry 0 has an unknown kind or a wrong size");
    entry = sound;
    entry.kind = LT_COUNTER_HISTOGRAM;
    assert_entry_refused(&entry, "damaged: entry 0 has an unknown kind or a wrong size");
    entry = sound;
    memset(entry.name, 'n', sizeof entry.name);
    assert_entry_refused(&entry, "damaged: entry 0 has a text without an end");
    assert_int_equal(unlink(path), 0);
}

/* Reads all that a reader offers; sanitizers watch. */
static void read_everything(const struct lt_counters *reader)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < lt_counters_count(reader); i++) {
        struct lt_counter_info info = lt_counters_at(reader, i);
        sum += strlen(info.name) + strlen(info.unit) + strlen(info.help);
        char text[300];
        if (info.kind == LT_COUNTER_HISTOGRAM)
            sum += (uint64_t)lt_histogram_quantile(info.histogram, 0.99);
        else if (info.kind == LT_COUNTER_TEXT)
            lt_counter_text_get(info.text, text, sizeof text);
        else
            sum += lt_load_relaxed_u64(info.value);
    }
    assert_true(sum > 0);
    assert_true(strlen(lt_counters_identity(reader).query_name) < 128);
}

static void no_damage_of_any_place_harms_the_reader(void **state)
{
    (void)state;
    enum { ROUNDS = 3000 };
    const size_t values_bytes = 64 * 1024;
    uint64_t seed = 4711;
    int refused_count = 0;
    for (int round = 0; round < ROUNDS; round++) {
        if (round % 100 == 0)
            leave_a_file(); /* otherwise damage adds up */
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
        size_t place = (size_t)(seed >> 33) % (LT_COUNTERS_HEADER_BYTES + 22 * 256 + values_bytes);
        if (place >= LT_COUNTERS_HEADER_BYTES + 22 * 256)
            place += LT_COUNTERS_VALUES_OFFSET - LT_COUNTERS_HEADER_BYTES - 22 * 256;
        uint8_t byte = (uint8_t)(seed >> 24);
        overwrite(place, &byte, 1);
        struct lt_counters *reader;
        struct lt_error error;
        if (lt_counters_open(path, &reader, &error) < 0) {
            refused_count++;
            assert_non_null(strstr(error.text, path));
            continue;
        }
        read_everything(reader);
        lt_counters_close(reader);
    }
    assert_true(refused_count > 100);
    assert_true(refused_count < ROUNDS);
    assert_int_equal(unlink(path), 0);
}

static void every_truncation_is_noticed(void **state)
{
    (void)state;
    leave_a_file();
    struct lt_counters *reader = open_reader();
    const struct lt_counters_entry *last = lt_counters_entry_of(reader, 21);
    off_t needed = (off_t)(last->offset + last->size_bytes);
    struct lt_error error;
    for (off_t size = needed - 1; size >= 0; size -= 977) {
        /* The hole between directory and values is all alike. */
        if (size < (off_t)LT_COUNTERS_VALUES_OFFSET && size > 20000)
            size = 20000;
        assert_int_equal(truncate(path, size), 0);
        assert_int_equal(lt_counters_refresh(reader, &error), LT_E_CORRUPT);
        assert_non_null(strstr(error.text, "truncated: it ends at byte "));
        assert_int_equal(lt_counters_count(reader), 0);
    }
    lt_counters_close(reader);
    assert_int_equal(unlink(path), 0);
}

static void long_texts_are_cut_at_a_character(void **state)
{
    (void)state;
    struct lt_counters *counters;
    struct lt_error error;
    assert_int_equal(lt_counters_create(NULL, "q", &counters, &error), 0);
    struct lt_counter_text *text = lt_counters_add_text(counters, "state", "");
    char value[400];
    memset(value, 'a', 254);
    memcpy(value + 254, "\xc3\xa9", 3);
    lt_counter_text_set(text, value);
    char out[300];
    lt_counter_text_get(text, out, sizeof out);
    assert_int_equal(strlen(out), 254);
    lt_counter_text_get(text, out, 4);
    assert_string_equal(out, "aaa");
    lt_counter_text_set(text, "");
    lt_counter_text_get(text, out, sizeof out);
    assert_string_equal(out, "");
    lt_counters_close(counters);
}

struct shared_text {
    struct lt_counter_text *text;
    struct lt_shared_u32 stop;
};

static void *keep_setting(void *argument)
{
    struct shared_text *shared = argument;
    char value[200];
    for (unsigned i = 0; lt_load_acquire_u32(&shared->stop) == 0; i++) {
        memset(value, (int)('a' + i % 26), sizeof value - 1);
        value[100 + i % 99] = '\0';
        lt_counter_text_set(shared->text, value);
    }
    return NULL;
}

static void a_text_is_read_whole_while_it_changes(void **state)
{
    (void)state;
    struct lt_counters *counters;
    struct lt_error error;
    assert_int_equal(lt_counters_create(NULL, "q", &counters, &error), 0);
    struct shared_text shared = {.text = lt_counters_add_text(counters, "state", "")};
    lt_counter_text_set(shared.text, "zzz");
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, keep_setting, &shared), 0);
    int empty_count = 0;
    for (int i = 0; i < 20000; i++) {
        char out[300];
        lt_counter_text_get(shared.text, out, sizeof out);
        empty_count += out[0] == '\0';
        for (const char *c = out; *c != '\0'; c++)
            assert_int_equal(*c, out[0]);
    }
    lt_store_release_u32(&shared.stop, 1);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(empty_count, 0);
    lt_counters_close(counters);
}

static void warn(void *context, enum lt_log_level level, const char *text)
{
    if (level == LT_LOG_WARN && strstr(text, "cannot grow counters file") != NULL)
        ++*(int *)context;
}

/* A limit on file sizes stands in for a full disk: growing fails, and a store into a hole would
 * kill. */
static void a_full_disk_does_not_stop_the_query(void **state)
{
    (void)state;
    int warned_count = 0;
    struct rlimit unlimited;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &unlimited), 0);
    struct lt_counters *writer = create();
    struct lt_shared_u64 *first = lt_counters_add(writer, LT_COUNTER_SUM, "a.first", "records", "");
    lt_counter_set(first, 77);
    struct rlimit limited = {.rlim_cur = LT_COUNTERS_VALUES_OFFSET + 100000,
                             .rlim_max = unlimited.rlim_max};
    lt_log_set_sink(warn, &warned_count);
    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limited), 0);
    struct lt_histogram *histograms[10];
    for (int i = 0; i < 10; i++) {
        char name[32];
        assert_true(snprintf(name, sizeof name, "lane%d.latency", i) > 0);
        histograms[i] = lt_counters_add_histogram(writer, name, "");
        lt_histogram_record(histograms[i], i);
    }
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &unlimited), 0);
    lt_log_set_sink(NULL, NULL);
    assert_int_equal(warned_count, 1);
    assert_int_equal(lt_load_relaxed_u64(first), 77);
    lt_counter_add(first, 1);
    assert_int_equal(lt_counters_count(writer), 11);
    assert_int_equal(lt_load_relaxed_u64(lt_counters_at(writer, 0).value), 78);
    for (int i = 0; i < 10; i++)
        assert_int_equal(lt_histogram_quantile(histograms[i], 1.0), i);
    lt_counters_close(writer);
    struct lt_counters *reader = open_reader(); /* what was written before is still whole */
    assert_true(lt_counters_count(reader) >= 1);
    assert_int_equal(lt_load_relaxed_u64(lt_counters_at(reader, 0).value), 77);
    lt_counters_close(reader);
    assert_int_equal(unlink(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reader_sees_names_kinds_and_values),
        cmocka_unit_test(a_refresh_shows_new_values_and_entries),
        cmocka_unit_test(counters_of_one_writer_are_packed_and_of_two_never_share_a_line),
        cmocka_unit_test(what_is_added_again_after_a_new_start_goes_on_from_its_value),
        cmocka_unit_test(counters_in_memory_need_no_file),
        cmocka_unit_test(identity_tells_whether_the_process_runs),
        cmocka_unit_test(what_has_no_room_is_a_limit_and_harms_nothing),
        cmocka_unit_test(a_full_directory_is_a_limit),
        cmocka_unit_test(foreign_files_are_refused_by_name),
        cmocka_unit_test(damage_is_named),
        cmocka_unit_test(entries_that_point_elsewhere_are_refused),
        cmocka_unit_test(no_damage_of_any_place_harms_the_reader),
        cmocka_unit_test(every_truncation_is_noticed),
        cmocka_unit_test(long_texts_are_cut_at_a_character),
        cmocka_unit_test(a_text_is_read_whole_while_it_changes),
        cmocka_unit_test(a_full_disk_does_not_stop_the_query),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
