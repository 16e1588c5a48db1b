/*
 * Compiling patterns. Spark's own refusals come first, then the letters as Java counts them.
 *
 * A number right behind another one and of fixed width takes its digits from the first of them: in
 * "yyyyMMdd" the year leaves four digits to the month and the day. The first number of such a run
 * is `active`; a literal, a text or the begin of an optional part ends the run.
 *
 * What Spark 2 would have taken and this refuses is told as such: whoever brings an old pattern
 * learns that it was one.
 */
#include "core/text/datetime_pattern.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/ascii.h"
#include "core/text/datetime_steps.h"

enum { DEPTH_MAX = 16, SIZE_MAX_BYTES = 4096, DIGITS_MAX = 19, NO_ACTIVE = -1 };

struct builder {
    struct lt_datetime_pattern *pattern;
    const char *text; /* the whole pattern, for errors */
    int text_bytes;
    enum lt_datetime_use use;
    bool has_era;              /* "y" is a year of the era */
    bool is_fraction_variable; /* reading, with a fraction: fewer digits will do */
    long active;
    bool is_after_literal;  /* the next one goes on with it */
    size_t open[DEPTH_MAX]; /* optional parts begun */
    int depth;
    size_t literal_bytes;
    struct lt_error *error;
};

#define GUIDE                                                                                      \
    "You can form a valid datetime pattern with the guide from "                                   \
    "'https://spark.apache.org/docs/latest/sql-ref-datetime-pattern.html'"
#define UNRECOGNIZED "Unrecognized datetime pattern: '%.*s'. " GUIDE
#define UPGRADED "You may get a different result due to the upgrading to Spark >= 3.0:\n"
#define WAS_VALID                                                                                  \
    UPGRADED "Fail to recognize '%.*s' pattern in the DateTimeFormatter.\n1) You can set "         \
             "\"spark.sql.legacy.timeParserPolicy\" to \"LEGACY\" to restore the behavior "        \
             "before Spark 3.0.\n2) " GUIDE

static int refuse(const struct builder *builder, const char *condition, const char *sqlstate,
                  const char *why)
{
    (void)lt_error_set(builder->error, LT_E_INVALID, "%s", why);
    return lt_error_condition(builder->error, condition, sqlstate);
}

static int refuse_plainly(const struct builder *builder, const char *why)
{
    (void)lt_error_set(builder->error, LT_E_INVALID,
                       UNRECOGNIZED "; hint: it %s", builder->text_bytes, builder->text, why);
    return lt_error_condition(builder->error, "INVALID_DATETIME_PATTERN.WITH_SUGGESTION", "22007");
}

static struct lt_datetime_step_of *append(struct builder *builder, enum lt_datetime_step_kind kind,
                                          size_t printed_max)
{
    struct lt_datetime_step_of *step = &builder->pattern->steps[builder->pattern->count++];
    *step = (struct lt_datetime_step_of){.kind = kind};
    builder->pattern->size_max += printed_max;
    builder->active = NO_ACTIVE;
    builder->is_after_literal = false;
    return step;
}

static void append_literal(struct builder *builder, const char *text, size_t size_bytes)
{
    char *copy = builder->pattern->literals + builder->literal_bytes;
    memcpy(copy, text, size_bytes);
    builder->literal_bytes += size_bytes;
    if (builder->is_after_literal) {
        builder->pattern->steps[builder->pattern->count - 1].size_bytes += size_bytes;
        builder->pattern->size_max += size_bytes;
        return;
    }
    struct lt_datetime_step_of *step = append(builder, LT_DATETIME_LITERAL, size_bytes);
    step->text = copy;
    step->size_bytes = size_bytes;
    builder->is_after_literal = true;
}

