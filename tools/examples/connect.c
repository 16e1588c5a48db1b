/*
 * Any source to any sinks from a program: connectors are names with options, so a program that has
 * them in its configuration needs no code for each.
 *
 *     cc connect.c $(pkg-config --cflags --libs leat) -o connect
 *     ./connect /var/lib/job "price > 100" "sym string, price double" \
 *         json path=/data/in  to csv path=/data/out  to tcp host=127.0.0.1 port=9000
 *
 * The words are a directory for the checkpoint, a condition and the columns of what is read ("" for
 * none of either), a source with its options, and each sink behind a "to". It ends where its source
 * ends, or when it is told to (Ctrl-C): then what was read is delivered first.
 */
#include <leat.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static volatile sig_atomic_t stop_asked;

static void ask_stop(int signal)
{
    (void)signal;
    stop_asked = 1;
}

/* Reads "key=value" words up to the next "to" or the end; NULL: one of them is none. */
static leat_options *read_options(char **words, int count, int *at)
{
    leat_options *options = leat_options_create();
    for (; *at < count && strcmp(words[*at], "to") != 0; ++*at) {
        char *equals = strchr(words[*at], '=');
        if (equals != NULL)
            *equals = '\0';
        if (equals == NULL || leat_options_set(options, words[*at], equals + 1, NULL) != LEAT_OK) {
            fprintf(stderr, "connect: \"%s\" is no option\n", words[*at]);
            leat_options_destroy(options);
            return NULL;
        }
    }
    return options;
}

/* The stream of the source at words[*at], filtered. */
static leat_stream *read_source(leat_context *context, const char *where, const char *schema,
                                char **words, int count, int *at)
{
    const char *format = words[(*at)++];
    leat_options *options = read_options(words, count, at);
    if (options == NULL)
        return NULL;
    leat_stream *stream = leat_read(context, format, options, *schema != '\0' ? schema : NULL);
    if (stream != NULL && *where != '\0')
        stream = leat_filter(stream, where);
    if (stream == NULL)
        fprintf(stderr, "connect: %s\n", leat_context_error(context));
    return stream;
}

/* Every "to SINK key=value ...". */
static int add_sinks(leat_query *query, leat_stream *stream, char **words, int count, int at)
{
    int status = LEAT_OK;
    while (status == LEAT_OK && at + 1 < count) {
        const char *format = words[at + 1];
        at += 2;
        leat_options *options = read_options(words, count, &at);
        status = options != NULL ? leat_query_write(query, stream, format, options)
                                 : LEAT_ERROR_INVALID;
    }
    return status;
}

/* Until the query ends by itself or somebody wants it to. */
static int run(leat_query *query)
{
    const int64_t slice_ns = 50 * 1000 * 1000;
    int status = leat_start(query);
    if (status != LEAT_OK)
        return status;
    while ((status = leat_await(query, slice_ns)) == LEAT_ERROR_TIMEOUT && leat_is_active(query))
        if (stop_asked)
            return leat_stop(query, -1);
    return status == LEAT_ERROR_TIMEOUT ? leat_await(query, LEAT_FOREVER) : status;
}

int main(int argc, char **argv)
{
    if (argc < 7) {
        fprintf(stderr, "usage: connect CHECKPOINT CONDITION COLUMNS SOURCE [KEY=VALUE]... "
                        "to SINK [KEY=VALUE]... [to SINK ...]\n");
        return 2;
    }
    signal(SIGINT, ask_stop);
    signal(SIGTERM, ask_stop);
    leat_context *context = leat_context_create();
    leat_query *query =
        leat_query_create(context, leat_options_of("checkpointLocation", argv[1], NULL));
    int at = 4;
    leat_stream *stream = read_source(context, argv[2], argv[3], argv, argc, &at);
    int status = stream != NULL ? add_sinks(query, stream, argv, argc, at) : LEAT_ERROR_INVALID;
    if (status == LEAT_OK)
        status = run(query);
    leat_totals totals = {.size = sizeof totals};
    if (status == LEAT_OK)
        status = leat_query_totals(query, &totals);
    if (status == LEAT_OK)
        printf("read %llu, written %llu\n", (unsigned long long)totals.records_in,
               (unsigned long long)totals.records_out);
    else if (stream != NULL)
        fprintf(stderr, "connect: %s\n", leat_query_error(query));
    leat_query_destroy(query);
    leat_context_destroy(context);
    return status == LEAT_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
