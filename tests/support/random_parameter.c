/*
 * Arguments that mean something to a parameter: patterns, units, zones, paths, and numbers that are
 * small where a large one would only make something large. A parameter is known by its name in the
 * usage of its function.
 */
#include "tests/support/random_expression.h"

#include <ctype.h>
#include <string.h>

static const char *const TIME_PATTERNS[] = {"'yyyy-MM-dd'",
                                            "'yyyy-MM-dd HH:mm:ss'",
                                            "'dd/MM/yyyy'",
                                            "'EEEE, d MMM uuuu'",
                                            "'HH:mm:ss.SSSSSS'",
                                            "'yyyyMMddHHmmss'",
                                            "'D'",
                                            "'QQQ yyyy'",
                                            "'h:mm a'",
                                            "'XX'",
                                            "'yyyy-MM-dd''T''HH:mm:ssXXX'",
                                            "'VV'",
                                            "'z'",
                                            "'O'",
                                            "'G yyyy'",
                                            "'M/d/yy'",
                                            "'[yyyy][-MM][-dd]'",
                                            "'SSS'",
                                            "'E'",
                                            "'MMMM'",
                                            "'LLL'",
                                            "'F'",
                                            "'k K'",
                                            "'YYYY'",
                                            "'yyyy-MM-dd HH:mm:ss.SSS'",
                                            "'y'",
                                            "'xxxx'",
                                            "'Z'",
                                            "'hh'",
                                            "'q'",
                                            "''"};
static const char *const REGEXPS[] = {"'a'",
                                      "'[a-z]+'",
                                      "r'(\\d+)-(\\d+)'",
                                      "'^.*$'",
                                      "r'\\s+'",
                                      "'(a)|(b)'",
                                      "''",
                                      "'.'",
                                      "'x*'",
                                      "'(?i)spark'",
                                      "r'\\p{L}+'",
                                      "'[^,]*'",
                                      "r'(\\w)(\\w)'",
                                      "r'\\b'",
                                      "'a{2,}'",
                                      "r'\\.'",
                                      "'|'",
                                      "'$'",
                                      "','",
                                      "'(a(b)?)+'",
                                      "r'\\D'",
                                      "'[a-c&&[^b]]'",
                                      "'('",
                                      "'a??b'",
                                      "r'[\\d.]+'",
                                      "'(?<n>a)'",
                                      "r'\\W+'",
                                      "'[[:alpha:]]'",
                                      "'a++'",
                                      "'='"};
static const char *const LIKES[] = {"'%a%'", "'_'",      "'a\\\\%'", "'%'",  "''",
                                    "'S%k'", "'\\\\_x'", "'a_'",     "'%b'", "'a'",
                                    "'__%'", "'\\\\'",   "'%é%'"};
static const char *const REPLACEMENTS[] = {"'x'",     "''",     "'$1'",  "'$0-$0'",
                                           "'\\\\$'", "'$2$1'", "'[$0]'"};
static const char *const NUMBER_FORMATS[] = {
    "'999'",  "'S999.99'", "'$99,999.00'",    "'0000'",    "'9.9MI'",
    "'99PR'", "'G'",       "'9999999999D99'", "'yyyy-MM'", "'hex'"};
static const char *const PRINTF_FORMATS[] = {
    "'%s'", "'%d'", "'%5.2f'", "'%x|%s'",     "'%-10s|'", "'%,d'", "'%05d'",
    "'%c'", "'%e'", "'%b %%'", "'%2$s %1$s'", "'%S'",     "'%g'"};
static const char *const BINARY_FORMATS[] = {"'hex'", "'utf-8'", "'base64'", "'UTF8'", "'bad'"};
static const char *const UNITS[] = {
    "'year'", "'MM'",   "'week'",   "'quarter'", "'month'",       "'mon'",         "'yy'",  "'day'",
    "'DD'",   "'HOUR'", "'minute'", "'second'",  "'millisecond'", "'microsecond'", "'nope'"};
static const char *const BARE_UNITS[] = {"YEAR", "QUARTER", "MONTH",  "WEEK",        "DAY",
                                         "HOUR", "MINUTE",  "SECOND", "MILLISECOND", "MICROSECOND"};
static const char *const FIELDS[] = {
    "'year'",   "'month'", "'day'",     "'dow'",        "'doy'",           "'hour'", "'minute'",
    "'second'", "'week'",  "'quarter'", "'yearofweek'", "'dayofweek_iso'", "'days'", "'nope'"};
static const char *const ZONES[] = {
    "'UTC'",    "'America/Los_Angeles'", "'+08:00'", "'Asia/Kolkata'", "'Z'", "'PST'", "'GMT+1'",
    "'no/zone'"};
