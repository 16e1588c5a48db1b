/*
 * Functions of numbers, digests, ciphers, character sets and chance, with their edges and errors.
 */
#include "tests/ops/expr/expect.h"

static struct lt_session legacy(void)
{
    struct lt_session session = *lt_session_default();
    assert_int_equal(lt_session_set(&session, "spark.sql.ansi.enabled", "false", NULL), LT_OK);
    return session;
}

static void try_functions_give_null_where_operators_fail(void **state)
{
    (void)state;
    expect("try_add(127Y, 1Y)", "NULL");
    expect("try_add(9223372036854775807L, 1L)", "NULL");
    expect("try_subtract(-32768S, 1S)", "NULL");
    expect("try_multiply(9223372036854775807L, 2)", "NULL");
    expect("try_multiply(1e200D, 1e200D)", "Infinity");
    expect("try_add(1F, 2F)", "3.0");
    expect("try_divide(7, 2)", "3.5");
    expect("try_divide(1.0, 0)", "NULL");
    expect("try_mod(5.5, 0)", "NULL");
    expect("try_add(1.5, 99999999999999999999999999999999999999BD)", "NULL");
    expect("typeof(try_add(1Y, 2S))", "smallint");
    expect("typeof(try_divide(1.5, 2))", "decimal(7,6)");
    expect("try_add(DATE'2024-01-31', INTERVAL 1 MONTH)", "2024-02-29");
    expect("try_add(true, 1)", "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES");
    expect("try_add(1)", "WRONG_NUM_ARGS.WITHOUT_SUGGESTION");
    /* Only the operation itself is tried, not its arguments. */
    expect("try_add(CAST('x' AS INT), 1)", "CAST_INVALID_INPUT");
    expect("try_subtract(1.5, 'x')", "NULL");
    expect("try_add('5', 3)", "8");
}

static void numbers_change_their_base_and_find_their_bucket(void **state)
{
    const struct lt_session old = legacy();
    (void)state;
    expect("conv('-10', 16, -16)", "-10");
    expect("conv('zzzzzzzzzzzzzzzzzzzz', 36, 10)", "ARITHMETIC_OVERFLOW");
    expect_in(&old, "conv('zzzzzzzzzzzzzzzzzzzz', 36, 10)", "18446744073709551615");
    expect("conv('11', 2, 37)", "NULL");
    expect("bit_get(-1Y, 7)", "1");
    expect("bit_get(-1Y, 8)", "INVALID_PARAMETER_VALUE.BIT_POSITION_RANGE");
    expect("width_bucket(8.1, 5.7, 0.0, 4)", "0");
    expect("width_bucket(10, 0, 10, 5)", "6");
    expect("width_bucket(1, 5, 5, 3)", "NULL");
    expect("width_bucket(INTERVAL '5' DAY, INTERVAL '0' DAY, INTERVAL '10' DAY, 10)", "6");
    expect("factorial(21)", "NULL");
    expect("round(127Y, -1)", "ARITHMETIC_OVERFLOW");
    expect_in(&old, "round(127Y, -1)", "-126");
    expect("sign(-0.0D)", "-0.0");
    expect("sign(INTERVAL '-1' DAY)", "-1.0");
    expect("abs(INTERVAL '-5' DAY)", "INTERVAL '5' DAY");
    expect("atanh(1)", "Infinity");
    expect("bitmap_bit_position(-1)", "1");
    expect("true = 1", "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES");
    expect_in(&old, "true = 1", "true");
    expect_in(&old, "2 <=> true", "false");
}

