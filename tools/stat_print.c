/*
 * Tables, JSON and Prometheus text of counters.
 */
#include "tools/stat.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tools/commands.h"
#include "tools/quantity.h"

enum { NAME_MAX_BYTES = 128 };

static bool counter_at(const leat_admin_counters *counters, size_t index, leat_admin_counter *out)
{
    *out = (leat_admin_counter){.size = sizeof *out};
    return leat_admin_counter_at(counters, index, out);
}

static leat_admin_owner owner_of(const leat_admin_counters *counters)
{
    leat_admin_owner owner = {.size = sizeof owner};
    leat_admin_counters_owner(counters, &owner);
    return owner;
}

/* "2026-08-20T12:00:00Z". */
static void format_time(int64_t us, char out[32])
{
    time_t seconds = (time_t)(us / 1000000);
    struct tm parts;
    if (gmtime_r(&seconds, &parts) == NULL || strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
        snprintf(out, 32, "-");
}

/* -------------------------------------------------------------------------------------- table */

static void print_histogram(const leat_admin_counter *counter, const char *help)
{
    char p50[LT_TOOL_QUANTITY_SIZE], p99[LT_TOOL_QUANTITY_SIZE], p999[LT_TOOL_QUANTITY_SIZE],
        max[LT_TOOL_QUANTITY_SIZE];
    if (counter->value == 0) {
        printf("%s: none yet\n", help);
        return;
    }
    printf("p50 %s  p99 %s  p99.9 %s  max %s  (%s)\n", lt_tool_quantity_duration(counter->p50, p50),
           lt_tool_quantity_duration(counter->p99, p99),
           lt_tool_quantity_duration(counter->p999, p999),
           lt_tool_quantity_duration(counter->max, max), help);
}

/* Texts of the file go to a terminal, and anybody may have chosen them. */
static void print_counter(const leat_admin_counter *counter)
{
    bool is_text = counter->kind == LEAT_ADMIN_TEXT;
    char *name = lt_tool_printable(counter->name);
    char *text = lt_tool_printable(is_text ? counter->text : counter->help);
    char *unit = lt_tool_printable(is_text ? "" : counter->unit);
    printf("  %-34s ", name);
    if (is_text)
        printf("%s\n", text);
    else if (counter->kind == LEAT_ADMIN_HISTOGRAM)
        printf("%12" PRId64 " %-8s ", counter->value, "times");
    else
        printf("%12" PRId64 " %-8s %s\n", counter->value, unit, text);
    if (counter->kind == LEAT_ADMIN_HISTOGRAM)
        print_histogram(counter, text);
    free(name);
    free(text);
    free(unit);
}

void lt_tool_stat_table(const leat_admin_counters *counters, const char *path)
{
    leat_admin_owner owner = owner_of(counters);
    leat_admin_counter counter;
    char started[32], heartbeat[32];
    format_time(owner.started_us, started);
    format_time(owner.heartbeat_us, heartbeat);
    char *name = lt_tool_printable(*owner.query_name != '\0' ? owner.query_name : "(unnamed)");
    char *shown_path = lt_tool_printable(path);
    printf("%s  pid %d  %s  started %s  last heard %s\n%s\n", name, owner.pid,
           owner.alive ? "running" : "dead", started, heartbeat, shown_path);
    free(name);
    free(shown_path);
    for (size_t i = 0; counter_at(counters, i, &counter); i++)
        print_counter(&counter);
}

/* --------------------------------------------------------------------------------------- JSON */

static void print_value(const leat_admin_counter *counter)
{
    lt_tool_print_string(counter->name);
    putchar(':');
    if (counter->kind == LEAT_ADMIN_TEXT)
        lt_tool_print_string(counter->text);
    else if (counter->kind == LEAT_ADMIN_HISTOGRAM)
        printf("{\"count\":%" PRId64 ",\"mean\":%.1f,\"p50\":%" PRId64 ",\"p99\":%" PRId64
               ",\"p99.9\":%" PRId64 ",\"max\":%" PRId64 "}",
               counter->value, counter->mean, counter->p50, counter->p99, counter->p999,
               counter->max);
    else
        printf("%" PRId64, counter->value);
}

void lt_tool_stat_json(const leat_admin_counters *counters, const char *path)
{
    leat_admin_owner owner = owner_of(counters);
    leat_admin_counter counter;
    printf("{\"query\":");
    lt_tool_print_string(owner.query_name);
    printf(",\"path\":");
    lt_tool_print_string(path);
    printf(",\"pid\":%d,\"alive\":%s,\"startedMicros\":%" PRId64 ",\"heartbeatMicros\":%" PRId64
           ",\"counters\":{",
           owner.pid, owner.alive ? "true" : "false", owner.started_us, owner.heartbeat_us);
    for (size_t i = 0; counter_at(counters, i, &counter); i++) {
        if (i > 0)
            putchar(',');
        print_value(&counter);
    }
    printf("}}\n");
}

/* --------------------------------------------------------------------------------- Prometheus */

/* A sample's family and labels, from a name such as "lane0.sink1.records". */
struct sample {
    char family[NAME_MAX_BYTES];
    char labels[NAME_MAX_BYTES];
};

static void append(char *to, const char *text, size_t text_bytes)
{
    size_t used = strlen(to);
    if (used + text_bytes + 1 > NAME_MAX_BYTES)
        text_bytes = NAME_MAX_BYTES - used - 1;
    memcpy(to + used, text, text_bytes);
    to[used + text_bytes] = '\0';
}

/* "lane0" is the label lane="0"; other parts are the family's name, with underscores. */
static void take_part(struct sample *sample, const char *part, size_t part_bytes)
{
    size_t letters = part_bytes;
    while (letters > 0 && isdigit((unsigned char)part[letters - 1]))
        letters--;
    bool is_numbered = letters > 0 && letters < part_bytes;
    if (!is_numbered || strncmp(part, "lane", 4) != 0) {
        append(sample->family, "_", 1);
        append(sample->family, part, letters);
    }
    if (is_numbered) {
        append(sample->labels, ",", 1);
        append(sample->labels, part, letters);
        append(sample->labels, "=\"", 2);
        append(sample->labels, part + letters, part_bytes - letters);
        append(sample->labels, "\"", 1);
    }
}

static void make_sample(const leat_admin_counter *counter, struct sample *out)
{
    *out = (struct sample){.family = "leat"};
    for (const char *at = counter->name; *at != '\0';) {
        size_t part_bytes = strcspn(at, ".");
        take_part(out, at, part_bytes);
        at += part_bytes;
        at += *at == '.';
    }
    for (char *c = out->family; *c != '\0'; c++)
        if (!isalnum((unsigned char)*c))
            *c = '_';
    if (counter->kind == LEAT_ADMIN_HISTOGRAM)
        append(out->family, "_seconds", 8);
    if (counter->kind == LEAT_ADMIN_SUM)
        append(out->family, "_total", 6);
    if (counter->kind == LEAT_ADMIN_TEXT)
        append(out->family, "_info", 5);
}

/* A label's value: backslash, quote and line feed are escaped. */
static void print_label(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\n')
            fputs("\\n", stdout);
        else if (*text == '\\' || *text == '"')
            printf("\\%c", *text);
        else
            putchar(*text);
    }
}

