/*
 * A set of options is a sorted array of entries; a table is an array of specs. Checking walks the
 * set against the table, parses every value once to see that it is sound, and throws the result
 * away: the getters parse again, so that there is one source of truth, the text. None of this is
 * near a record.
 *
 * A key belongs to the spec of its name, else to the longest prefix spec that it begins with.
 */
#include "core/base/options.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/ascii.h"
#include "core/base/clock.h"
#include "core/base/nearest.h"
#include "core/base/text_buffer.h"
#include "core/base/units.h"

struct entry {
    char *key;
    char *value;
    char *origin;
};

struct lt_options {
    struct entry *entries; /* sorted by key, without regard to case */
    size_t count;
    size_t capacity;
};

struct lt_options *lt_options_create(void)
{
    return lt_alloc(sizeof(struct lt_options));
}

void lt_options_destroy(struct lt_options *options)
{
    if (options == NULL)
        return;
    for (size_t i = 0; i < options->count; i++) {
        free(options->entries[i].key);
        free(options->entries[i].value);
        free(options->entries[i].origin);
    }
    free(options->entries);
    free(options);
}

struct lt_options *lt_options_clone(const struct lt_options *options)
{
    struct lt_options *clone = lt_options_create();
    clone->entries = lt_alloc_array(options->count, sizeof *clone->entries);
    clone->capacity = options->count;
    clone->count = options->count;
    for (size_t i = 0; i < options->count; i++) {
        const struct entry *entry = &options->entries[i];
        clone->entries[i] = (struct entry){lt_strdup(entry->key), lt_strdup(entry->value),
                                           lt_strdup(entry->origin)};
    }
    return clone;
}

/* The index of `key`, or where it would have to stand. */
static size_t find_index(const struct lt_options *options, const char *key, bool *found)
{
    size_t low = 0;
    size_t high = options->count;
    *found = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = lt_ascii_compare(options->entries[middle].key, key);
        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const struct entry *find_entry(const struct lt_options *options, const char *key)
{
    bool found;
    size_t index = find_index(options, key, &found);
    return found ? &options->entries[index] : NULL;
}

static struct entry *insert_at(struct lt_options *options, size_t index)
{
    if (options->count == options->capacity) {
        options->capacity = options->capacity != 0 ? 2 * options->capacity : 16;
        options->entries =
            lt_realloc_array(options->entries, options->capacity, sizeof *options->entries);
    }
    struct entry *entry = &options->entries[index];
    memmove(entry + 1, entry, (options->count - index) * sizeof *entry);
    options->count++;
    return entry;
}

int lt_options_set(struct lt_options *options, const char *key, const char *value,
                   const char *origin, struct lt_error *error)
{
    lt_assert(value != NULL);
    lt_assert(origin != NULL);
    if (key == NULL || key[0] == '\0')
        return lt_error_set(error, LT_E_INVALID, "an option has no name (%s)", origin);
    /* Copied first: the arguments may be texts of the entry that is replaced. */
    struct entry made = {lt_strdup(key), lt_strdup(value), lt_strdup(origin)};
    bool found;
    size_t index = find_index(options, key, &found);
    struct entry *entry;
    if (found) {
        entry = &options->entries[index];
        free(entry->key);
        free(entry->value);
        free(entry->origin);
    } else {
        entry = insert_at(options, index);
    }
    *entry = made;
    return 0;
}

const char *lt_options_get(const struct lt_options *options, const char *key)
{
    const struct entry *entry = find_entry(options, key);
    return entry != NULL ? entry->value : NULL;
}

const char *lt_options_origin(const struct lt_options *options, const char *key)
{
    const struct entry *entry = find_entry(options, key);
    return entry != NULL ? entry->origin : NULL;
}

bool lt_options_has(const struct lt_options *options, const char *key)
{
    return find_entry(options, key) != NULL;
}

size_t lt_options_count(const struct lt_options *options)
{
    return options->count;
}

void lt_options_at(const struct lt_options *options, size_t index, const char **key,
                   const char **value, const char **origin)
{
    lt_assert(index < options->count);
    const struct entry *entry = &options->entries[index];
    *key = entry->key;
    *value = entry->value;
    *origin = entry->origin;
}

/* The spec that `key` belongs to, or NULL. A bare prefix names nothing. */
static const struct lt_option_spec *find_spec(const struct lt_option_spec *specs, size_t count,
                                              const char *key)
{
    const struct lt_option_spec *longest = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct lt_option_spec *spec = &specs[i];
        bool equal = lt_ascii_compare(spec->name, key) == 0;
        if (equal && spec->type != LT_OPTION_PREFIX)
            return spec;
        if (!equal && spec->type == LT_OPTION_PREFIX && lt_ascii_starts_with(key, spec->name) &&
            (longest == NULL || strlen(spec->name) > strlen(longest->name)))
            longest = spec;
    }
    return longest;
}

