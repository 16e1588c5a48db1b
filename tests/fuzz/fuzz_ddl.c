/*
 * Types as text: column lists, single types, and JSON schemas. What parses is printed in all four
 * ways; what is printed parses again, to the same type.
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "core/data/type.h"

typedef int parser(const char *text, struct lt_arena *arena, const struct lt_type **out,
                   struct lt_error *error);

static void print_and_parse_again(const struct lt_type *type, struct lt_arena *arena)
{
    const struct lt_type *again;
    struct lt_error error;
    (void)lt_type_sql(arena, type);
    (void)lt_type_simple_string(arena, type);
    (void)lt_type_json(arena, type);
    if (type->kind != LT_TYPE_STRUCT || type->field_count == 0)
        return;
    const char *ddl = lt_type_ddl(arena, type);
    if (strchr(ddl, '\\') != NULL) /* Spark prints those of a comment as they are */
        return;
    lt_assert(lt_type_parse_ddl(ddl, arena, &again, &error) == LT_OK);
    lt_assert(lt_type_equal(type, again));
}

static void check(parser *parse, const char *text)
{
    struct lt_arena *arena = lt_arena_create();
    const struct lt_type *type;
    struct lt_error error;
    if (parse(text, arena, &type, &error) == LT_OK)
        print_and_parse_again(type, arena);
    lt_arena_destroy(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    const struct fuzz_input input = {data, data + size_bytes};
    char *text = fuzz_text(fuzz_rest(&input));
    check(lt_type_parse_ddl, text);
    check(lt_type_parse, text);
    check(lt_type_parse_any, text);
    free(text);
    return 0;
}
