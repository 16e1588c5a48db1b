/*
 * The log of a directory source: Spark's text, compaction, positions, and what damage is named.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/arena.h"
#include "io/files_log.h"

enum { NAMES_MAX = 64 };

struct stored {
    char name[LT_FILES_LOG_NAME_SIZE];
    char *text;
};

/* The folder of a log. */
struct folder {
    struct stored files[NAMES_MAX];
    size_t count;
};

static void store(struct folder *folder, const char *name, const char *text)
{
    struct stored *file = &folder->files[folder->count++];
    snprintf(file->name, sizeof file->name, "%s", name);
    file->text = lt_strdup(text);
}

static void discard(void *context, const char *name)
{
    struct folder *folder = context;
    for (size_t i = 0; i < folder->count; i++) {
        if (strcmp(folder->files[i].name, name) != 0)
            continue;
        free(folder->files[i].text);
        folder->files[i] = folder->files[--folder->count];
        return;
    }
    fail_msg("no file %s", name);
}

static void empty(struct folder *folder)
{
    while (folder->count > 0)
        free(folder->files[--folder->count].text);
}

/* A batch of `count` files, /in/<first>, /in/<first + 1>, ..., modified at 1000 each. */
static void add_batch(struct lt_files_log *log, struct folder *folder, int first, int count,
                      int64_t oldest_ms, int64_t settled)
{
    char name[LT_FILES_LOG_NAME_SIZE], path[32];
    struct lt_text_buffer text;
    lt_text_init(&text);
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof path, "/in/%d", first + i);
        lt_files_log_add(log, path, (first + i) * 1000);
    }
    lt_files_log_end_batch(log, oldest_ms, settled, name, &text);
    store(folder, name, lt_text_get(&text));
    lt_text_fini(&text);
}

static struct lt_files_log *load(const struct folder *folder, int64_t interval,
                                 struct lt_error *error)
{
    const char *names[NAMES_MAX];
    size_t count = folder->count;
    for (size_t i = 0; i < count; i++)
        names[i] = folder->files[i].name;
    struct lt_files_log *log = lt_files_log_create(interval);
    int code = lt_files_log_choose(names, &count, error);
    for (size_t i = 0; i < count && code == 0; i++)
        for (size_t j = 0; j < folder->count; j++)
            if (folder->files[j].name == names[i] && code == 0)
                code = lt_files_log_load(log, names[i], folder->files[j].text,
                                         strlen(folder->files[j].text), error);
    if (code == 0)
        return log;
    lt_files_log_destroy(log);
    return NULL;
}

static void check_json(const struct lt_files_log *log, int64_t offset, int64_t extra,
                       const char *json)
{
    struct lt_position position = {.offset = offset, .extra = extra}, back;
    struct lt_text_buffer text;
    struct lt_error error;
    lt_text_init(&text);
    lt_files_log_to_json(log, &position, &text);
    assert_string_equal(lt_text_get(&text), json);
    if (lt_files_log_from_json(log, json, &back, &error) != 0)
        fail_msg("%s", error.text);
    assert_int_equal(back.offset, offset);
    assert_int_equal(back.extra, extra);
    lt_text_fini(&text);
}

static void entries_are_sparks_text(void **state)
{
    (void)state;
    struct folder folder = {.count = 0};
    struct lt_files_log *log = lt_files_log_create(10);
    char name[LT_FILES_LOG_NAME_SIZE];
    struct lt_text_buffer text;
    lt_text_init(&text);
    lt_files_log_add(log, "/in/a b.txt", 1700000000000);
    lt_files_log_add(log, "/in/q\"\\.txt", 1700000003000);
    lt_files_log_end_batch(log, INT64_MIN, -1, name, &text);
    assert_string_equal(name, "0");
    assert_string_equal(
        lt_text_get(&text),
        "v1\n{\"path\":\"file:///in/a%20b.txt\",\"timestamp\":1700000000000,\"batchId\":0}\n"
        "{\"path\":\"file:///in/q%22%5C.txt\",\"timestamp\":1700000003000,\"batchId\":0}");
    store(&folder, name, lt_text_get(&text));
    lt_files_log_destroy(log);
    log = load(&folder, 10, NULL);
    assert_non_null(log);
    assert_string_equal(lt_files_log_at(log, 1)->path, "/in/q\"\\.txt");
    assert_int_equal(lt_files_log_at(log, 1)->timestamp_ms, 1700000003000);
    assert_null(lt_files_log_at(log, 2));
    lt_files_log_destroy(log);
    lt_text_fini(&text);
    empty(&folder);
}