static const char *const DOCUMENTS[] = {"'{\"a\":1,\"b\":[1,2,null],\"c\":{\"d\":\"x\"}}'",
                                        "'[1,2]'",
                                        "'[{\"a\":1},{\"a\":null}]'",
                                        "'{\"a\":1.50}'",
                                        "'{bad'",
                                        "'\"\"'",
                                        "'null'",
                                        "j",
                                        "'{\"a\":\"x\",\"a\":\"y\"}'",
                                        "'{\"t\":\"2024-01-01\",\"a\":\"7\"}'",
                                        "'{\"a\":{\"b\":[{\"c\":1}]}}'",
                                        "''"};
static const char *const PATHS[] = {"'$.a'",    "'$.b[1]'",     "'$.c.d'",     "'$'",
                                    "'$[*].a'", "'$[\\'a\\']'", "'$.b[*]'",    "'a'",
                                    "'$..a'",   "'$[0]'",       "'$.a.b[0].c'"};
static const char *const SCHEMAS[] = {"'a INT'",
                                      "'a STRING, b ARRAY<INT>'",
                                      "'ARRAY<INT>'",
                                      "'MAP<STRING, STRING>'",
                                      "'a DOUBLE, c STRUCT<d: STRING>'",
                                      "'ARRAY<STRUCT<a: INT>>'",
                                      "'a DECIMAL(5,2), _corrupt_record STRING'",
                                      "'t DATE, a BIGINT'",
                                      "'a STRING'",
                                      "'a TIMESTAMP, b STRING'"};
static const char *const OPTIONS[] = {"map('mode', 'FAILFAST')",
                                      "map('mode', 'PERMISSIVE')",
                                      "map('allowSingleQuotes', 'false')",
                                      "map('dateFormat', 'dd/MM/yyyy')",
                                      "map('sep', ';')",
                                      "map('timestampFormat', 'yyyy')",
                                      "map('ignoreNullFields', 'false')",
                                      "map('pretty', 'true')",
                                      "map('nullValue', 'a')",
                                      "map('primitivesAsString', 'true')"};
static const char *const RECORDS[] = {
    "'1,a,2024-01-01'", "'\"x \"\"y\"\"\",2'", "',,'", "''", "'7'", "'a;b'", "s"};
static const char *const URLS[] = {"'http://user:pw@host:80/p/a;x?q=1&r=a%20b#frag'",
                                   "'https://spark.apache.org/path?query=1'",
                                   "'bad url'",
                                   "'mailto:a@b'",
                                   "'/rel?q=2'",
                                   "'http://[::1]/x'",
                                   "s"};
static const char *const URL_PARTS[] = {"'HOST'",      "'PATH'",     "'QUERY'",
                                        "'REF'",       "'PROTOCOL'", "'FILE'",
                                        "'AUTHORITY'", "'USERINFO'", "'host'"};
static const char *const KEYS[] = {"'q'", "'r'", "'none'"};
static const char *const CHARSETS[] = {"'UTF-8'",    "'UTF-16'",   "'ISO-8859-1'", "'US-ASCII'",
                                       "'UTF-16LE'", "'utf-16be'", "'UTF-32'",     "'bad'"};
static const char *const WEEKDAYS[] = {"'MO'", "'Monday'", "'fri'", "'xx'", "'SU'"};
static const char *const SMALL[] = {"-5", "-1", "0", "1", "2", "3", "7", "10", "16"};
static const char *const BASES[] = {"2", "8", "10", "16", "36", "-10", "1", "37"};
static const char *const SHA_BITS[] = {"0", "224", "256", "384", "512", "1"};
static const char *const YEARS[] = {"1970", "2024", "0", "-1", "9999", "2023", "1582"};
static const char *const MONTHS[] = {"1", "2", "6", "12", "13", "0"};
static const char *const DAYS[] = {"1", "15", "28", "29", "30", "31", "32", "-1"};
static const char *const CLOCK[] = {"0", "1", "12", "23", "24", "59", "60", "-1"};
static const char *const SECONDS[] = {"0", "59.999999", "60", "0.5", "30", "61", "-1.25"};
static const char *const SEPARATORS[] = {"','", "''", "'-'", "'.'", "'a'", "', '"};
static const char *const CHARACTERS[] = {"'ab'", "' '", "''", "'xa '", "'é'"};

#define POOL(texts)                                                                                \
    {                                                                                              \
        texts, sizeof(texts) / sizeof(texts)[0]                                                    \
    }
