/*
 * What is asked about a part of one table: DESCRIBE of a column, SHOW PARTITIONS, SHOW CREATE
 * TABLE. Tables here have no partitions, and views are temporary.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/ascii.h"
#include "core/leat_sql.h"
#include "ops/expr/diagnose.h"
#include "ops/expr/unresolved.h"

static struct lt_expr_place place_of(const struct lt_door_statement *statement,
                                     const struct lt_sql_name *name)
{
    return (struct lt_expr_place){statement->text, name->begin, name->end};
}

static const char *full_name(const struct lt_door_statement *statement,
                             const struct lt_sql_table *table)
{
    const char *parts[] = {"spark_catalog", "default", table->name};
    return lt_name_quoted(parts, 3, statement->sql->context->arena);
}

static struct lt_sql_table *find_table(const struct lt_door_statement *statement)
{
    return lt_sql_catalog_get(&statement->sql->catalog, &statement->tree->name, statement->text,
                              statement->error);
}

static void give(const struct lt_door_statement *statement, const char *const *columns,
                 uint32_t column_count, const char *const *cells, uint32_t row_count)
{
    statement->result->kind = LEAT_SQL_ROWS;
    statement->result->text = lt_door_sql_print(columns, column_count, cells, row_count);
}

/* ------------------------------------------------------------------------- DESCRIBE of a column */

/* How many parts in front are the table's name: t, default.t or spark_catalog.default.t. */
static uint32_t count_qualifiers(const struct lt_sql_name *name, const char *table)
{
    const char *parts[] = {"spark_catalog", "default", table};
    for (uint32_t count = 1; count <= 3 && count < name->count; count++) {
        uint32_t same = 0;
        while (same < count && lt_ascii_compare(name->parts[same], parts[3 - count + same]) == 0)
            same++;
        if (same == count)
            return count;
    }
    return 0;
}

static int refuse_column(const struct lt_door_statement *statement)
{
    const struct lt_sql_name *name = &statement->tree->column;
    return lt_expr_error(statement->error, LT_E_ANALYSIS, "COLUMN_NOT_FOUND", "42703",
                         place_of(statement, name),
                         "The column %s cannot be found. Verify the spelling and correctness of "
                         "the column name according to the SQL config \"spark.sql.caseSensitive\".",
                         lt_name_quoted((const char *const *)name->parts, name->count,
                                        statement->sql->context->arena));
}

/* Fields of columns are not described, and those that are not there are told as anywhere else. */
static int refuse_field(const struct lt_door_statement *statement, const struct lt_type *type,
                        uint32_t first)
{
    const struct lt_sql_name *name = &statement->tree->column;
    struct lt_arena *arena = statement->sql->context->arena;
    struct lt_expr_place place = place_of(statement, name);
    const char *path = name->parts[first], *all = name->parts[0];
    for (uint32_t i = 1; i < name->count; i++)
        all = lt_arena_format(arena, "%s.%s", all, name->parts[i]);
    for (uint32_t i = first + 1; i < name->count && type->kind == LT_TYPE_STRUCT; i++) {
        int index = lt_type_field_index(type, name->parts[i]);
        if (index < 0)
            return lt_expr_error(statement->error, LT_E_ANALYSIS, "FIELD_NOT_FOUND", "42704", place,
                                 "No such struct field %s in %s.",
                                 lt_name_quoted_one(name->parts[i], arena),
                                 lt_field_list(type, arena));
        type = type->fields[index].type;
        path = lt_arena_format(arena, "%s.%s", path, name->parts[i]);
        if (i + 1 == name->count)
            return lt_expr_error(statement->error, LT_E_ANALYSIS, "_LEGACY_ERROR_TEMP_1060", "",
                                 place, "DESC TABLE COLUMN does not support nested column: %s.",
                                 all);
    }
    return lt_expr_error(statement->error, LT_E_ANALYSIS, "INVALID_EXTRACT_BASE_FIELD_TYPE",
                         "42000", place,
                         "Can't extract a value from \"%s\". Need a complex type [STRUCT, ARRAY, "
                         "MAP] but got \"%s\".",
                         path, lt_type_sql(arena, type));
}