static void every_tenth_entry_holds_all(void **state)
{
    (void)state;
    struct folder folder = {.count = 0};
    struct lt_files_log *log = lt_files_log_create(10);
    for (int batch = 0; batch < 23; batch++) {
        add_batch(log, &folder, batch * 2, 2, INT64_MIN, batch - 1);
        if (batch == 8 || batch == 12)
            assert_int_equal(folder.count, batch == 8 ? 9 : 4);
        lt_files_log_visit_superfluous(log, discard, &folder);
    }
    assert_int_equal(folder.count, 4); /* 19.compact, 20, 21, 22 */
    lt_files_log_destroy(log);
    log = load(&folder, 10, NULL);
    assert_non_null(log);
    assert_int_equal(lt_files_log_end(log), 46);
    assert_int_equal(lt_files_log_last_batch(log), 22);
    for (uint64_t i = 0; i < 46; i++) {
        assert_int_equal(lt_files_log_at(log, i)->timestamp_ms, i * 1000);
        assert_int_equal(lt_files_log_at(log, i)->batch, i / 2);
    }
    lt_files_log_destroy(log);
    empty(&folder);
}

static void old_files_are_forgotten_when_they_are_settled(void **state)
{
    (void)state;
    struct folder folder = {.count = 0};
    struct lt_files_log *log = lt_files_log_create(5);
    for (int batch = 0; batch < 4; batch++)
        add_batch(log, &folder, batch * 2, 2, 5000, batch - 2);
    add_batch(log, &folder, 8, 2, 5000, 1); /* 4.compact: 4 is old, but not settled */
    assert_string_equal(folder.files[4].name, "4.compact");
    assert_null(strstr(folder.files[4].text, "/in/3\""));
    assert_non_null(strstr(folder.files[4].text, "/in/4\""));
    assert_null(lt_files_log_at(log, 3));
    assert_string_equal(lt_files_log_at(log, 4)->path, "/in/4");
    check_json(log, 4, 0, "{\"logOffset\":1}");
    check_json(log, 6, 0, "{\"logOffset\":2}");
    check_json(log, 7, 9, "{\"logOffset\":2,\"files\":1,\"byte\":9}");
    lt_files_log_destroy(log);
    log = load(&folder, 5, NULL); /* ordinals are others now: texts say the same */
    assert_non_null(log);
    check_json(log, 0, 0, "{\"logOffset\":1}");
    check_json(log, 3, 9, "{\"logOffset\":2,\"files\":1,\"byte\":9}");
    lt_files_log_destroy(log);
    empty(&folder);
}