/* By group or function ("": any of them), then by name. The first that fits counts. */
static const struct {
    const char *where, *name;
    struct {
        const char *const *texts;
        size_t count;
    } pool;
} parameters[] = {
    {"datetime", "pattern", POOL(TIME_PATTERNS)},
    {"search", "pattern", POOL(LIKES)},
    {"", "pattern", POOL(REGEXPS)},
    {"", "pairs", POOL(REGEXPS)},
    {"", "keys", POOL(REGEXPS)},
    {"", "replacement", POOL(REPLACEMENTS)},
    {"to_binary", "format", POOL(BINARY_FORMATS)},
    {"try_to_binary", "format", POOL(BINARY_FORMATS)},
    {"format_string", "format", POOL(PRINTF_FORMATS)},
    {"", "format", POOL(NUMBER_FORMATS)},
    {"timestampadd", "unit", POOL(BARE_UNITS)},
    {"timestampdiff", "unit", POOL(BARE_UNITS)},
    {"", "unit", POOL(UNITS)},
    {"", "field", POOL(FIELDS)},
    {"", "zone", POOL(ZONES)},
    {"", "from_zone", POOL(ZONES)},
    {"", "to_zone", POOL(ZONES)},
    {"", "json", POOL(DOCUMENTS)},
    {"", "path", POOL(PATHS)},
    {"", "schema", POOL(SCHEMAS)},
    {"", "options", POOL(OPTIONS)},
    {"", "csv", POOL(RECORDS)},
    {"", "url", POOL(URLS)},
    {"url", "part", POOL(URL_PARTS)},
    {"url", "key", POOL(KEYS)},
    {"", "charset", POOL(CHARSETS)},
    {"", "weekday", POOL(WEEKDAYS)},
    {"sha2", "bits", POOL(SHA_BITS)},
    {"", "from_base", POOL(BASES)},
    {"", "to_base", POOL(BASES)},
    {"", "year", POOL(YEARS)},
    {"", "month", POOL(MONTHS)},
    {"", "day", POOL(DAYS)},
    {"", "hour", POOL(CLOCK)},
    {"", "minute", POOL(CLOCK)},
    {"", "second", POOL(SECONDS)},
    {"interval", "seconds", POOL(SECONDS)},
    {"", "separator", POOL(SEPARATORS)},
    {"", "delimiter", POOL(SEPARATORS)},
    {"", "characters", POOL(CHARACTERS)},
    {"", "fill", POOL(CHARACTERS)},
    {"", "count", POOL(SMALL)},
    {"", "times", POOL(SMALL)},
    {"", "pos", POOL(SMALL)},
    {"", "digits", POOL(SMALL)},
    {"", "places", POOL(SMALL)},
    {"", "limit", POOL(SMALL)},
    {"", "group", POOL(SMALL)},
    {"", "index", POOL(SMALL)},
    {"", "position", POOL(SMALL)},
    {"elt", "number", POOL(SMALL)},
    {"split_part", "number", POOL(SMALL)},
    {"slice", "start", POOL(SMALL)},
    {"sequence", "start", POOL(SMALL)},
    {"sequence", "stop", POOL(SMALL)},
    {"sequence", "step", POOL(SMALL)},
    {"", "months", POOL(SMALL)},
    {"", "days", POOL(SMALL)},
    {"", "years", POOL(SMALL)},
    {"", "weeks", POOL(SMALL)},
    {"", "hours", POOL(SMALL)},
    {"", "minutes", POOL(SMALL)},
    {"", "most", POOL(SMALL)},
};

/* What makes something large of a large number gets no other. */
static bool has_to_be_small(const char *function, const char *name)
{
    static const char *const functions[] = {"repeat",       "space",         "lpad",
                                            "rpad",         "sequence",      "array_repeat",
                                            "array_insert", "format_string", "format_number"};
    bool is_one = strcmp(name, "format") == 0;
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++)
        is_one = is_one || strcmp(function, functions[i]) == 0;
    return is_one;
}

const char *random_argument(struct random_expressions *random, const struct lt_function *function,
                            const char *group, const char *name)
{
    for (size_t i = 0; i < sizeof parameters / sizeof parameters[0]; i++) {
        const char *where = parameters[i].where;
        if (strcmp(parameters[i].name, name) != 0)
            continue;
        if (*where != '\0' && strcmp(where, group) != 0 && strcmp(where, function->name) != 0)
            continue;
        bool is_other = random_below(random, 5) == 0;
        return is_other && !has_to_be_small(function->name, name)
                   ? NULL
                   : parameters[i]
                         .pool.texts[random_below(random, (uint32_t)parameters[i].pool.count)];
    }
    return NULL;
}

uint32_t random_parameter_names(struct random_expressions *random, const char *usage,
                                char names[RANDOM_NAMES][RANDOM_NAME_SIZE])
{
    const char *other = strstr(usage, " or ");
    if (other != NULL && random_below(random, 2) == 0)
        usage = other + 4;
    const char *at = strchr(usage, '(');
    uint32_t count = 0;
    while (at != NULL && *at != '\0' && *at != ')' && count < RANDOM_NAMES) {
        at += strspn(at, "([], ");
        size_t size = strcspn(at, "[],)");
        if (size == 0)
            break;
        size_t kept = size < RANDOM_NAME_SIZE ? size : RANDOM_NAME_SIZE - 1;
        memcpy(names[count], at, kept);
        names[count++][kept] = '\0';
        at += size;
        at += strspn(at, "[], ");
    }
    return count;
}
