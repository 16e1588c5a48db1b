/*
 * Finding functions, and reading their signatures.
 */
#include "ops/expr/functions.h"

#include <string.h>

#include "core/base/ascii.h"
#include "core/base/nearest.h"

static const struct lt_function_group *const GROUPS[] = {
    &lt_functions_operator,      &lt_functions_condition,     &lt_functions_string,
    &lt_functions_build,         &lt_functions_search,        &lt_functions_pattern,
    &lt_functions_split,         &lt_functions_math,          &lt_functions_number,
    &lt_functions_hash,          &lt_functions_digest,        &lt_functions_encoding,
    &lt_functions_format,        &lt_functions_number_text,   &lt_functions_datetime,
    &lt_functions_datetime_step, &lt_functions_datetime_text, &lt_functions_datetime_make,
    &lt_functions_interval,      &lt_functions_window,        &lt_functions_edit,
    &lt_functions_words,         &lt_functions_cipher,        &lt_functions_try,
    &lt_functions_random,        &lt_functions_session,       &lt_functions_other,
    &lt_functions_json,          &lt_functions_json_text,     &lt_functions_csv,
    &lt_functions_uuid,          &lt_functions_url,           &lt_functions_array,
    &lt_functions_array_search,  &lt_functions_array_change,  &lt_functions_array_set,
    &lt_functions_sequence,      &lt_functions_shuffle,       &lt_functions_map,
    &lt_functions_map_change,    &lt_functions_struct,        &lt_functions_higher,
    &lt_functions_generator,     &lt_functions_aggregate,     &lt_functions_aggregate_statistics,
};
enum { GROUP_COUNT = sizeof GROUPS / sizeof GROUPS[0], NAMES_MAX = 512 };

size_t lt_function_count(void)
{
    size_t count = 0;
    for (size_t i = 0; i < GROUP_COUNT; i++)
        count += GROUPS[i]->count;
    return count;
}

const struct lt_function *lt_function_at(size_t index, const char **group)
{
    for (size_t i = 0; i < GROUP_COUNT; i++) {
        if (index < GROUPS[i]->count) {
            if (group != NULL)
                *group = GROUPS[i]->name;
            return &GROUPS[i]->functions[index];
        }
        index -= GROUPS[i]->count;
    }
    return NULL;
}

/* Whether a name stands among comma-separated ones. */
static bool is_among(const char *names, const char *name)
{
    size_t size = strlen(name);
    const char *comma = names;
    for (const char *at = names; comma != NULL; at = comma + 1) {
        comma = strchr(at, ',');
        size_t at_size = comma == NULL ? strlen(at) : (size_t)(comma - at);
        if (at_size == size && lt_ascii_starts_with(at, name))
            return true;
    }
    return false;
}

int32_t lt_function_find(const char *name)
{
    int32_t index = 0;
    for (size_t i = 0; i < GROUP_COUNT; i++) {
        for (size_t k = 0; k < GROUPS[i]->count; k++, index++) {
            const struct lt_function *function = &GROUPS[i]->functions[k];
            if (lt_ascii_compare(function->name, name) == 0 ||
                (function->aliases != NULL && is_among(function->aliases, name)))
                return index;
        }
    }
    return -1;
}

bool lt_is_call_of(const struct lt_expression *node, const char *name)
{
    return node->kind == LT_EXPR_CALL && node->index >= 0 &&
           strcmp(lt_function_at((size_t)node->index, NULL)->name, name) == 0;
}

bool lt_is_one_of(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(name, names[i]) == 0)
            return true;
    }
    return false;
}

const char *lt_function_nearest(const char *name)
{
    static const char *const later[] = {"cast", "try_cast"};
    const char *names[NAMES_MAX];
    size_t used = 0;
    for (size_t i = 0; i < sizeof later / sizeof later[0]; i++)
        names[used++] = later[i];
    for (size_t i = 0; i < lt_function_count() && used < NAMES_MAX; i++) {
        const struct lt_function *function = lt_function_at(i, NULL);
        if (lt_ascii_is_letter(function->name[0]))
            names[used++] = function->name;
    }
    return lt_nearest(name, names, used);
}

/* ---------------------------------------------------------------------------------- signatures */

struct letter_walk {
    const char *at;
    char repeated; /* a letter with *, or 0 */
    bool is_optional;
};

/* The next letter of a signature, 0 at its end. */
static char next_letter(struct letter_walk *walk)
{
    while (*walk->at == '[' || *walk->at == ']' || *walk->at == '*') {
        walk->is_optional = walk->is_optional || *walk->at == '[';
        walk->at++;
    }
    if (*walk->at == '\0')
        return '\0';
    char letter = *walk->at++;
    walk->repeated = *walk->at == '*' ? letter : '\0';
    return letter;
}