static void positions_name_batches(void **state)
{
    (void)state;
    struct folder folder = {.count = 0};
    struct lt_files_log *log = lt_files_log_create(10);
    check_json(log, 0, 0, "{\"logOffset\":-1}");
    add_batch(log, &folder, 0, 3, INT64_MIN, -1);
    add_batch(log, &folder, 3, 1, INT64_MIN, -1);
    check_json(log, 0, 0, "{\"logOffset\":-1}");
    check_json(log, 0, 7, "{\"logOffset\":-1,\"files\":0,\"byte\":7}");
    check_json(log, 2, 0, "{\"logOffset\":-1,\"files\":2,\"byte\":0}");
    check_json(log, 3, 0, "{\"logOffset\":0}");
    check_json(log, 3, 5, "{\"logOffset\":0,\"files\":0,\"byte\":5}");
    check_json(log, 4, 0, "{\"logOffset\":1}");
    struct lt_position position = {.offset = 2, .extra = 9};
    assert_int_equal(lt_files_log_batch_before(log, &position), -1);
    position.offset = 3;
    assert_int_equal(lt_files_log_batch_before(log, &position), 0);
    static const char *const bad[] = {
        "{\"logOffset\":2}",
        "{\"logOffset\":-2}",
        "{\"logOffset\":1,\"files\":1,\"byte\":0}",
        "{\"logOffset\":1,\"files\":0,\"byte\":1}",
        "{\"logOffset\":0,\"files\":-1,\"byte\":0}",
        "{\"logOffset\":0,\"files\":0}",
        "{}",
        "[]",
        "x",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_true(lt_files_log_from_json(log, bad[i], &position, NULL) < 0);
    lt_files_log_destroy(log);
    empty(&folder);
}

static void compaction_goes_on_at_the_distance_there_is(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t interval;
        const char *next;
    } cases[] = {
        {"9.compact", 10, "19.compact"}, {"19.compact", 10, "29.compact"},
        {"11.compact", 5, "17.compact"}, {"2.compact", 10, "5.compact"},
        {"8.compact", 4, "17.compact"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct folder folder = {.count = 0};
        store(&folder, cases[i].name, "v1");
        struct lt_files_log *log = load(&folder, cases[i].interval, NULL);
        assert_non_null(log);
        const char *name = "";
        while (strstr(name, "compact") == NULL) {
            add_batch(log, &folder, 0, 1, INT64_MIN, -1);
            name = folder.files[folder.count - 1].name;
        }
        assert_string_equal(name, cases[i].next);
        lt_files_log_destroy(log);
        empty(&folder);
    }
}

static void other_names_are_overlooked_and_gaps_are_named(void **state)
{
    (void)state;
    const char *names[] = {".0.crc", "1",  "0", "3",   "2.compact", "0.crc", "01",
                           "4",      "-1", "x", "4.c", "3.tmp",     "",      "5.compactx"};
    size_t count = sizeof names / sizeof names[0];
    struct lt_error error;
    assert_int_equal(lt_files_log_choose(names, &count, &error), 0);
    assert_int_equal(count, 3);
    assert_string_equal(names[0], "2.compact");
    assert_string_equal(names[2], "4");
    const char *gap[] = {"0", "2"}, *late[] = {"1"}, *behind[] = {"9.compact", "11"};
    count = 2;
    assert_int_equal(lt_files_log_choose(gap, &count, &error), LT_E_CORRUPT);
    assert_string_equal(error.text,
                        "the file log has \"2\" and lacks \"1\"; hint: restore the file "
                        "from a copy of the checkpoint");
    count = 1;
    assert_int_equal(lt_files_log_choose(late, &count, &error), LT_E_CORRUPT);
    count = 2;
    assert_int_equal(lt_files_log_choose(behind, &count, &error), LT_E_CORRUPT);
}

static void damage_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text, *says;
    } cases[] = {
        {"0", "", "line 1: \"\" stands where the version \"v1\" should"},
        {"0", "v2\n{}", "line 1: \"v2\" stands where"},
        {"0", "v1\n{\"path\":\"file:///a\",\"timestamp\":1,\"batchId\":1}",
         "line 2: batch 1 does not"},
        {"4.compact", "v1\n{\"path\":\"file:///a\",\"timestamp\":1,\"batchId\":5}",
         "line 2: batch 5"},
        {"4.compact",
         "v1\n{\"path\":\"file:///a\",\"timestamp\":1,\"batchId\":3}\n"
         "{\"path\":\"file:///b\",\"timestamp\":1,\"batchId\":2}",
         "line 3: batch 2 stands behind batch 3"},
        {"0", "v1\n{\"path\":\"hdfs://a/b\",\"timestamp\":1,\"batchId\":0}",
         "no file of this machine"},
        {"0", "v1\n{\"path\":\"file:///a\",\"timestamp\":1,\"batc", "file log \"0\": line 2"},
        {"0", "v1\n[]", "no JSON object"},
        {"0", "v1\n\n", "line 2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lt_files_log *log = lt_files_log_create(10);
        struct lt_error error;
        assert_int_equal(
            lt_files_log_load(log, cases[i].name, cases[i].text, strlen(cases[i].text), &error),
            LT_E_CORRUPT);
        if (strstr(error.text, cases[i].says) == NULL)
            fail_msg("%s: %s", cases[i].says, error.text);
        lt_files_log_destroy(log);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_are_sparks_text),
        cmocka_unit_test(every_tenth_entry_holds_all),
        cmocka_unit_test(old_files_are_forgotten_when_they_are_settled),
        cmocka_unit_test(positions_name_batches),
        cmocka_unit_test(compaction_goes_on_at_the_distance_there_is),
        cmocka_unit_test(other_names_are_overlooked_and_gaps_are_named),
        cmocka_unit_test(damage_is_named),
    };
    return cmocka_run_group_tests_name("files_log", tests, NULL, NULL);
}
