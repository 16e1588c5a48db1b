/*
 * The names of Spark's functions that are not here, each with the reason.
 */
#include "ops/expr/absent.h"

#include <string.h>

static const char JAVA[] = "calls of Java";
static const char PARTITIONS[] = "numbers of Spark's partitions";
static const char SKETCHES[] = "sketches";
static const char XML[] = "XML";
static const char VARIANT[] = "the type VARIANT";
static const char TIME[] = "the type TIME";
static const char SPACE[] = "geometry";
static const char SCHEMAS[] = "Avro and Protobuf";
static const char SESSIONS[] = "windows of sessions in an expression of one row";

static const struct {
    const char *name, *reason;
} FUNCTIONS[] = {
    {"java_method", JAVA},
    {"reflect", JAVA},
    {"try_reflect", JAVA},
    {"monotonically_increasing_id", PARTITIONS},
    {"spark_partition_id", PARTITIONS},
    {"hll_sketch_estimate", SKETCHES},
    {"hll_union", SKETCHES},
    {"theta_difference", SKETCHES},
    {"theta_intersection", SKETCHES},
    {"theta_sketch_estimate", SKETCHES},
    {"theta_union", SKETCHES},
    {"approx_top_k_estimate", SKETCHES},
    {"from_xml", XML},
    {"schema_of_xml", XML},
    {"to_xml", XML},
    {"xpath", XML},
    {"xpath_boolean", XML},
    {"xpath_double", XML},
    {"xpath_float", XML},
    {"xpath_int", XML},
    {"xpath_long", XML},
    {"xpath_number", XML},
    {"xpath_short", XML},
    {"xpath_string", XML},
    {"is_variant_null", VARIANT},
    {"parse_json", VARIANT},
    {"schema_of_variant", VARIANT},
    {"to_variant_object", VARIANT},
    {"try_parse_json", VARIANT},
    {"try_variant_get", VARIANT},
    {"variant_explode", VARIANT},
    {"variant_explode_outer", VARIANT},
    {"variant_get", VARIANT},
    {"current_time", TIME},
    {"make_time", TIME},
    {"time_diff", TIME},
    {"time_trunc", TIME},
    {"to_time", TIME},
    {"try_to_time", TIME},
    {"st_asbinary", SPACE},
    {"st_geogfromwkb", SPACE},
    {"st_geomfromwkb", SPACE},
    {"st_setsrid", SPACE},
    {"st_srid", SPACE},
    {"from_avro", SCHEMAS},
    {"from_protobuf", SCHEMAS},
    {"schema_of_avro", SCHEMAS},
    {"to_avro", SCHEMAS},
    {"to_protobuf", SCHEMAS},
    {"session_window", SESSIONS},
};

int lt_refuse_absent(struct lt_analyser *analyser, const struct lt_expression *call)
{
    const char *reason = strncmp(call->name, "kll_sketch_", 11) == 0 ? SKETCHES : NULL;
    for (size_t i = 0; i < sizeof FUNCTIONS / sizeof FUNCTIONS[0] && reason == NULL; i++) {
        if (strcmp(FUNCTIONS[i].name, call->name) == 0)
            reason = FUNCTIONS[i].reason;
    }
    bool is_id = strcmp(call->name, "monotonically_increasing_id") == 0;
    if (reason == PARTITIONS && call->argument_count > 0)
        return lt_analyser_fail(
            analyser, LT_E_ANALYSIS, call, "WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "42605",
            "The `%s` requires 0 parameters but the actual number is %u. Please, refer to "
            "'https://spark.apache.org/docs/latest/sql-ref-functions.html' for a fix.",
            call->name, call->argument_count);
    if (is_id)
        return lt_analyser_fail(analyser, LT_E_UNSUPPORTED, call, "_LEGACY_ERROR_TEMP_3102", "",
                                "Expression(s): monotonically_increasing_id() is not supported "
                                "with streaming DataFrames/Datasets.");
    if (reason == TIME)
        return lt_analyser_fail(analyser, LT_E_UNSUPPORTED, call, "UNSUPPORTED_TIME_TYPE", "0A000",
                                "the type TIME is not supported");
    if (reason != NULL)
        return lt_analyser_fail(analyser, LT_E_UNSUPPORTED, call, "UNSUPPORTED_FEATURE", "0A000",
                                "\"%s\" is a function of Spark that is not in this version: "
                                "%s",
                                call->name, reason);
    return LT_INFER_LETTERS;
}
