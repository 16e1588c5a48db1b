/*
 * Files through a filter into a file, against the best program for just that: see bench/README.md.
 *
 *     files_bench --leat LEAT --by-hand FILES_BY_HAND --directory DIRECTORY [--python PYTHON]
 *
 * Each program is a process of its own over the same files in the page cache, in turns, round by
 * round; its figure is its CPU time, user and system, from start to end. What it wrote must be what
 * the first one wrote: a checksum is compared. Those that are many times slower, jq and Spark, get
 * the first file alone, and leat beside them; they print rows in their own way, so the number of
 * rows is compared.
 *
 * LEAT_BENCH_SMOKE=1 tries it with a few megabytes.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xxhash.h>

#include "bench/files/data.h"
#include "bench/files/spark.h"
#include "bench/verdict.h"

enum {
    COMMAND_BYTES = 2048,
    NAME_BYTES = 96,
    WHERE_BYTES = 128,
    PROGRAMS_MAX = 4,
    ROUNDS = 7,
    ROUNDS_OF_PART = 3,
    SMOKE_MIB = 8,
    MIB = 1 << 20,
};
#define TOTAL_MIB UINT64_C(2000)

#define GREP_TIMES 1.25
#define BY_HAND_TIMES 1.5
#define JQ_TIMES 5.0
#define SPARK_TIMES 8.0

struct bench {
    const char *leat, *by_hand, *directory, *python;
    struct spark *spark; /* NULL: it is not there */
};

/* One program of a round. `command` writes to the file OUT of the environment. */
struct program {
    char name[NAME_BYTES];
    char command[COMMAND_BYTES];
    const char *spark_kind; /* of files, where it is Spark; else NULL */
    bool has_own_format;    /* only its lines are counted */
};

struct output {
    uint64_t size_bytes, line_count, checksum;
};

/* --------------------------------------------------------------------------------- the programs */

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