/* A number, a two-digit year or a fraction: what runs of digits are made of. */
static void append_digits(struct builder *builder, struct lt_datetime_step_of digits)
{
    long active = builder->active;
    struct lt_datetime_step_of *step = append(builder, digits.kind, DIGITS_MAX + 1);
    *step = digits;
    builder->active = step - builder->pattern->steps;
    if (active != NO_ACTIVE && digits.fewest == digits.most &&
        digits.sign == LT_DATETIME_SIGN_NONE) {
        builder->pattern->steps[active].following += digits.most;
        builder->active = active;
    }
}

static void append_number(struct builder *builder, enum lt_datetime_field field, int fewest,
                          int most, enum lt_datetime_sign sign)
{
    append_digits(builder, (struct lt_datetime_step_of){.kind = LT_DATETIME_NUMBER,
                                                        .field = field,
                                                        .fewest = fewest,
                                                        .most = most,
                                                        .sign = sign});
}

static void append_text(struct builder *builder, enum lt_datetime_field field, bool is_long)
{
    struct lt_datetime_step_of *step = append(builder, LT_DATETIME_TEXT, 16);
    step->field = field;
    step->is_long = is_long;
}

static int compile_year(struct builder *builder, int count)
{
    enum lt_datetime_field field =
        builder->has_era ? LT_DATETIME_FIELD_YEAR_OF_ERA : LT_DATETIME_FIELD_YEAR;
    if (count == 2)
        append_digits(builder, (struct lt_datetime_step_of){.kind = LT_DATETIME_TWO_DIGIT_YEAR,
                                                            .field = field,
                                                            .fewest = 2,
                                                            .most = 2});
    else
        append_number(builder, field, count, DIGITS_MAX,
                      count < 4 ? LT_DATETIME_SIGN_MINUS : LT_DATETIME_SIGN_EXCEEDS);
    return 0;
}

static void append_small_number(struct builder *builder, enum lt_datetime_field field, int count)
{
    if (count == 1)
        append_number(builder, field, 1, DIGITS_MAX, LT_DATETIME_SIGN_MINUS);
    else
        append_number(builder, field, count, count, LT_DATETIME_SIGN_NONE);
}

/* Letters that are numbers up to two times and names from three on. */
static int compile_number_or_text(struct builder *builder, enum lt_datetime_field field, int count)
{
    if (count > 4)
        return refuse_plainly(builder, "has too many letters of one kind");
    if (count <= 2)
        append_small_number(builder, field, count);
    else
        append_text(builder, field, count == 4);
    return 0;
}

static int compile_fraction(struct builder *builder, int count)
{
    if (count > 9)
        return refuse_plainly(builder, "has more than nine digits of a second");
    struct lt_datetime_step_of digits = {.kind = LT_DATETIME_FRACTION,
                                         .field = LT_DATETIME_FIELD_NANOSECOND,
                                         .fewest = builder->is_fraction_variable ? 1 : count,
                                         .most = count};
    if (digits.fewest == digits.most)
        append_digits(builder, digits);
    else
        *append(builder, LT_DATETIME_FRACTION, 9) = digits;
    return 0;
}

static void append_offset(struct builder *builder, enum lt_datetime_offset_form form,
                          bool has_colon, const char *zero)
{
    struct lt_datetime_step_of *step = append(builder, LT_DATETIME_OFFSET, 9);
    step->offset_form = form;
    step->has_colon = has_colon;
    step->zero = zero;
}

/* X and x: "+HHmm", "+HHMM", "+HH:MM", "+HHMMss", "+HH:MM:ss" by their count. */
static int compile_iso_offset(struct builder *builder, int count, bool has_z)
{
    if (count > 5)
        return refuse_plainly(builder, "has too many letters of one kind");
    bool has_colon = count == 3 || count == 5;
    enum lt_datetime_offset_form form = count == 1   ? LT_DATETIME_OFFSET_HOUR
                                        : count <= 3 ? LT_DATETIME_OFFSET_MINUTE
                                                     : LT_DATETIME_OFFSET_SECOND;
    const char *zero = has_z ? "Z" : count == 1 ? "+00" : has_colon ? "+00:00" : "+0000";
    append_offset(builder, form, has_colon, zero);
    return 0;
}