static int describe_column(const struct lt_door_statement *statement,
                           const struct lt_sql_table *table, const struct lt_type *schema)
{
    static const char *const columns[] = {"info_name", "info_value"};
    static const char *const statistics[] = {
        "min", "max", "num_nulls", "distinct_count", "avg_col_len", "max_col_len", "histogram"};
    enum { STATISTICS = sizeof statistics / sizeof statistics[0], ROWS = 3 + STATISTICS };
    const struct lt_sql_name *name = &statement->tree->column;
    uint32_t first = count_qualifiers(name, table->name);
    int index = schema == NULL ? -1 : lt_type_field_index(schema, name->parts[first]);
    if (index < 0)
        return refuse_column(statement);
    const struct lt_field *field = &schema->fields[index];
    if (first + 1 < name->count)
        return refuse_field(statement, field->type, first);
    const char *cells[2 * ROWS] = {
        "col_name",  name->parts[first],
        "data_type", lt_type_simple_string(statement->sql->context->arena, field->type),
        "comment",   field->comment != NULL ? field->comment : "NULL"};
    for (uint32_t i = 0; i < STATISTICS; i++) { /* which nobody has gathered */
        cells[6 + 2 * i] = statistics[i];
        cells[7 + 2 * i] = "NULL";
    }
    give(statement, columns, 2, cells, statement->tree->is_extended ? ROWS : 3);
    return LT_OK;
}

static int refuse_partition(const struct lt_door_statement *statement,
                            const struct lt_sql_table *table)
{
    struct lt_expr_place place = place_of(statement, &statement->tree->name);
    if (table->format == NULL)
        return lt_expr_error(statement->error, LT_E_ANALYSIS, "FORBIDDEN_OPERATION", "42809", place,
                             "The operation DESC PARTITION is not allowed on the TEMPORARY VIEW: "
                             "%s.",
                             lt_name_quoted_one(table->name, statement->sql->context->arena));
    return lt_expr_error(statement->error, LT_E_ANALYSIS, "_LEGACY_ERROR_TEMP_1251", "", place,
                         "DESC PARTITION is not allowed on %s since its partition metadata is not "
                         "stored in the Hive metastore. To import this information into the "
                         "metastore, run `msck repair table %s`",
                         table->name, table->name);
}

int lt_door_sql_describe_part(const struct lt_door_statement *statement,
                              const struct lt_sql_table *table, const struct lt_type *schema)
{
    return statement->tree->has_partition ? refuse_partition(statement, table)
                                          : describe_column(statement, table, schema);
}

int lt_door_sql_show_partitions(const struct lt_door_statement *statement)
{
    const struct lt_sql_table *table = find_table(statement);
    struct lt_expr_place place = place_of(statement, &statement->tree->name);
    if (table == NULL)
        return statement->error->code;
    if (table->format == NULL)
        return lt_expr_error(statement->error, LT_E_ANALYSIS,
                             "EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE", "42809", place,
                             "'SHOW PARTITIONS' expects a table but %s is a view.",
                             lt_name_quoted_one(table->name, statement->sql->context->arena));
    return lt_expr_error(statement->error, LT_E_ANALYSIS,
                         "INVALID_PARTITION_OPERATION.PARTITION_SCHEMA_IS_EMPTY", "42601", place,
                         "The partition command is invalid. Table %s is not partitioned.",
                         full_name(statement, table));
}

/* ---------------------------------------------------------------------------- SHOW CREATE TABLE */

static void print_text(struct lt_text_buffer *out, const char *text)
{
    lt_text_append(out, "'");
    for (const char *at = text; *at != '\0'; at++)
        lt_text_format(out, "%s%c", *at == '\'' ? "\\" : "", *at);
    lt_text_append(out, "'");
}

