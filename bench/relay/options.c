#include "bench/relay/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/relay/machine.h"
#include "bench/relay/payload.h"

static const char USAGE[] =
    "usage: relay_bench --bootstrap HOST:PORT [options]\n"
    "  --programs FILE       name = command lines (bench/relay/programs)\n"
    "  --latency A,B,...     programs under load; the first is compared with (one-hop,floor,leat)\n"
    "  --drain A,B,...       programs that drain a backlog; \"none\" leaves a scenario out\n"
    "  --rest A,B,...        programs started and left alone\n"
    "  --candidate NAME      the program that the bars judge (leat)\n"
    "  --rates R,...         records per second (1000,10000,50000)\n"
    "  --sizes BYTES,...     value sizes (128,1024)\n"
    "  --drain-records N     length of a backlog (3000000)\n"
    "  --pairs N             rounds of each comparison (7)\n"
    "  --seconds S           measured part of a run, at least 10000 records (5)\n"
    "  --warmup S            unmeasured part before it (1)\n"
    "  --broker-warmup S     load before the first run, for the broker's compiler (15)\n"
    "  --partitions N        of each topic (1)\n"
    "  --relay-cpu N --load-cpu N --broker-pid PID   placement; -1 leaves it (1, 0)\n"
    "  --out DIR             raw results, curves and logs (build/bench/relay)\n"
    "environment: FLOOR another binary for {floor}; BUILD the build directory (build)\n";

__attribute__((noreturn)) static void usage(void)
{
    fputs(USAGE, stderr);
    exit(2);
}

static uint64_t parse_number(const char *name, const char *text, uint64_t min, uint64_t max)
{
    char *end;
    errno = 0;
    uint64_t number = strtoull(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || *text == '-' || number < min || number > max)
        lt_bench_die("\"%s\" is not a value for %s; hint: %llu to %llu", text, name,
                     (unsigned long long)min, (unsigned long long)max);
    return number;
}

static int parse_cpu(const char *name, const char *text)
{
    return strcmp(text, "-1") == 0 ? -1 : (int)parse_number(name, text, 0, 1023);
}

static void parse_numbers(struct lt_bench_number_list *numbers, const char *name, char *text,
                          uint64_t min, uint64_t max)
{
    char *rest = text;
    numbers->count = 0;
    for (char *word; (word = strsep(&rest, ","));) {
        if (numbers->count == LT_BENCH_LIST_MAX)
            lt_bench_die("%s has more than %d values", name, LT_BENCH_LIST_MAX);
        numbers->list[numbers->count++] = parse_number(name, word, min, max);
    }
}

static void find_programs(struct lt_bench_program_list *found,
                          const struct lt_bench_programs *programs, const char *names)
{
    char *text = strdup(names);
    char *rest = text;
    if (!text)
        lt_bench_die("out of memory");
    found->count = 0;
    for (char *word; strcmp(names, "none") != 0 && (word = strsep(&rest, ","));) {
        if (found->count == LT_BENCH_LIST_MAX)
            lt_bench_die("a list has more than %d programs", LT_BENCH_LIST_MAX);
        found->list[found->count++] = lt_bench_programs_find(programs, word);
    }
    free(text);
}

/* The option's name is `name`, its value `value`; returns whether it is one of the numbers. */
static bool set_number(struct lt_bench_options *options, const char *name, char *value)
{
    if (strcmp(name, "--rates") == 0)
        parse_numbers(&options->rates, name, value, 1, 10000000);
    else if (strcmp(name, "--sizes") == 0)
        parse_numbers(&options->sizes, name, value, LT_BENCH_VALUE_BYTES_MIN,
                      LT_BENCH_VALUE_BYTES_MAX);
    else if (strcmp(name, "--drain-records") == 0)
        options->drain_records = parse_number(name, value, 1, UINT64_C(1) << 32);
    else if (strcmp(name, "--pairs") == 0)
        options->pairs = (uint32_t)parse_number(name, value, 1, 1000);
    else if (strcmp(name, "--seconds") == 0)
        options->seconds = (uint32_t)parse_number(name, value, 1, 3600);
    else if (strcmp(name, "--warmup") == 0)
        options->warmup_seconds = (uint32_t)parse_number(name, value, 0, 3600);
    else if (strcmp(name, "--broker-warmup") == 0)
        options->broker_warmup_seconds = (uint32_t)parse_number(name, value, 0, 3600);
    else if (strcmp(name, "--partitions") == 0)
        options->partition_count = (int32_t)parse_number(name, value, 1, 256);
    else if (strcmp(name, "--relay-cpu") == 0)
        options->relay_cpu = parse_cpu(name, value);
    else if (strcmp(name, "--load-cpu") == 0)
        options->load_cpu = parse_cpu(name, value);
    else if (strcmp(name, "--broker-pid") == 0)
        options->broker_pid = (int)parse_number(name, value, 1, INT32_MAX);
    else
        return false;
    return true;
}

void lt_bench_options_parse(struct lt_bench_options *options, int argc, char **argv)
{
    static char default_floor[LT_BENCH_TEXT_BYTES];
    const char *programs = "bench/relay/programs";
    const char *latency = "one-hop,floor,leat", *drain = "floor,floor-throughput,leat",
               *rest = "floor,leat";
    const char *build = getenv("BUILD"), *floor = getenv("FLOOR");
    *options = (struct lt_bench_options){
        .out_dir = "build/bench/relay",
        .candidate = "leat",
        .build = build ? build : "build",
        .load_cpu = 0,
        .relay_cpu = 1,
        .pairs = 7,
        .seconds = 5,
        .warmup_seconds = 1,
        .broker_warmup_seconds = 15,
        .partition_count = 1,
        .drain_records = 3000000,
        .rates = {.list = {1000, 10000, 50000}, .count = 3},
        .sizes = {.list = {128, 1024}, .count = 2},
    };
    snprintf(default_floor, sizeof default_floor, "%s/bench/floor", options->build);
    options->floor = floor ? floor : default_floor;
    for (int i = 1; i < argc; i += 2) {
        const char *name = argv[i];
        const struct {
            const char *name;
            const char **value;
        } texts[] = {
            {"--bootstrap", &options->bootstrap},
            {"--programs", &programs},
            {"--latency", &latency},
            {"--drain", &drain},
            {"--rest", &rest},
            {"--candidate", &options->candidate},
            {"--out", &options->out_dir},
        };
        size_t t = 0, text_count = sizeof texts / sizeof texts[0];
        if (i + 1 == argc)
            usage();
        while (t < text_count && strcmp(texts[t].name, name) != 0)
            t++;
        if (t < text_count)
            *texts[t].value = argv[i + 1];
        else if (!set_number(options, name, argv[i + 1]))
            usage();
    }
    if (!options->bootstrap)
        usage();
    lt_bench_programs_load(&options->programs, programs);
    find_programs(&options->latency, &options->programs, latency);
    find_programs(&options->drain, &options->programs, drain);
    find_programs(&options->rest, &options->programs, rest);
}