/* CPU seconds of the command and all that it ran. */
static double run(const char *command)
{
    int status;
    struct rusage usage;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    if (pid < 0 || wait4(pid, &status, 0, &usage) != pid)
        bench_wrong("cannot run: %s", command);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        bench_wrong("failed (%d): %s", status, command);
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

static uint64_t count_lines(const char *block, size_t size_bytes)
{
    uint64_t count = 0;
    for (size_t i = 0; i < size_bytes; i++)
        count += block[i] == '\n';
    return count;
}

static struct output look_at(const char *path)
{
    static char block[MIB];
    struct output output = {0};
    XXH3_state_t *state = XXH3_createState();
    FILE *file = fopen(path, "r");
    if (file == NULL || state == NULL || XXH3_64bits_reset(state) != XXH_OK)
        bench_wrong("cannot read \"%s\": %s", path, strerror(errno));
    for (size_t got; (got = fread(block, 1, sizeof block, file)) > 0; output.size_bytes += got) {
        if (XXH3_64bits_update(state, block, got) != XXH_OK)
            bench_wrong("no checksum");
        output.line_count += count_lines(block, got);
    }
    output.checksum = XXH3_64bits_digest(state);
    fclose(file);
    XXH3_freeState(state);
    return output;
}

/* Returns the CPU seconds of one run. */
static double run_program(const struct bench *bench, const struct program *program,
                          const char *out_path, struct output *output)
{
    char in[COMMAND_BYTES], out[COMMAND_BYTES];
    (void)unlink(out_path);
    if (program->spark_kind == NULL) {
        double cpu_s = run(program->command);
        *output = look_at(out_path);
        return cpu_s;
    }
    snprintf(in, sizeof in, "%s/%s-part", bench->directory, program->spark_kind);
    snprintf(out, sizeof out, "%s/spark", bench->directory);
    *output = (struct output){0};
    return spark_run(bench->spark, program->spark_kind, in, out, &output->line_count);
}

static void compare_outputs(const struct program *program, const struct output *output,
                            const struct program *first, const struct output *expected)
{
    if (expected->line_count == 0)
        bench_wrong("%s wrote nothing", first->name);
    if (output->line_count != expected->line_count)
        bench_wrong("%s wrote %llu lines that are not the %llu of %s", program->name,
                    (unsigned long long)output->line_count,
                    (unsigned long long)expected->line_count, first->name);
    if (!program->has_own_format && (output->checksum != expected->checksum ||
                                     output->size_bytes != expected->size_bytes))
        bench_wrong("%s wrote other bytes than %s", program->name, first->name);
}

/* All programs in turns; the first one's output is what the others must write. */
static void compare(const struct bench *bench, const struct program *programs, size_t count,
                    int rounds)
{
    char out[COMMAND_BYTES];
    snprintf(out, sizeof out, "%s/out", bench->directory);
    setenv("OUT", out, 1);
    for (int round = 0; round < (bench_is_smoke() ? 1 : rounds); round++) {
        struct output expected = {0}, output;
        for (size_t i = 0; i < count; i++) {
            double cpu_s = run_program(bench, &programs[i], out, &output);
            if (i == 0)
                expected = output;
            compare_outputs(&programs[i], &output, &programs[0], &expected);
            bench_note(programs[i].name, cpu_s);
        }
    }
    (void)unlink(out);
}

static const char as_text[] = "--format text --out-format text",
                  as_json[] = "--format json --schema 'sym STRING, price DOUBLE' --out-format json";

/* `files` is the name of a directory of files. */
static void leat_command(const struct bench *bench, struct program *program, const char *files,
                         const char *format, const char *where)
{
    snprintf(program->command, sizeof program->command,
             "rm -rf %s/checkpoint && exec %s run 'file://%s/%s' \"append://$OUT\" %s "
             "--where \"%s\" --until-end --checkpoint %s/checkpoint --quiet --counters off "
             "--log-level error 2>%s/leat.log",
             bench->directory, bench->leat, bench->directory, files, format, where,
             bench->directory, bench->directory);
}

/* -------------------------------------------------------------------------------- all the files */

static void bench_text(const struct bench *bench, const char *word, const char *leat,
                       const char *grep)
{
    struct program programs[2] = {0};
    char where[WHERE_BYTES];
    snprintf(programs[0].name, NAME_BYTES, "%s", grep);
    snprintf(programs[0].command, sizeof programs[0].command,
             "LC_ALL=C exec grep -hF %s %s/text/lines-* >\"$OUT\"", word, bench->directory);
    snprintf(programs[1].name, NAME_BYTES, "%s", leat);
    snprintf(where, sizeof where, "contains(value, '%s')", word);
    leat_command(bench, &programs[1], "text", as_text, where);
    compare(bench, programs, 2, ROUNDS);
}

static void write_json_filter(char where[WHERE_BYTES])
{
    snprintf(where, WHERE_BYTES, "value:price > %d and value:sym = '%s'", DATA_PRICE, DATA_SYMBOL);
}

static void bench_json(const struct bench *bench, const char *leat, const char *by_hand)
{
    struct program programs[2] = {0};
    char where[WHERE_BYTES];
    snprintf(programs[0].name, NAME_BYTES, "%s", by_hand);
    snprintf(programs[0].command, sizeof programs[0].command, "exec %s %s/json/lines-* >\"$OUT\"",
             bench->by_hand, bench->directory);
    snprintf(programs[1].name, NAME_BYTES, "%s", leat);
    write_json_filter(where);
    leat_command(bench, &programs[1], "json", as_text, where);
    compare(bench, programs, 2, ROUNDS);
}

/* ------------------------------------------------------------------------------- the first file */

static void add_spark(const struct bench *bench, struct program *programs, size_t *count,
                      const char *kind, const char *name)
{
    struct program program = {.spark_kind = kind, .has_own_format = true};
    struct output output;
    char out[COMMAND_BYTES];
    if (bench->spark == NULL)
        return;
    snprintf(program.name, NAME_BYTES, "%s", name);
    snprintf(out, sizeof out, "%s/out", bench->directory);
    (void)run_program(bench, &program, out, &output); /* which warms its code up */
    programs[(*count)++] = program;
}

static void bench_text_part(const struct bench *bench, const char *leat, const char *spark)
{
    struct program programs[PROGRAMS_MAX] = {0};
    size_t count = 1;
    snprintf(programs[0].name, NAME_BYTES, "%s", leat);
    leat_command(bench, &programs[0], "text-part", as_text,
                 "contains(value, '" DATA_WORD_RARE "')");
    add_spark(bench, programs, &count, "text", spark);
    if (count > 1)
        compare(bench, programs, count, ROUNDS_OF_PART);
}

static void bench_json_part(const struct bench *bench, const char *leat, const char *by_schema,
                            const char *jq, const char *spark)
{
    struct program programs[PROGRAMS_MAX] = {0};
    size_t count = 2;
    char where[WHERE_BYTES];
    snprintf(programs[0].name, NAME_BYTES, "%s", leat);
    write_json_filter(where);
    leat_command(bench, &programs[0], "json-part", as_text, where);
    programs[1].has_own_format = true; /* of two fields */
    snprintf(programs[1].name, NAME_BYTES, "%s", by_schema);
    snprintf(where, sizeof where, "price > %d and sym = '%s'", DATA_PRICE, DATA_SYMBOL);
    leat_command(bench, &programs[1], "json-part", as_json, where);
    if (system("command -v jq >/dev/null") == 0) {
        struct program *program = &programs[count++];
        program->has_own_format = true; /* it prints numbers anew */
        snprintf(program->name, NAME_BYTES, "%s", jq);
        snprintf(program->command, sizeof program->command,
                 "exec jq -c 'select(.price > %d and .sym == \"%s\")' %s/json-part/lines-0.json "
                 ">\"$OUT\"",
                 DATA_PRICE, DATA_SYMBOL, bench->directory);
    } else {
        printf("jq is not here: make setup-bench\n");
    }
    add_spark(bench, programs, &count, "json", spark);
    compare(bench, programs, count, ROUNDS_OF_PART);
}

/* ------------------------------------------------------------------------------------ the bench */

static void parse(struct bench *bench, int count, char **arguments)
{
    static const struct option options[] = {
        {"leat", required_argument, NULL, 'l'},      {"by-hand", required_argument, NULL, 'b'},
        {"directory", required_argument, NULL, 'd'}, {"python", required_argument, NULL, 'p'},
        {NULL, 0, NULL, 0},
    };
    for (int option; (option = getopt_long(count, arguments, "", options, NULL)) >= 0;) {
        const char **to = option == 'l'   ? &bench->leat
                          : option == 'b' ? &bench->by_hand
                          : option == 'd' ? &bench->directory
                                          : &bench->python;
        if (option == '?')
            exit(2);
        *to = optarg;
    }
    if (bench->leat == NULL || bench->by_hand == NULL || bench->directory == NULL)
        bench_wrong("--leat, --by-hand and --directory are needed");
}

static void judge_at_least(const char *what, const char *slow, const char *leat, double bar)
{
    if (bench_median(slow) > 0)
        bench_at_least(what, bench_median_ratio(slow, leat), bar, "x less CPU time");
}

int main(int count, char **arguments)
{
    static const char rare[] = "text, 10 % hits/leat", rare_grep[] = "text, 10 % hits/grep -F",
                      often[] = "text, 90 % hits/leat", often_grep[] = "text, 90 % hits/grep -F",
                      json[] = "JSON, two fields/leat", by_hand[] = "JSON, two fields/by hand",
                      rare_part[] = "text, 10 % hits, first file/leat",
                      rare_spark[] = "text, 10 % hits, first file/Spark",
                      json_part[] = "JSON, two fields, first file/leat",
                      json_schema[] = "JSON, two fields by schema, first file/leat",
                      json_jq[] = "JSON, two fields, first file/jq",
                      json_spark[] = "JSON, two fields, first file/Spark";
    struct bench bench = {0};
    parse(&bench, count, arguments);
    uint64_t total_bytes = (bench_is_smoke() ? SMOKE_MIB : TOTAL_MIB) * MIB;
    data_make_text(bench.directory, total_bytes);
    data_make_json(bench.directory, total_bytes);
    data_make_part(bench.directory, "text");
    data_make_part(bench.directory, "json");
    bench_text(&bench, DATA_WORD_RARE, rare, rare_grep);
    bench_text(&bench, DATA_WORD_FREQUENT, often, often_grep);
    bench_json(&bench, json, by_hand);
    bench.spark = bench.python != NULL ? spark_start(bench.python, bench.directory) : NULL;
    bench_text_part(&bench, rare_part, rare_spark);
    bench_json_part(&bench, json_part, json_schema, json_jq, json_spark);
    spark_stop(bench.spark);
    bench_print_table("CPU time of a whole process over the same files", "s");
    bench_at_most("text, 10 % hits", bench_median_ratio(rare, rare_grep), GREP_TIMES,
                  "x grep's CPU time");
    bench_at_most("text, 90 % hits", bench_median_ratio(often, often_grep), GREP_TIMES,
                  "x grep's CPU time");
    bench_at_most("JSON, two fields", bench_median_ratio(json, by_hand), BY_HAND_TIMES,
                  "x the loop by hand's CPU time");
    judge_at_least("JSON, two fields, of jq", json_jq, json_part, JQ_TIMES);
    judge_at_least("JSON, two fields by schema, of jq", json_jq, json_schema, JQ_TIMES);
    judge_at_least("JSON, two fields, of Spark", json_spark, json_part, SPARK_TIMES);
    judge_at_least("JSON, two fields by schema, of Spark", json_spark, json_schema, SPARK_TIMES);
    judge_at_least("text, 10 % hits, of Spark", rare_spark, rare_part, SPARK_TIMES);
    return bench_status();
}