/* As DDL, its default before its comment. */
static void print_column(const struct lt_sql_table *table, uint32_t index, struct lt_arena *arena,
                         struct lt_text_buffer *out)
{
    struct lt_field field = table->schema->fields[index];
    const char *whole = lt_type_ddl(arena, lt_type_struct(arena, &field, 1));
    field.comment = NULL;
    const char *plain = lt_type_ddl(arena, lt_type_struct(arena, &field, 1));
    const char *value = table->defaults == NULL ? NULL : table->defaults[index];
    lt_text_format(out, "%s\n  %s%s%s%s", index == 0 ? " (" : ",", plain,
                   value != NULL ? " DEFAULT " : "", value != NULL ? value : "",
                   whole + strlen(plain));
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(((const struct lt_sql_option *)a)->key, ((const struct lt_sql_option *)b)->key);
}

static void print_options(const char *clause, const struct lt_sql_option *options, uint32_t count,
                          struct lt_arena *arena, struct lt_text_buffer *out)
{
    if (count == 0)
        return;
    struct lt_sql_option *sorted = lt_arena_alloc(arena, count * sizeof *sorted);
    memcpy(sorted, options, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare_keys);
    lt_text_format(out, "%s (", clause);
    for (uint32_t i = 0; i < count; i++) {
        bool is_secret = lt_options_is_secret(NULL, 0, sorted[i].key);
        lt_text_append(out, i == 0 ? "\n  " : ",\n  ");
        print_text(out, sorted[i].key);
        lt_text_append(out, " = ");
        print_text(out, is_secret ? "*********(redacted)" : sorted[i].value);
    }
    lt_text_append(out, ")\n");
}

static void print_statement(const struct lt_sql_table *table, struct lt_arena *arena,
                            struct lt_text_buffer *out)
{
    static const char word[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    bool is_plain = table->name[strspn(table->name, word)] == '\0' &&
                    table->name[strspn(table->name, "0123456789")] != '\0';
    lt_text_format(out, "CREATE TABLE spark_catalog.default.%s",
                   is_plain ? table->name : lt_name_quoted_one(table->name, arena));
    for (uint32_t i = 0; table->schema != NULL && i < table->schema->field_count; i++)
        print_column(table, i, arena, out);
    lt_text_format(out, "%s\nUSING %s\n", table->schema != NULL ? ")" : "", table->format);
    print_options("OPTIONS", table->options, table->option_count, arena, out);
    if (table->comment != NULL) {
        lt_text_append(out, "COMMENT ");
        print_text(out, table->comment);
        lt_text_append(out, "\n");
    }
    print_options("TBLPROPERTIES", table->properties, table->property_count, arena, out);
}

int lt_door_sql_show_create(const struct lt_door_statement *statement)
{
    static const char *const columns[] = {"createtab_stmt"};
    const struct lt_sql_table *table = find_table(statement);
    struct lt_arena *arena = statement->sql->context->arena;
    struct lt_expr_place place = place_of(statement, &statement->tree->name);
    if (table == NULL)
        return statement->error->code;
    if (table->format == NULL)
        return lt_expr_error(statement->error, LT_E_ANALYSIS, "EXPECT_PERMANENT_VIEW_NOT_TEMP",
                             "42809", place,
                             "'SHOW CREATE TABLE' expects a permanent view but %s is a temp view.",
                             lt_name_quoted_one(table->name, arena));
    if (statement->tree->is_extended)
        return lt_expr_error(
            statement->error, LT_E_ANALYSIS,
            "UNSUPPORTED_SHOW_CREATE_TABLE.ON_DATA_SOURCE_TABLE_WITH_AS_SERDE", "0A000", place,
            "Unsupported a SHOW CREATE TABLE command. The table %s is a Spark data source table. "
            "Please use SHOW CREATE TABLE without AS SERDE instead.",
            full_name(statement, table));
    struct lt_text_buffer text;
    lt_text_init(&text);
    print_statement(table, arena, &text);
    const char *cell = lt_text_get(&text);
    give(statement, columns, 1, &cell, 1);
    lt_text_fini(&text);
    return LT_OK;
}
