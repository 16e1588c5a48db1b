/*
 * Words: how far apart they are, how they sound, and which a text has.
 *
 * sentences() parts a text as Java's BreakIterator does, by two regular expressions: a sentence
 * ends behind an unambiguous mark, or behind a period that blanks and no small letter follow; a
 * word is letters and digits in turn, with single marks inside.
 */
#include <stdlib.h>
#include <string.h>

#include "core/text/utf8.h"
#include "ops/expr/analyser.h"
#include "ops/expr/pattern.h"

/* ------------------------------------------------------------------------------------- distance */

/* The code points of a text, in memory of the machine; NULL: too large. */
static uint32_t *code_points(struct lt_machine *machine, struct lt_bytes text, uint32_t *count)
{
    uint32_t *codes = lt_machine_alloc(machine, ((size_t)text.size_bytes + 1) * sizeof *codes);
    *count = 0;
    for (const uint8_t *at = text.data, *end = at + text.size_bytes; at < end && codes != NULL;)
        codes[(*count)++] = lt_utf8_next(&at, end);
    return codes;
}

/* The fewest characters to insert, delete or replace: row by row of the table of all prefixes. */
static uint32_t distance_of(const uint32_t *a, uint32_t a_count, const uint32_t *b,
                            uint32_t b_count, uint32_t *row)
{
    for (uint32_t j = 0; j <= b_count; j++)
        row[j] = j;
    for (uint32_t i = 1; i <= a_count; i++) {
        uint32_t diagonal = row[0];
        row[0] = i;
        for (uint32_t j = 1; j <= b_count; j++) {
            uint32_t replaced = diagonal + (a[i - 1] != b[j - 1]);
            uint32_t shorter = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            diagonal = row[j];
            row[j] = replaced < shorter ? replaced : shorter;
        }
    }
    return row[b_count];
}

static enum lt_kernel levenshtein(struct lt_machine *machine, const struct lt_call *call,
                                  union lt_value *out)
{
    uint32_t a_count = 0, b_count = 0;
    uint32_t *a = code_points(machine, lt_argument_bytes(machine, call, 0), &a_count);
    uint32_t *b = code_points(machine, lt_argument_bytes(machine, call, 1), &b_count);
    uint32_t *row = lt_machine_alloc(machine, ((size_t)b_count + 1) * sizeof *row);
    if (a == NULL || b == NULL || row == NULL)
        return lt_machine_too_large(machine, call);
    out->i64 = distance_of(a, a_count, b, b_count, row);
    if (call->argument_count == 3 && out->i64 > lt_argument(machine, call, 2)->i64)
        out->i64 = -1;
    return LT_KERNEL_VALUE;
}

/* ---------------------------------------------------------------------------------------- sound */

static uint8_t capital(uint8_t c)
{
    return c >= 'a' && c <= 'z' ? (uint8_t)(c - 32) : c;
}

static enum lt_kernel soundex(struct lt_machine *machine, const struct lt_call *call,
                              union lt_value *out)
{
    /* The class of each letter: 0 is a vowel, which parts equal classes; 7 is passed over. */
    static const char classes[] = "01230127022455012623017202";
    struct lt_bytes text = lt_argument_bytes(machine, call, 0);
    uint8_t sound[4] = {'0', '0', '0', '0'};
    size_t used = 1;
    out->bytes = text;
    uint8_t first = text.size_bytes == 0 ? 0 : capital(text.data[0]);
    if (first < 'A' || first > 'Z')
        return LT_KERNEL_VALUE;
    sound[0] = first;
    char last = classes[first - 'A'];
    for (uint32_t i = 1; i < text.size_bytes && used < sizeof sound; i++) {
        uint8_t letter = capital(text.data[i]);
        bool is_letter = letter >= 'A' && letter <= 'Z';
        char class = is_letter ? classes[letter - 'A'] : '0';
        if (class == '7')
            continue;
        if (class != '0' && class != last)
            sound[used++] = (uint8_t) class;
        last = class;
    }
    return lt_machine_put(machine, call, sound, sizeof sound, out);
}

/* ------------------------------------------------------------------------------------ sentences */

#define TERMINAL "[!?\\x{3002}\\x{FF01}\\x{FF1F}]"
#define ANY_END "[!?.\\x{3002}\\x{FF01}\\x{FF1F}\\x{FF0E}]"
#define CLOSING "[\\p{Pe}\\p{Pf}\"']"
#define OPENING "[\\p{Ps}\\p{Pi}\"']"
#define BLANK "[\\t\\r\\f\\n\\p{Zs}]"
static const char SENTENCE[] = "(?s).+?(?:\\x{2029}|" ANY_END "*" TERMINAL ANY_END "*" CLOSING
                               "*" BLANK "*\\x{2029}?|[.\\x{FF0E}]" ANY_END "*" CLOSING "*" BLANK
                               "+(?=" OPENING "*(?!\\p{Ll})\\p{L})|\\z)";