static int compile_gmt_offset(struct builder *builder, bool is_long)
{
    append(builder, LT_DATETIME_GMT_OFFSET, 12)->is_long = is_long;
    return 0;
}

static int compile_zone(struct builder *builder, char letter, int count)
{
    switch (letter) {
    case 'V':
        if (count != 2)
            return refuse_plainly(builder, "has another count than 2 of the letter V");
        append(builder, LT_DATETIME_ZONE_ID, LT_ZONE_ID_MAX);
        return 0;
    case 'z':
        if (count > 4)
            return refuse_plainly(builder, "has too many letters of one kind");
        append(builder, LT_DATETIME_ZONE_NAME, LT_ZONE_ID_MAX)->is_long = count == 4;
        return 0;
    case 'O':
        if (count != 1 && count != 4)
            return refuse_plainly(builder, "has another count than 1 or 4 of the letter O");
        return compile_gmt_offset(builder, count == 4);
    default: /* Z */
        if (count > 5)
            return refuse_plainly(builder, "has too many letters of one kind");
        if (count == 4)
            return compile_gmt_offset(builder, true);
        if (count == 5)
            append_offset(builder, LT_DATETIME_OFFSET_SECOND, true, "Z");
        else
            append_offset(builder, LT_DATETIME_OFFSET_MINUTE, false, "+0000");
        return 0;
    }
}

static int compile_day_of_year(struct builder *builder, int count)
{
    if (count > 3)
        return refuse_plainly(builder, "has too many letters of one kind");
    if (count == 1)
        append_small_number(builder, LT_DATETIME_FIELD_DAY_OF_YEAR, 1);
    else
        append_number(builder, LT_DATETIME_FIELD_DAY_OF_YEAR, count, 3, LT_DATETIME_SIGN_NONE);
    return 0;
}

/* Letters that may come once (the first) or twice. */
static int compile_plain_number(struct builder *builder, enum lt_datetime_field field, int count,
                                int most)
{
    if (count > most)
        return refuse_plainly(builder, "has too many letters of one kind");
    append_small_number(builder, field, count);
    return 0;
}

static int compile_era_or_half(struct builder *builder, char letter, int count)
{
    if (count > (letter == 'a' ? 1 : 4))
        return refuse_plainly(builder, "has too many letters of one kind");
    append_text(builder, letter == 'a' ? LT_DATETIME_FIELD_HALF_DAY : LT_DATETIME_FIELD_ERA,
                count == 4);
    return 0;
}

static int compile_letter(struct builder *builder, char letter, int count)
{
    switch (letter) {
    case 'y':
        return compile_year(builder, count);
    case 'M':
    case 'L':
        return compile_number_or_text(builder, LT_DATETIME_FIELD_MONTH, count);
    case 'Q':
    case 'q':
        return compile_number_or_text(builder, LT_DATETIME_FIELD_QUARTER, count);
    case 'E':
        append_text(builder, LT_DATETIME_FIELD_WEEKDAY, count == 4);
        return 0;
    case 'D':
        return compile_day_of_year(builder, count);
    case 'd':
        return compile_plain_number(builder, LT_DATETIME_FIELD_DAY, count, 2);
    case 'H':
        return compile_plain_number(builder, LT_DATETIME_FIELD_HOUR, count, 2);
    case 'k':
        return compile_plain_number(builder, LT_DATETIME_FIELD_CLOCK_HOUR, count, 2);
    case 'K':
        return compile_plain_number(builder, LT_DATETIME_FIELD_HALF_HOUR, count, 2);
    case 'h':
        return compile_plain_number(builder, LT_DATETIME_FIELD_HALF_CLOCK_HOUR, count, 2);
    case 'm':
        return compile_plain_number(builder, LT_DATETIME_FIELD_MINUTE, count, 2);
    case 's':
        return compile_plain_number(builder, LT_DATETIME_FIELD_SECOND, count, 2);
    case 'F':
        return compile_plain_number(builder, LT_DATETIME_FIELD_DAY_IN_WEEK_OF_MONTH, count, 1);
    case 'g':
        if (count > DIGITS_MAX)
            return refuse_plainly(builder, "has too many letters of one kind");
        append_number(builder, LT_DATETIME_FIELD_JULIAN, count, DIGITS_MAX, LT_DATETIME_SIGN_MINUS);
        return 0;
    case 'S':
        return compile_fraction(builder, count);
    case 'a':
    case 'G':
        return compile_era_or_half(builder, letter, count);
    case 'V':
    case 'z':
    case 'O':
    case 'Z':
        return compile_zone(builder, letter, count);
    case 'X':
    case 'x':
        return compile_iso_offset(builder, count, letter == 'X');
    default:
        return refuse_plainly(builder,
                              "has a letter that stands for nothing; hint: put text in quotes");
    }
}