static int fail_unknown(const struct entry *entry, const struct lt_option_spec *specs, size_t count,
                        struct lt_error *error)
{
    const char **names = lt_alloc_array(count, sizeof *names);
    size_t name_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (specs[i].type != LT_OPTION_PREFIX && (specs[i].flags & LT_OPTION_REFUSED) == 0)
            names[name_count++] = specs[i].name;
    }
    const char *near = lt_nearest(entry->key, names, name_count);
    free(names);
    if (near == NULL)
        return lt_error_set(error, LT_E_INVALID, "unknown option \"%s\" (%s)", entry->key,
                            entry->origin);
    return lt_error_set(error, LT_E_INVALID,
                        "unknown option \"%s\" (%s); hint: did you mean \"%s\"?", entry->key,
                        entry->origin, near);
}

struct bound_unit {
    int64_t factor;
    const char *name;
};

/* Writes a bound as a person would: in the largest unit that it is a whole number of. */
static void append_bound(struct lt_text_buffer *text, enum lt_option_type type, int64_t bound)
{
    static const struct bound_unit plain[] = {{1, ""}};
    static const struct bound_unit sizes[] = {
        {INT64_C(1) << 30, "g"},
        {INT64_C(1) << 20, "m"},
        {INT64_C(1) << 10, "k"},
        {1, ""},
    };
    static const struct bound_unit durations[] = {
        {60 * (int64_t)LT_NS_PER_S, "min"},
        {LT_NS_PER_S, "s"},
        {LT_NS_PER_MS, "ms"},
        {LT_NS_PER_US, "us"},
        {1, "ns"},
    };
    const struct bound_unit *unit = plain;
    if (bound != 0 && type == LT_OPTION_SIZE)
        unit = sizes;
    if (bound != 0 && (type == LT_OPTION_DURATION || type == LT_OPTION_DURATION_MS))
        unit = durations;
    while (bound % unit->factor != 0) /* ends at the last, whose factor is 1 */
        unit++;
    lt_text_format(text, "%lld%s", (long long)(bound / unit->factor), unit->name);
}

static void append_range(struct lt_text_buffer *text, const struct lt_option_spec *spec)
{
    if (spec->max == INT64_MAX) {
        lt_text_append(text, "at least ");
        append_bound(text, spec->type, spec->min);
        return;
    }
    append_bound(text, spec->type, spec->min);
    lt_text_append(text, " to ");
    append_bound(text, spec->type, spec->max);
}

static bool has_range(const struct lt_option_spec *spec)
{
    return spec->min != 0 || spec->max != 0;
}

static int check_range(const struct lt_option_spec *spec, const char *value_text, int64_t value,
                       struct lt_error *error)
{
    lt_assert(spec->min <= spec->max);
    if (!has_range(spec) || (value >= spec->min && value <= spec->max))
        return 0;
    struct lt_text_buffer range;
    lt_text_init(&range);
    append_range(&range, spec);
    int code = lt_error_set(error, LT_E_INVALID, "\"%s\" is out of range; hint: the range is %s",
                            value_text, lt_text_get(&range));
    lt_text_fini(&range);
    return code;
}

/* Finds `value` among "a|b|c" without regard to case; returns where the table's spelling stands, or
 * NULL. */
static const char *find_choice(const char *choices, const char *value)
{
    size_t size_bytes = strlen(value);
    for (const char *choice = choices;; choice++) {
        size_t choice_bytes = strcspn(choice, "|");
        if (choice_bytes == size_bytes && lt_ascii_starts_with(choice, value))
            return choice;
        choice += choice_bytes;
        if (*choice == '\0')
            return NULL;
    }
}

static int parse_choice(const struct lt_option_spec *spec, const char *value,
                        struct lt_error *error)
{
    if (find_choice(spec->choices, value) != NULL)
        return 0;
    struct lt_text_buffer list;
    lt_text_init(&list);
    for (const char *c = spec->choices; *c != '\0'; c++) {
        if (*c == '|')
            lt_text_append(&list, ", ");
        else
            lt_text_append_char(&list, *c);
    }
    int code =
        lt_error_set(error, LT_E_INVALID, "\"%s\" is none of: %s", value, lt_text_get(&list));
    lt_text_fini(&list);
    return code;
}

