/*
 * `leat checkpoint ls|show|verify DIR`: what stands in a checkpoint directory, what a start would
 * make of it, and what is wrong with it. Nothing is written and no lock is taken, so it may be
 * asked of a query that runs.
 *
 * on: main.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/leat_admin.h"
#include "tools/commands.h"
#include "tools/flags.h"

static const struct tool_view {
    const char *name;
    enum leat_admin_checkpoint_view view;
} views[] = {{"ls", LEAT_ADMIN_CHECKPOINT_LIST},
             {"show", LEAT_ADMIN_CHECKPOINT_SHOW},
             {"verify", LEAT_ADMIN_CHECKPOINT_VERIFY}};
enum { VIEW_COUNT = sizeof views / sizeof views[0] };

static const struct lt_tool_flag flags[] = {
    {"batch", 'b', "N", "show: about this batch or epoch, not the last."},
    {"json", 'j', NULL, "One JSON object instead of text."},
    {"help", 'h', NULL, "Print this and end."},
};
enum { FLAG_BATCH, FLAG_JSON, FLAG_HELP, FLAG_COUNT };

struct words {
    leat_admin_checkpoint_request request;
    bool has_view, wants_help;
};

static int fail_view(const char *word)
{
    const char *names[VIEW_COUNT];
    for (size_t i = 0; i < VIEW_COUNT; i++)
        names[i] = views[i].name;
    char *hint = lt_tool_hint(word, names, VIEW_COUNT);
    int status = lt_tool_wrong("\"%s\" is none of: ls, show, verify%s", word, hint);
    free(hint);
    return status;
}

static int take_word(struct words *words, const char *word)
{
    if (words->has_view && words->request.path != NULL)
        return lt_tool_wrong("\"%s\" is one word too many", word);
    if (words->has_view) {
        words->request.path = word;
        return 0;
    }
    for (size_t i = 0; i < VIEW_COUNT && !words->has_view; i++) {
        words->has_view = strcmp(views[i].name, word) == 0;
        words->request.view = views[i].view;
    }
    return words->has_view ? 0 : fail_view(word);
}

static int take(void *user, int index, const char *value)
{
    struct words *words = user;
    int64_t batch;
    switch (index) {
    case FLAG_JSON:
        words->request.json = true;
        return 0;
    case FLAG_HELP:
        words->wants_help = true;
        return 0;
    case FLAG_BATCH:
        if (!lt_tool_whole_number(value, &batch))
            return lt_tool_wrong("--batch \"%s\" is no number from 0", value);
        words->request.has_batch = true;
        words->request.batch = (uint64_t)batch;
        return 0;
    default:
        return take_word(words, value);
    }
}

static void print_help(void)
{
    printf("Usage: leat checkpoint ls DIR\n"
           "       leat checkpoint show DIR [--batch N]\n"
           "       leat checkpoint verify DIR\n"
           "What stands in a checkpoint of leat's or of Spark's, and what a start would make of "
           "it.\n"
           "ls: its batches (of a continuous query: its epochs). show: offsets, notes, state.\n"
           "verify: reads every file with its checksum and names what is damaged. Nothing is\n"
           "written: a query may be running on it.\n\n");
    lt_tool_flags_print(flags, FLAG_COUNT, stdout);
    printf("\nExit status of verify: 0 nothing is wrong, 1 something is that a start does not "
           "need,\n4 a start refuses the directory.\n");
}

static int status_of(const struct words *words, enum leat_admin_checkpoint_verdict verdict)
{
    if (words->request.view != LEAT_ADMIN_CHECKPOINT_VERIFY)
        return LT_TOOL_OK;
    return verdict == LEAT_ADMIN_CHECKPOINT_SOUND     ? LT_TOOL_OK
           : verdict == LEAT_ADMIN_CHECKPOINT_DAMAGED ? LT_TOOL_FAILED
                                                      : LT_TOOL_CHECKPOINT;
}

static int print_view(const struct words *words)
{
    char error[2048];
    enum leat_admin_checkpoint_verdict verdict;
    char *text = leat_admin_checkpoint(&words->request, &verdict, error, sizeof error);
    if (text == NULL)
        return lt_tool_wrong("%s", error);
    fputs(text, stdout);
    free(text);
    return status_of(words, verdict);
}

int lt_tool_checkpoint(int count, char **arguments)
{
    struct words words = {.request = {.size = sizeof words.request}};
    int status = lt_tool_flags_parse(flags, FLAG_COUNT, count, arguments, take, &words);
    if (status != 0)
        return status;
    if (words.wants_help)
        print_help();
    else if (!words.has_view)
        return lt_tool_wrong("nothing to do; hint: leat checkpoint ls DIR, show DIR or verify DIR");
    else if (words.request.path == NULL)
        return lt_tool_wrong("no directory is given; hint: that which the query calls "
                             "checkpointLocation");
    else if (words.request.has_batch && words.request.view != LEAT_ADMIN_CHECKPOINT_SHOW)
        return lt_tool_wrong("--batch is for show");
    else
        status = print_view(&words);
    return lt_tool_finish(status);
}