static int open_optional(struct builder *builder)
{
    if (builder->depth == DEPTH_MAX) {
        (void)lt_error_set(
            builder->error, LT_E_LIMIT,
            "datetime pattern \"%.*s\" has more than %d optional parts in each other",
            builder->text_bytes, builder->text, DEPTH_MAX);
        return lt_error_condition(builder->error, "INVALID_DATETIME_PATTERN.WITH_SUGGESTION",
                                  "22007");
    }
    builder->open[builder->depth++] = builder->pattern->count;
    append(builder, LT_DATETIME_OPTIONAL, 0);
    return 0;
}

static int close_optional(struct builder *builder)
{
    if (builder->depth == 0)
        return refuse_plainly(builder, "has a ] without a [");
    struct lt_datetime_step_of *begin = &builder->pattern->steps[builder->open[--builder->depth]];
    begin->end = builder->pattern->count;
    builder->active = NO_ACTIVE;
    builder->is_after_literal = false;
    return 0;
}

static int compile_sign(struct builder *builder, const char *at)
{
    switch (*at) {
    case '[':
        return open_optional(builder);
    case ']':
        return close_optional(builder);
    case '{':
    case '}':
    case '#':
        return refuse_plainly(builder, "has a reserved character");
    default:
        append_literal(builder, at, 1);
        return 0;
    }
}

/* A piece without quotes. */
static int compile_piece(struct builder *builder, const char *at, const char *end)
{
    int code = 0;
    while (at < end && code == 0) {
        const char *begin = at++;
        if (!lt_ascii_is_letter(*begin)) {
            code = compile_sign(builder, begin);
            continue;
        }
        while (at < end && *at == *begin)
            at++;
        code = compile_letter(builder, *begin, (int)(at - begin));
    }
    return code;
}

/* With quotes as Java reads them. `end` of the quoted text is where the closing quote is. */
static int compile_quoted(struct builder *builder, const char **at, const char *end)
{
    const char *text = *at + 1, *from = text;
    for (*at = text; *at < end; ++*at) {
        if (**at != '\'')
            continue;
        bool is_doubled = *at + 1 < end && (*at)[1] == '\'';
        if (is_doubled) /* one quote of two */
            append_literal(builder, from, (size_t)(*at + 1 - from));
        else
            break;
        from = ++*at + 1;
    }
    if (*at == end)
        return refuse_plainly(builder, "ends within quotes");
    if (*at == text)
        append_literal(builder, "'", 1);
    else if (*at > from)
        append_literal(builder, from, (size_t)(*at - from));
    ++*at;
    return 0;
}

static int compile_as_java(struct builder *builder, const char *at, const char *end)
{
    int code = 0;
    while (at < end && code == 0) {
        const char *quote = memchr(at, '\'', (size_t)(end - at));
        code = compile_piece(builder, at, quote == NULL ? end : quote);
        at = quote == NULL ? end : quote;
        if (at < end && code == 0)
            code = compile_quoted(builder, &at, end);
    }
    return code;
}