/* Parses a value of any type; numbers, and booleans as 0 and 1, go to `*out`. */
static int parse_value(const struct lt_option_spec *spec, const char *value, int64_t *out,
                       struct lt_error *error)
{
    int code = 0;
    bool is_true = false;
    *out = 0;
    switch (spec->type) {
    case LT_OPTION_TEXT:
    case LT_OPTION_PREFIX:
        return 0;
    case LT_OPTION_BOOL:
        code = lt_units_parse_bool(value, &is_true, error);
        *out = is_true;
        return code;
    case LT_OPTION_CHOICE:
        return parse_choice(spec, value, error);
    case LT_OPTION_I64:
        code = lt_units_parse_i64(value, out, error);
        break;
    case LT_OPTION_SIZE:
        code = lt_units_parse_size(value, out, error);
        break;
    case LT_OPTION_DURATION:
        code = lt_units_parse_duration_ns(value, 0, out, error);
        break;
    case LT_OPTION_DURATION_MS:
        code = lt_units_parse_duration_ns(value, LT_NS_PER_MS, out, error);
        break;
    }
    return code < 0 ? code : check_range(spec, value, *out, error);
}

static int check_entry(struct entry *entry, const struct lt_option_spec *specs, size_t count,
                       struct lt_error *error)
{
    const struct lt_option_spec *spec = find_spec(specs, count, entry->key);
    if (spec == NULL)
        return fail_unknown(entry, specs, count, error);
    if ((spec->flags & LT_OPTION_REFUSED) != 0)
        return lt_error_set(error, LT_E_UNSUPPORTED, "option \"%s\" (%s) is refused: %s",
                            entry->key, entry->origin, spec->doc);
    int64_t number;
    int code = parse_value(spec, entry->value, &number, error);
    if (code < 0 && lt_options_is_secret(specs, count, entry->key))
        code = lt_error_set(error, code, "its hidden value is not valid");
    if (code < 0)
        return lt_error_append(error, "option \"%s\" (%s)", entry->key, entry->origin);
    /* From here on a choice is spelled as in the table, so that owners can compare texts. */
    if (spec->type == LT_OPTION_CHOICE)
        memcpy(entry->value, find_choice(spec->choices, entry->value), strlen(entry->value));
    return 0;
}

/* The set's entry of this spec; NULL: none. */
static const struct entry *entry_of(const struct lt_options *options,
                                    const struct lt_option_spec *specs, size_t count,
                                    const struct lt_option_spec *spec)
{
    for (size_t i = 0; i < options->count; i++) {
        if (find_spec(specs, count, options->entries[i].key) == spec)
            return &options->entries[i];
    }
    return NULL;
}

/* What has to be given must not be empty either, nor a list of nothing. */
static int check_required(const struct lt_option_spec *spec, const struct entry *entry,
                          const char *owner, struct lt_error *error)
{
    if (entry == NULL)
        return lt_error_set(error, LT_E_INVALID, "%s: option \"%s\" is required; hint: %s", owner,
                            spec->name, spec->doc);
    if (entry->value[strspn(entry->value, " \t,")] == '\0')
        return lt_error_set(error, LT_E_INVALID, "%s: option \"%s\" (%s) is empty; hint: %s", owner,
                            spec->name, entry->origin, spec->doc);
    return 0;
}

int lt_options_check(const struct lt_options *options, const struct lt_option_spec *specs,
                     size_t count, const char *owner, struct lt_error *error)
{
    for (size_t i = 0; i < options->count; i++) {
        if (check_entry(&options->entries[i], specs, count, error) < 0)
            return lt_error_append(error, "%s", owner);
    }
    for (size_t i = 0; i < count; i++) {
        if ((specs[i].flags & LT_OPTION_REQUIRED) == 0)
            continue;
        int code = check_required(&specs[i], entry_of(options, specs, count, &specs[i]), owner,
                                  error);
        if (code < 0)
            return code;
    }
    return 0;
}

/* The spec of exactly that name; a name that the table does not have is a defect of the caller. */
static const struct lt_option_spec *named_spec(const struct lt_option_spec *specs, size_t count,
                                               const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (lt_ascii_compare(specs[i].name, name) == 0)
            return &specs[i];
    }
    lt_assert(!"the option's name is in the table");
    return NULL;
}

const char *lt_options_text(const struct lt_options *options, const struct lt_option_spec *specs,
                            size_t count, const char *name)
{
    const struct lt_option_spec *spec = named_spec(specs, count, name);
    const char *value = lt_options_get(options, name);
    return value != NULL ? value : spec->default_text;
}

int64_t lt_options_i64(const struct lt_options *options, const struct lt_option_spec *specs,
                       size_t count, const char *name)
{
    const struct lt_option_spec *spec = named_spec(specs, count, name);
    const char *value = lt_options_text(options, specs, count, name);
    if (value == NULL)
        return -1;
    int64_t number;
    int code = parse_value(spec, value, &number, NULL);
    lt_assert(code == 0);
    return number;
}

bool lt_options_bool(const struct lt_options *options, const struct lt_option_spec *specs,
                     size_t count, const char *name)
{
    lt_assert(named_spec(specs, count, name)->type == LT_OPTION_BOOL);
    return lt_options_i64(options, specs, count, name) == 1;
}

