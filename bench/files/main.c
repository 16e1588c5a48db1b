/*
 * Files through a filter into a file, against the best program for just that: see bench/README.md.
 *
 *     files_bench --leat LEAT --by-hand FILES_BY_HAND --directory DIRECTORY [--python PYTHON]
 *
 * Each program is a process of its own over the same files in the page cache, in turns, round by
 * round; its figure is its CPU time, user and system, from start to end. What it wrote must be what
 * the first one wrote: a checksum is compared.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xxhash.h>

#include "bench/files/data.h"
#include "bench/verdict.h"

enum {
    COMMAND_BYTES = 2048,
    ROUNDS = 5,
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
    unsigned next_checkpoint;
};

/* One program of a round. `command` writes to the file OUT of the environment. */
struct program {
    const char *name;
    char command[COMMAND_BYTES];
};

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

/* CPU seconds of the command and all that it ran. */
static double run(const char *command)
{
    int status;
    struct rusage usage;
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

/* Of all bytes of a file. */
static uint64_t checksum(const char *path, uint64_t *size_bytes)
{
    static char block[MIB];
    XXH3_state_t *state = XXH3_createState();
    FILE *file = fopen(path, "r");
    if (file == NULL || state == NULL || XXH3_64bits_reset(state) != XXH_OK)
        bench_wrong("cannot read \"%s\": %s", path, strerror(errno));
    *size_bytes = 0;
    for (size_t got; (got = fread(block, 1, sizeof block, file)) > 0; *size_bytes += got)
        if (XXH3_64bits_update(state, block, got) != XXH_OK)
            bench_wrong("no checksum");
    uint64_t sum = XXH3_64bits_digest(state);
    fclose(file);
    XXH3_freeState(state);
    return sum;
}

static int rounds(void)
{
    return bench_is_smoke() ? 1 : ROUNDS;
}

/* All programs in turns; the first one's output is what the others must write. */
static void compare(const struct bench *bench, const struct program *programs, size_t count)
{
    char out[COMMAND_BYTES];
    snprintf(out, sizeof out, "%s/out", bench->directory);
    setenv("OUT", out, 1);
    for (int round = 0; round < rounds(); round++) {
        uint64_t expected = 0, expected_bytes = 0;
        for (size_t i = 0; i < count; i++) {
            (void)unlink(out);
            double cpu_s = run(programs[i].command);
            uint64_t size_bytes, sum = checksum(out, &size_bytes);
            if (i == 0) {
                expected = sum;
                expected_bytes = size_bytes;
            }
            if (sum != expected || size_bytes == 0)
                bench_wrong("%s wrote %llu bytes that are not the %llu of %s", programs[i].name,
                            (unsigned long long)size_bytes, (unsigned long long)expected_bytes,
                            programs[0].name);
            bench_note(programs[i].name, cpu_s);
        }
    }
    (void)unlink(out);
}

static void leat_command(const struct bench *bench, struct program *program, const char *name,
                         const char *kind, const char *where)
{
    program->name = name;
    snprintf(program->command, sizeof program->command,
             "rm -rf %s/checkpoint && exec %s run 'file://%s/%s' \"append://$OUT\" --format text "
             "--out-format text --where \"%s\" --until-end --checkpoint %s/checkpoint --quiet "
             "--counters off --log-level error",
             bench->directory, bench->leat, bench->directory, kind, where, bench->directory);
}

/* ---------------------------------------------------------------------------------------- text */

static void bench_text(const struct bench *bench, const char *word, const char *leat,
                       const char *grep)
{
    struct program programs[2] = {{.name = grep}};
    char where[128];
    snprintf(programs[0].command, sizeof programs[0].command,
             "LC_ALL=C exec grep -hF %s %s/text/lines-* >\"$OUT\"", word, bench->directory);
    snprintf(where, sizeof where, "contains(value, '%s')", word);
    leat_command(bench, &programs[1], leat, "text", where);
    compare(bench, programs, 2);
    bench_at_most(leat, bench_median_ratio(leat, grep), GREP_TIMES, "x grep's CPU time");
}

/* ---------------------------------------------------------------------------------------- JSON */

static void bench_json(const struct bench *bench)
{
    static const char leat[] = "JSON, two fields/leat", by_hand[] = "JSON, two fields/by hand",
                      jq[] = "JSON, two fields/jq";
    struct program programs[3] = {{.name = by_hand}};
    char where[128];
    snprintf(programs[0].command, sizeof programs[0].command, "exec %s %s/json/lines-* >\"$OUT\"",
             bench->by_hand, bench->directory);
    snprintf(where, sizeof where, "value:price > %d and value:sym = '%s'", DATA_PRICE, DATA_SYMBOL);
    leat_command(bench, &programs[1], leat, "json", where);
    compare(bench, programs, 2);
    /* jq prints numbers anew: what it writes is not compared byte by byte. It is slow, so once. */
    programs[2].name = jq;
    snprintf(programs[2].command, sizeof programs[2].command,
             "exec jq -c 'select(.price > %d and .sym == \"%s\")' %s/json/lines-0.json >\"$OUT\"",
             DATA_PRICE, DATA_SYMBOL, bench->directory);
    if (system("command -v jq >/dev/null") == 0)
        bench_note(jq, DATA_FILES * run(programs[2].command));
    bench_at_most(leat, bench_median_ratio(leat, by_hand), BY_HAND_TIMES,
                  "x the loop by hand's CPU time");
    if (bench_median(jq) > 0)
        bench_at_least("JSON, two fields/leat, of jq", bench_median(jq) / bench_median(leat),
                       JQ_TIMES, "x less CPU time");
}

/* --------------------------------------------------------------------------------------- Spark */

static void bench_spark(const struct bench *bench, const char *kind, const char *leat,
                        const char *name, const char *verdict)
{
    char command[COMMAND_BYTES], line[128];
    double cpu_s;
    long long rows;
    snprintf(command, sizeof command,
             "%s bench/files/rivals/run_spark.py %s %s/%s %s/spark 2>%s/spark.log", bench->python,
             kind, bench->directory, kind, bench->directory, bench->directory);
    FILE *pipe = popen(command, "r");
    bool has_answer = pipe != NULL && fgets(line, sizeof line, pipe) != NULL;
    if (pipe == NULL || pclose(pipe) != 0 || !has_answer ||
        sscanf(line, "%lf %lld", &cpu_s, &rows) != 2 || rows <= 0) {
        printf("Spark is not here: %s/spark.log says why\n", bench->directory);
        return;
    }
    bench_note(name, cpu_s);
    bench_at_least(verdict, bench_median(name) / bench_median(leat), SPARK_TIMES,
                   "x less CPU time");
}

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

int main(int count, char **arguments)
{
    struct bench bench = {0};
    parse(&bench, count, arguments);
    uint64_t total_bytes = (bench_is_smoke() ? SMOKE_MIB : TOTAL_MIB) * MIB;
    char path[COMMAND_BYTES];
    snprintf(path, sizeof path, "%s/text", bench.directory);
    data_make_text(path, total_bytes);
    snprintf(path, sizeof path, "%s/json", bench.directory);
    data_make_json(path, total_bytes);
    bench_text(&bench, DATA_WORD_RARE, "text, 10 % hits/leat", "text, 10 % hits/grep -F");
    bench_text(&bench, DATA_WORD_FREQUENT, "text, 90 % hits/leat", "text, 90 % hits/grep -F");
    bench_json(&bench);
    if (bench.python != NULL) {
        bench_spark(&bench, "text", "text, 10 % hits/leat", "text, 10 % hits/Spark",
                    "text, 10 % hits/leat, of Spark");
        bench_spark(&bench, "json", "JSON, two fields/leat", "JSON, two fields/Spark",
                    "JSON, two fields/leat, of Spark");
    }
    bench_print_table("CPU time of a whole process over the same files", "s");
    return bench_status();
}