static void begin_sample(const struct sample *sample, const char *suffix,
                         const leat_admin_owner *owner)
{
    printf("%s%s{query=\"", sample->family, suffix);
    print_label(owner->query_name);
    printf("\",pid=\"%d\"%s", owner->pid, sample->labels);
}

static void print_summary(const leat_admin_counter *counter, const struct sample *sample,
                          const leat_admin_owner *owner)
{
    const struct {
        const char *quantile;
        int64_t value_ns;
    } quantiles[] = {{"0.5", counter->p50},
                     {"0.99", counter->p99},
                     {"0.999", counter->p999},
                     {"1", counter->max}};
    for (size_t i = 0; i < sizeof quantiles / sizeof quantiles[0]; i++) {
        begin_sample(sample, "", owner);
        printf(",quantile=\"%s\"} %.9g\n", quantiles[i].quantile,
               (double)quantiles[i].value_ns / 1e9);
    }
    begin_sample(sample, "_sum", owner);
    printf("} %.9g\n", counter->mean * (double)counter->value / 1e9);
    begin_sample(sample, "_count", owner);
    printf("} %" PRId64 "\n", counter->value);
}

static void print_sample(const leat_admin_counter *counter, const struct sample *sample,
                         const leat_admin_owner *owner)
{
    if (counter->kind == LEAT_ADMIN_HISTOGRAM) {
        print_summary(counter, sample, owner);
        return;
    }
    begin_sample(sample, "", owner);
    if (counter->kind == LEAT_ADMIN_TEXT) {
        printf(",value=\"");
        print_label(counter->text);
        printf("\"} 1\n");
    } else {
        printf("} %" PRId64 "\n", counter->value);
    }
}

/* All samples of one family, over all files. */
static void print_family(leat_admin_counters *const *counters, size_t count, const char *family,
                         const leat_admin_counter *first)
{
    static const char *const types[] = {"counter", "gauge", "summary", "gauge"};
    printf("# HELP %s %s\n# TYPE %s %s\n", family, first->help, family, types[first->kind]);
    for (size_t i = 0; i < count; i++) {
        leat_admin_owner owner = owner_of(counters[i]);
        leat_admin_counter counter;
        struct sample sample;
        for (size_t k = 0; counter_at(counters[i], k, &counter); k++) {
            make_sample(&counter, &sample);
            if (strcmp(sample.family, family) == 0)
                print_sample(&counter, &sample, &owner);
        }
    }
}

static bool is_known(char *const *families, size_t count, const char *family)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(families[i], family) == 0)
            return true;
    return false;
}

void lt_tool_stat_prometheus(leat_admin_counters *const *counters, size_t count)
{
    char **families = NULL;
    size_t family_count = 0;
    printf("# HELP leat_up 1 while the query's process runs\n# TYPE leat_up gauge\n");
    for (size_t i = 0; i < count; i++) {
        leat_admin_owner owner = owner_of(counters[i]);
        struct sample up = {.family = "leat_up"};
        begin_sample(&up, "", &owner);
        printf("} %d\n", owner.alive ? 1 : 0);
    }
    for (size_t i = 0; i < count; i++) {
        leat_admin_counter counter;
        struct sample sample;
        for (size_t k = 0; counter_at(counters[i], k, &counter); k++) {
            make_sample(&counter, &sample);
            if (is_known(families, family_count, sample.family))
                continue;
            families = lt_tool_grow(families, family_count, sizeof *families);
            families[family_count++] = lt_tool_copy(sample.family);
            print_family(counters, count, sample.family, &counter);
        }
    }
    for (size_t i = 0; i < family_count; i++)
        free(families[i]);
    free(families);
}