static void digests_are_of_bytes(void **state)
{
    (void)state;
    expect("md5(X'00FF')", "d07d34efac6328007ad67c7e0a985e00");
    expect("sha('')", "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    expect("sha2('Spark', 0) = sha2('Spark', 256)", "true");
    expect("sha2('Spark', 224)", "dbeab94971678d36af2195851c0f7485775a2a7c60073d62fc04549c");
    expect("sha2('Spark', 128)", "NULL");
    expect("md5(123)", "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE");
    /* One call, several algorithms and texts in turn. */
    expect("to_json(transform(array(224, 256, 224), b -> length(sha2('a', b))))", "[56,64,56]");
}

static void ciphers_take_modes_keys_and_vectors(void **state)
{
    (void)state;
    expect("hex(aes_encrypt('Spark', 'abcdefghijklmnop', 'ecb', 'pkcs'))",
           "E07BF450A0B1EA77D4780A0F668D73FB");
    expect("hex(aes_encrypt('Spark', 'abcdefghijklmnop12345678ABCDEFGH', 'GCM', 'DEFAULT', "
           "unhex('000000000000000000000000'), 'This is an AAD mixed into the input'))",
           "000000000000000000000000422622FAC4CB9BB283F54719DA79517580DEFCF5F8");
    expect("hex(aes_encrypt('Spark', 'abcdefghijklmnop12345678', 'CBC', 'DEFAULT', "
           "unhex('00000000000000000000000000000000')))",
           "0000000000000000000000000000000035E4D836003E3C2401379D0303FFCEDB");
    expect("string(aes_decrypt(aes_encrypt('a', '0000111122223333', 'CBC'), '0000111122223333', "
           "'CBC'))",
           "a");
    expect("aes_encrypt('a', '0000111122223333') = aes_encrypt('b', '0000111122223333')", "false");
    expect("aes_encrypt('a', 'short')", "INVALID_PARAMETER_VALUE.AES_KEY_LENGTH");
    expect("aes_encrypt('a', '0000111122223333', 'OFB')", "UNSUPPORTED_FEATURE.AES_MODE");
    expect("aes_encrypt('a', '0000111122223333', 'GCM', 'PKCS')", "UNSUPPORTED_FEATURE.AES_MODE");
    expect("aes_encrypt('a', '0000111122223333', 'CBC', 'PKCS', X'00')",
           "INVALID_PARAMETER_VALUE.AES_IV_LENGTH");
    expect("aes_encrypt('a', '0000111122223333', 'ECB', 'PKCS', X'00')",
           "UNSUPPORTED_FEATURE.AES_MODE_IV");
    expect("aes_decrypt(X'0011', '0000111122223333', 'ECB')",
           "INVALID_PARAMETER_VALUE.AES_CRYPTO_ERROR");
    expect("aes_decrypt(aes_encrypt('a', '0000111122223333'), '3333222211110000')",
           "INVALID_PARAMETER_VALUE.AES_CRYPTO_ERROR");
    expect("try_aes_decrypt(X'00', 'short')", "NULL");
}

static void texts_become_binary_by_their_format(void **state)
{
    (void)state;
    expect("hex(to_binary('4', 'hex'))", "04");
    expect("hex(1.5)", "1");
    expect("hex(unbase64('YQ\\n==\\n=.'))", "61");
    expect("unbase64('Y Q = =')", "CONVERSION_INVALID_INPUT");
    expect("unbase64('QUI=QUI=')", "CONVERSION_INVALID_INPUT");
    expect("unbase64('=')", "CONVERSION_INVALID_INPUT");
    expect("to_binary('zz', 'hex')", "CONVERSION_INVALID_INPUT");
    expect("hex(to_binary('QU I=', 'base64'))", "4142");
    expect("to_binary('QUI= ', 'base64')", "CONVERSION_INVALID_INPUT");
    expect("to_binary('QQ=', 'base64')", "CONVERSION_INVALID_INPUT");
    expect("hex(to_binary('abc', 'UTF8'))", "616263");
    expect("to_binary('abc', 'rot13')", "DATATYPE_MISMATCH.INVALID_ARG_VALUE");
    expect("try_to_binary('abc', 'rot13')", "NULL");
    expect("to_binary('abc', NULL)", "NULL");
    expect("decode('x', 'X', 1, 'x', 2)", "2");
    expect("typeof(decode('x', 'X', 1, 'x', 2))", "bigint");
    expect("decode(NULL, NULL, 'none', 'some')", "none");
    expect("decode(3, 1, 'a', 2, 'b')", "NULL");
    expect("decode(1, 1, 'a', 2, raise_error('not reached'))", "a");
    expect("typeof(greatest(NULL, NULL))", "void");
    expect("typeof(nanvl(1F, NULL))", "float");
    expect("typeof(nanvl(1F, 2))", "double");
    expect("assert_true('x')", "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE");
    expect("decode(1)", "WRONG_NUM_ARGS.WITHOUT_SUGGESTION");
}

static void seeds_draw_what_spark_draws(void **state)
{
    (void)state;
    expect("rand(0)", "0.7604953758285915");
    expect("rand(-1)", "0.3030262136082562");
    expect("rand(NULL) = rand(0)", "true");
    expect("randn(42)", "2.384479054241165");
    expect("uniform(0, 100, 0)", "76");
    expect("uniform(1.50, 2.5, 0)", "2.26");
    expect("typeof(uniform(1Y, 2S, 0))", "smallint");
    expect("uniform(NULL, 2, 0)", "NULL");
    expect("randstr(10, 42)", "pll6YOIJNn");
    expect("randstr(-1, 0)", "INVALID_PARAMETER_VALUE.LENGTH");
    expect("rand('5')", "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE");
    expect("rand(rand())", "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE");
    expect("rand() = rand()", "false");
    expect("uuid() RLIKE "
           "'^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'",
           "true");
    expect("uuid() = uuid()", "false");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(try_functions_give_null_where_operators_fail),
        cmocka_unit_test(numbers_change_their_base_and_find_their_bucket),
        cmocka_unit_test(digests_are_of_bytes),
        cmocka_unit_test(ciphers_take_modes_keys_and_vectors),
        cmocka_unit_test(texts_become_binary_by_their_format),
        cmocka_unit_test(seeds_draw_what_spark_draws),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