#define MARKS "[\\p{Mn}\\p{Me}\\p{Cf}]*"
#define KANJI "[\\x{3005}\\x{4E00}-\\x{9FA5}\\x{F900}-\\x{FA2D}]"
#define KATAKANA "[\\x{3099}-\\x{309C}\\x{30A1}-\\x{30FE}]"
#define HIRAGANA "[\\x{3041}-\\x{309E}\\x{30FC}]"
#define LETTER "(?:(?!" KANJI "|" KATAKANA "|" HIRAGANA ")\\p{L}" MARKS ")"
#define LETTERS "(?:" LETTER "+(?:[\\p{Pd}\\p{Pc}\\x{AD}\\x{2027}\"'.]" LETTER "+)*)"
#define NUMBER "(?:\\p{N}+(?:[\"',.\\x{66B}]\\p{N}+)*)"
#define BEHIND "[\\x{A2}%\\x{66A}\\x{2030}\\x{2031}&]?"
static const char WORD[] =
    "(?s)(?:(?!\\x{A2})[\\p{Sc}#.](?=\\p{N}))?(?=" LETTER "|\\p{N})" LETTERS "?(?:" NUMBER LETTERS
    ")*(?:" NUMBER BEHIND ")?|" KANJI "+|" KATAKANA "+|" HIRAGANA "+|.";

struct sentences {
    struct lt_regexp *sentence, *word, *spoken;
};

static void release_sentences(void *state)
{
    struct sentences *sentences = state;
    lt_regexp_destroy(sentences->sentence);
    lt_regexp_destroy(sentences->word);
    lt_regexp_destroy(sentences->spoken);
    free(sentences);
}

static int prepare_sentences(const struct lt_prepare *prepare, struct lt_error *error)
{
    static const char spoken[] = "\\A[\\p{L}\\p{Nd}]";
    struct sentences *sentences = lt_alloc(sizeof *sentences);
    prepare->call->state = sentences;
    int code = lt_regexp_create(SENTENCE, sizeof SENTENCE - 1, &sentences->sentence, error);
    if (code == LT_OK)
        code = lt_regexp_create(WORD, sizeof WORD - 1, &sentences->word, error);
    if (code == LT_OK)
        code = lt_regexp_create(spoken, sizeof spoken - 1, &sentences->spoken, error);
    if (code != LT_OK) {
        release_sentences(sentences);
        prepare->call->state = NULL;
    }
    return code;
}

/* Counts what an expression finds in a text, or (with memory) puts each into it. */
static uint32_t words_of(const struct sentences *sentences, struct lt_bytes sentence,
                         union lt_value *out)
{
    struct lt_matches matches = {.regexp = sentences->word, .text = sentence};
    uint32_t count = 0;
    while (lt_matches_next(&matches)) {
        const struct lt_bytes word = {.data = sentence.data + matches.begin,
                                      .size_bytes = (uint32_t)(matches.end - matches.begin)};
        if (lt_regexp_find(sentences->spoken, &word) != LT_REGEXP_YES)
            continue;
        if (out != NULL)
            out[count].bytes = word;
        count++;
    }
    return count;
}

static struct lt_array *words_array(struct lt_machine *machine, const struct sentences *sentences,
                                    struct lt_bytes sentence)
{
    struct lt_array *array = lt_machine_array(machine, words_of(sentences, sentence, NULL));
    if (array != NULL)
        (void)words_of(sentences, sentence, lt_writable_values(array->values));
    return array;
}

static enum lt_kernel sentences(struct lt_machine *machine, const struct lt_call *call,
                                union lt_value *out)
{
    if (lt_argument_is_null(machine, call, 0))
        return LT_KERNEL_NULL;
    const struct sentences *state = call->state;
    struct lt_bytes text = lt_argument_bytes(machine, call, 0);
    struct lt_matches matches = {.regexp = state->sentence, .text = text};
    uint32_t count = 0;
    while (lt_matches_next(&matches))
        count++;
    struct lt_array *array = lt_machine_array(machine, count);
    if (array == NULL)
        return lt_machine_too_large(machine, call);
    matches = (struct lt_matches){.regexp = state->sentence, .text = text};
    for (uint32_t i = 0; lt_matches_next(&matches); i++) {
        const struct lt_bytes sentence = {.data = text.data + matches.begin,
                                          .size_bytes = (uint32_t)(matches.end - matches.begin)};
        struct lt_array *words = words_array(machine, state, sentence);
        if (words == NULL)
            return lt_machine_too_large(machine, call);
        lt_writable_values(array->values)[i].array = words;
    }
    out->array = array;
    return LT_KERNEL_VALUE;
}

static int give_words(struct lt_analyser *analyser, struct lt_expression *call)
{
    struct lt_arena *arena = analyser->coerce.arena;
    const struct lt_type *words = lt_type_array(arena, lt_type_simple(LT_TYPE_STRING), false);
    call->type = lt_type_array(arena, words, false);
    return LT_OK;
}

#define DETERMINISTIC .is_deterministic = true

static const struct lt_function functions[] = {
    {"levenshtein", NULL, "levenshtein(a, b[, most])",
     "The fewest characters to insert, delete or replace that make one string of the other; -1 if "
     "they are more than `most`.",
     "levenshtein('kitten', 'sitting')", "3", DETERMINISTIC, .is_total = true,
     .signatures = {LT_KERNEL("ss[i]", "i", levenshtein)}},
    {"soundex", NULL, "soundex(str)", "A code that is equal for words that sound alike in English.",
     "soundex('Miller')", "M460", DETERMINISTIC, .is_total = true,
     .signatures = {LT_KERNEL("S", "s", soundex)}},
    {"sentences", NULL, "sentences(str[, language[, country]])",
     "The words of each sentence of a text. The language does not matter.",
     "size(sentences('Hi there! Good morning.'))", "2", LT_NULL_AWARE, DETERMINISTIC,
     .decodes_texts = true, .signatures = {LT_KERNEL("s[s][s]", "v", sentences)},
     .prepare = prepare_sentences, .release = release_sentences, .conclude = give_words},
};

const struct lt_function_group lt_functions_words = {"string", functions,
                                                     sizeof functions / sizeof functions[0]};