bool lt_options_is_secret(const struct lt_option_spec *specs, size_t count, const char *key)
{
    static const char *const marks[] = {
        "password",    "passphrase", "secret",           "token",
        "credential",  "private",    "sasl.jaas.config", "sasl.oauthbearer.config",
        "ssl.key.pem", "api.key",    "apikey",           "access.key",
    };
    const struct lt_option_spec *spec = find_spec(specs, count, key);
    if (spec != NULL && (spec->flags & LT_OPTION_SECRET) != 0)
        return true;
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        if (lt_ascii_contains(key, marks[i]))
            return true;
    }
    return false;
}

/* Prints a text on one line: control characters as they are written in C. The caller checks the
 * stream. */
static void print_line_text(const char *text, FILE *out)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '\n')
            fputs("\\n", out);
        else if ((unsigned char)*c < 0x20 || *c == 0x7f)
            fprintf(out, "\\x%02x", (unsigned)(unsigned char)*c);
        else
            putc(*c, out);
    }
}

static void print_effective(const char *key, const char *value, const char *origin, bool secret,
                            FILE *out)
{
    print_line_text(key, out);
    fputs(" = ", out);
    print_line_text(secret ? "[hidden]" : value, out);
    fputs("   # ", out);
    print_line_text(origin, out);
    putc('\n', out);
}

static void print_entry(const struct entry *entry, const struct lt_option_spec *specs, size_t count,
                        FILE *out)
{
    bool secret = lt_options_is_secret(specs, count, entry->key);
    print_effective(entry->key, entry->value, entry->origin, secret, out);
}

void lt_options_print_effective(const struct lt_options *options,
                                const struct lt_option_spec *specs, size_t count, FILE *out)
{
    for (size_t i = 0; i < count; i++) {
        const struct lt_option_spec *spec = &specs[i];
        if (spec->type == LT_OPTION_PREFIX)
            continue;
        const struct entry *entry = find_entry(options, spec->name);
        if (entry != NULL)
            print_entry(entry, specs, count, out);
        else if (spec->default_text != NULL)
            print_effective(spec->name, spec->default_text, "default",
                            (spec->flags & LT_OPTION_SECRET) != 0, out);
        else if ((spec->flags & LT_OPTION_REFUSED) == 0)
            print_effective(spec->name, "", "not set", false, out);
    }
    for (size_t i = 0; i < options->count; i++) {
        const struct entry *entry = &options->entries[i];
        const struct lt_option_spec *spec = find_spec(specs, count, entry->key);
        if (spec == NULL || spec->type == LT_OPTION_PREFIX)
            print_entry(entry, specs, count, out);
    }
}

static const char *type_name(enum lt_option_type type)
{
    static const char *const names[] = {
        [LT_OPTION_TEXT] = "text",         [LT_OPTION_BOOL] = "true or false",
        [LT_OPTION_I64] = "number",        [LT_OPTION_SIZE] = "size",
        [LT_OPTION_DURATION] = "duration", [LT_OPTION_DURATION_MS] = "duration, bare in ms",
        [LT_OPTION_CHOICE] = "choice",     [LT_OPTION_PREFIX] = "prefix",
    };
    return names[type];
}

/* Prints the inside of a Markdown table's cell. */
static void print_cell(const char *text, FILE *out)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '|')
            fputs("\\|", out);
        else
            putc(*c == '\n' ? ' ' : *c, out);
    }
}

static void print_limits(const struct lt_option_spec *spec, FILE *out)
{
    if (spec->type == LT_OPTION_CHOICE) {
        print_cell(spec->choices, out);
        return;
    }
    if (!has_range(spec))
        return;
    struct lt_text_buffer range;
    lt_text_init(&range);
    append_range(&range, spec);
    print_cell(lt_text_get(&range), out);
    lt_text_fini(&range);
}

void lt_options_print_reference(const struct lt_option_spec *specs, size_t count, FILE *out)
{
    fputs("| Option | Type | Default | Range | Meaning |\n|---|---|---|---|---|\n", out);
    for (size_t i = 0; i < count; i++) {
        const struct lt_option_spec *spec = &specs[i];
        fprintf(out, "| `%s%s` | %s | ", spec->name, spec->type == LT_OPTION_PREFIX ? "*" : "",
                type_name(spec->type));
        if (spec->default_text != NULL && spec->default_text[0] != '\0') {
            putc('`', out);
            print_cell(spec->default_text, out);
            putc('`', out);
        } else if ((spec->flags & LT_OPTION_REQUIRED) != 0) {
            fputs("required", out);
        }
        fputs(" | ", out);
        print_limits(spec, out);
        fputs((spec->flags & LT_OPTION_REFUSED) != 0 ? " | Refused: " : " | ", out);
        print_cell(spec->doc, out);
        fputs(" |\n", out);
    }
}