/* With quotes as Spark reads them where a fraction may vary: each second piece between quotes is
 * text, an empty piece is a quote, and the last quote need not be closed. */
static int compile_as_spark(struct builder *builder, const char *at, const char *end)
{
    int code = 0;
    for (int piece = 0; at < end && code == 0; piece++) {
        const char *quote = memchr(at, '\'', (size_t)(end - at));
        const char *stop = quote == NULL ? end : quote;
        if (stop == at && piece > 0)
            append_literal(builder, "'", 1);
        else if (piece % 2 == 0)
            code = compile_piece(builder, at, stop);
        else
            append_literal(builder, at, (size_t)(stop - at));
        at = quote == NULL ? end : quote + 1;
    }
    return code;
}

static bool has_letter(const char *at, const char *end, const char *letters)
{
    for (; at < end; at++)
        if (*at != '\0' && strchr(letters, *at) != NULL)
            return true;
    return false;
}

/* More of one letter in a row than Spark lets pass. */
static bool is_too_long(const char *at, const char *end)
{
    for (int count = 0; at < end; at++) {
        count = count > 0 && at[-1] == *at ? count + 1 : 1;
        if ((count >= 5 && *at != '\0' && strchr("GMLEQq", *at) != NULL) ||
            (count >= 7 && *at == 'y'))
            return true;
    }
    return false;
}

/* The first character of the pattern that is one of these, which it has. */
static char first_of(const struct builder *builder, const char *letters)
{
    for (int i = 0; i < builder->text_bytes; i++) {
        if (strchr(letters, builder->text[i]) != NULL)
            return builder->text[i];
    }
    return letters[0];
}

static int refuse_letter(const struct builder *builder, const char *letters)
{
    char text[256];
    (void)snprintf(text, sizeof text,
                   UPGRADED "All week-based patterns are unsupported since Spark 3.0, detected "
                            "week-based character: %c.\nPlease use the SQL function EXTRACT "
                            "instead",
                   first_of(builder, letters));
    return refuse(builder, "INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_WEEK_BASED_PATTERN",
                  "42K0B", text);
}

static int check_piece(struct builder *builder, const char *at, const char *end)
{
    if (has_letter(at, end, "YWwuec"))
        return refuse_letter(builder, "YWwuec");
    if (has_letter(at, end, "ABnNp") ||
        (builder->use == LT_DATETIME_READING && has_letter(at, end, "EFqQ"))) {
        (void)lt_error_set(
            builder->error, LT_E_INVALID,
            "Unrecognized datetime pattern: %.*s. Illegal pattern character found "
            "in datetime pattern: %c. Please provide legal character",
            builder->text_bytes, builder->text,
            first_of(builder, builder->use == LT_DATETIME_READING ? "ABnNpEFqQ" : "ABnNp"));
        return lt_error_condition(builder->error, "INVALID_DATETIME_PATTERN.ILLEGAL_CHARACTER",
                                  "22007");
    }
    if (is_too_long(at, end)) {
        (void)lt_error_set(builder->error, LT_E_INVALID,
                           "Unrecognized datetime pattern: %.*s. Too many letters in datetime "
                           "pattern: %.*s. Please reduce pattern length",
                           builder->text_bytes, builder->text, builder->text_bytes, builder->text);
        return lt_error_condition(builder->error, "INVALID_DATETIME_PATTERN.LENGTH", "22007");
    }
    builder->has_era = builder->has_era || has_letter(at, end, "G");
    return 0;
}

/* Spark's refusals, piece by piece between quotes. */
static int check(struct builder *builder, const char *at, const char *end)
{
    int code = 0;
    for (int piece = 0; at < end && code == 0; piece++) {
        const char *quote = memchr(at, '\'', (size_t)(end - at));
        const char *stop = quote == NULL ? end : quote;
        if (piece % 2 == 0)
            code = check_piece(builder, at, stop);
        at = quote == NULL ? end : quote + 1;
    }
    return code;
}