static void signature_arity(const struct lt_signature *signature, uint32_t *fewest, uint32_t *most)
{
    struct letter_walk walk = {.at = signature->parameters};
    *fewest = *most = 0;
    while (next_letter(&walk) != '\0') {
        if (walk.repeated != '\0') {
            *most = UINT32_MAX;
            return;
        }
        *fewest += !walk.is_optional;
        *most += 1;
    }
}

char lt_signature_parameter(const struct lt_signature *signature, uint32_t index, uint32_t count)
{
    uint32_t fewest, most;
    signature_arity(signature, &fewest, &most);
    if (count < fewest || count > most)
        return '\0';
    struct letter_walk walk = {.at = signature->parameters};
    char letter = next_letter(&walk);
    while (index-- > 0 && walk.repeated == '\0')
        letter = next_letter(&walk);
    return letter;
}

void lt_function_arity(const struct lt_function *function, uint32_t *fewest, uint32_t *most)
{
    *fewest = UINT32_MAX;
    *most = 0;
    for (const struct lt_signature *s = function->signatures; s->parameters != NULL; s++) {
        uint32_t few, many;
        signature_arity(s, &few, &many);
        *fewest = few < *fewest ? few : *fewest;
        *most = many > *most ? many : *most;
    }
}

bool lt_letter_accepts(char letter, const struct lt_type *type)
{
    switch (letter) {
    case 'B':
    case 'P':
        return type->kind == LT_TYPE_BOOLEAN;
    case 'y':
        return type->kind == LT_TYPE_TINYINT;
    case 'h':
        return type->kind == LT_TYPE_SMALLINT;
    case 'i':
        return type->kind == LT_TYPE_INT;
    case 'l':
        return type->kind == LT_TYPE_BIGINT;
    case 'f':
        return type->kind == LT_TYPE_FLOAT;
    case 'd':
    case 'D':
        return type->kind == LT_TYPE_DOUBLE;
    case 's':
    case 'S':
        return lt_type_is_text(type);
    case 'x':
        return type->kind == LT_TYPE_BINARY;
    case 'o':
        return lt_type_is_bytes(type);
    case 't':
        return type->kind == LT_TYPE_TIMESTAMP;
    case 'n':
    case 'N':
        return lt_type_is_number(type);
    case 'g':
    case 'G':
        return lt_type_is_integral(type);
    case 'a':
    case 'T':
    case 'I':
    case 'W':
    case 'C':
        return true;
    case 'A':
        return type->kind == LT_TYPE_ARRAY;
    case 'M':
        return type->kind == LT_TYPE_MAP;
    case 'R':
        return type->kind == LT_TYPE_STRUCT;
    case 'k':
        return type->kind == LT_TYPE_DECIMAL;
    case 'u':
        return type->kind == LT_TYPE_DATE;
    case 'z':
        return type->kind == LT_TYPE_TIMESTAMP_NTZ;
    case 'q':
        return type->kind == LT_TYPE_INTERVAL_DAY_TIME;
    case 'r':
        return type->kind == LT_TYPE_INTERVAL_YEAR_MONTH;
    case 'c':
        return type->kind == LT_TYPE_INTERVAL_CALENDAR;
    default:
        return false;
    }
}

bool lt_letter_is_common(char letter)
{
    return letter != '\0' && strchr("TIWCNDG", letter) != NULL;
}

const struct lt_type *lt_letter_type(char letter)
{
    static const char letters[] = "ByhilfdsxtvPuzqrc";
    static const enum lt_type_kind kinds[] = {LT_TYPE_BOOLEAN,
                                              LT_TYPE_TINYINT,
                                              LT_TYPE_SMALLINT,
                                              LT_TYPE_INT,
                                              LT_TYPE_BIGINT,
                                              LT_TYPE_FLOAT,
                                              LT_TYPE_DOUBLE,
                                              LT_TYPE_STRING,
                                              LT_TYPE_BINARY,
                                              LT_TYPE_TIMESTAMP,
                                              LT_TYPE_VOID,
                                              LT_TYPE_BOOLEAN,
                                              LT_TYPE_DATE,
                                              LT_TYPE_TIMESTAMP_NTZ,
                                              LT_TYPE_INTERVAL_DAY_TIME,
                                              LT_TYPE_INTERVAL_YEAR_MONTH,
                                              LT_TYPE_INTERVAL_CALENDAR};
    const char *at = letter == '\0' ? NULL : strchr(letters, letter);
    return at == NULL ? NULL : lt_type_simple(kinds[at - letters]);
}