/* Whether Java's older formatter, Spark 2's, would have taken it. */
static bool was_valid(const char *at, const char *end)
{
    bool is_quoted = false;
    int count = 0;
    for (; at < end; at++) {
        count = count > 0 && at[-1] == *at ? count + 1 : 1;
        if (*at == '\'')
            is_quoted = !is_quoted;
        else if (!is_quoted && lt_ascii_is_letter(*at) &&
                 (strchr("GyMdkHmsSEDFwWahKzZYuXL", *at) == NULL || (*at == 'X' && count > 3)))
            return false;
    }
    return !is_quoted;
}

static int compile(struct builder *builder, const char *text, size_t size_bytes)
{
    const char *end = text + size_bytes;
    int code = check(builder, text, end);
    if (code != 0)
        return code;
    bool has_fraction = memchr(text, 'S', size_bytes) != NULL;
    builder->is_fraction_variable = builder->use == LT_DATETIME_READING && has_fraction;
    code = builder->is_fraction_variable ? compile_as_spark(builder, text, end)
                                         : compile_as_java(builder, text, end);
    while (code == 0 && builder->depth > 0)
        code = close_optional(builder);
    return code;
}

int lt_datetime_pattern_create(const char *text, size_t size_bytes, enum lt_datetime_use use,
                               struct lt_datetime_pattern **out, struct lt_error *error)
{
    struct builder builder = {.text = text, .use = use, .active = NO_ACTIVE, .error = error};
    if (size_bytes > SIZE_MAX_BYTES)
        return lt_error_set(error, LT_E_LIMIT, "a datetime pattern of %zu bytes is over %d",
                            size_bytes, SIZE_MAX_BYTES);
    builder.text_bytes = (int)size_bytes;
    struct lt_datetime_pattern *pattern = calloc(1, sizeof(*pattern));
    if (pattern != NULL) {
        /* No step needs less than a byte of the pattern. */
        pattern->steps = calloc(size_bytes + 1, sizeof(*pattern->steps));
        pattern->literals = malloc(size_bytes + 1);
    }
    if (pattern == NULL || pattern->steps == NULL || pattern->literals == NULL) {
        lt_datetime_pattern_destroy(pattern);
        return lt_error_set(error, LT_E_NO_MEMORY, "no memory for datetime pattern \"%.*s\"",
                            builder.text_bytes, text);
    }
    builder.pattern = pattern;
    int code = size_bytes == 0 ? 0 : compile(&builder, text, size_bytes);
    if (code != 0) {
        lt_datetime_pattern_destroy(pattern);
        if (code != LT_E_LIMIT && was_valid(text, text + size_bytes)) {
            (void)lt_error_set(error, LT_E_INVALID, WAS_VALID, builder.text_bytes, text);
            return lt_error_condition(
                error, "INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_PATTERN_RECOGNITION", "42K0B");
        }
        return code;
    }
    *out = pattern;
    return 0;
}

int lt_datetime_pattern_create_local(const char *text, size_t size_bytes, enum lt_datetime_use use,
                                     struct lt_datetime_pattern **out, struct lt_error *error)
{
    int code = lt_datetime_pattern_create(text, size_bytes, use, out, error);
    if (code != LT_E_INVALID)
        return code;
    (void)lt_error_set(error, code, UNRECOGNIZED, (int)size_bytes, text);
    return lt_error_condition(error, "INVALID_DATETIME_PATTERN.WITH_SUGGESTION", "22007");
}

void lt_datetime_pattern_destroy(struct lt_datetime_pattern *pattern)
{
    if (pattern == NULL)
        return;
    free(pattern->steps);
    free(pattern->literals);
    free(pattern);
}

size_t lt_datetime_pattern_size_max(const struct lt_datetime_pattern *pattern)
{
    return pattern->size_max;
}
