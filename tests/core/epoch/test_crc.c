/* CRC32C companions: the checksum, Spark's text, and what a wrong one says. */
#include "core/epoch/crc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void the_checksum_is_castagnolis(void **state)
{
    (void)state;
    /* RFC 3720, B.4. */
    unsigned char bytes[32] = {0};
    assert_int_equal(lt_crc32c("123456789", 9), 0xe3069283);
    assert_int_equal(lt_crc32c(bytes, 32), 0x8a9136aa);
    memset(bytes, 0xff, sizeof bytes);
    assert_int_equal(lt_crc32c(bytes, 32), 0x62a8ab43);
    for (unsigned char i = 0; i < 32; i++)
        bytes[i] = i;
    assert_int_equal(lt_crc32c(bytes, 32), 0x46dd794e);
    assert_int_equal(lt_crc32c("", 0), 0);
}

static void the_companion_is_sparks_with_a_signed_value(void **state)
{
    (void)state;
    struct lt_text_buffer text;
    lt_text_init(&text);
    lt_crc_format(&text, "123456789", 9, INT64_C(1763722345678901));
    assert_string_equal(lt_text_get(&text),
                        "{\"algorithm\":\"CRC32C\",\"value\":-486108541,\"mainFileSize\":9,"
                        "\"timestampMs\":1763722345678,"
                        "\"creator\":{\"executorId\":\"leat\",\"taskInfo\":\"\"}}");
    lt_text_fini(&text);
}

static int check(const char *companion, const char *content, struct lt_error *error)
{
    struct lt_text_buffer text;
    lt_text_init(&text);
    lt_text_append(&text, companion);
    lt_error_clear(error);
    int code = lt_crc_check(&text, content, strlen(content), error);
    lt_text_fini(&text);
    return code;
}

static void a_companion_of_spark_is_accepted(void **state)
{
    (void)state;
    struct lt_error error;
    assert_int_equal(
        check("{\"algorithm\":\"CRC32C\",\"value\":-486108541,\"mainFileSize\":9,"
              "\"timestampMs\":1,\"creator\":{\"executorId\":\"driver\",\"taskInfo\":\"\"}}",
              "123456789", &error),
        0);
}

static void what_differs_is_said(void **state)
{
    (void)state;
    static const struct {
        const char *companion, *text;
    } lines[] = {
        {"{\"algorithm\":\"CRC32C\",\"value\":-486108541,\"mainFileSize\":10}",
         "it has 9 bytes, its .crc companion says 10"},
        {"{\"algorithm\":\"CRC32C\",\"value\":17,\"mainFileSize\":9}",
         "its CRC32C is -486108541, its .crc companion says 17"},
        {"{\"algorithm\":\"MD5\",\"value\":17,\"mainFileSize\":9}",
         "its .crc companion uses the unknown algorithm 'MD5'"},
        {"{\"algorithm\":\"CRC32C\",\"value\":17}", "its .crc companion is damaged"},
        {"{\"algorithm\":\"CRC32C\",\"value\":\"17\",\"mainFileSize\":9}",
         "its .crc companion is damaged"},
        {"{\"algorithm\":\"CRC", "its .crc companion is damaged"},
        {"", "its .crc companion is damaged"},
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct lt_error error;
        assert_int_equal(check(lines[i].companion, "123456789", &error), LT_E_CORRUPT);
        assert_string_equal(error.text, lines[i].text);
    }
}

static void every_single_bit_counts(void **state)
{
    (void)state;
    char content[] = "v1\n{\"nextBatchWatermarkMs\":0}";
    uint32_t sound = lt_crc32c(content, sizeof content);
    for (size_t bit = 0; bit < 8 * sizeof content; bit++) {
        content[bit / 8] = (char)(content[bit / 8] ^ (1 << (bit % 8)));
        assert_int_not_equal(lt_crc32c(content, sizeof content), sound);
        content[bit / 8] = (char)(content[bit / 8] ^ (1 << (bit % 8)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_checksum_is_castagnolis),
        cmocka_unit_test(the_companion_is_sparks_with_a_signed_value),
        cmocka_unit_test(a_companion_of_spark_is_accepted),
        cmocka_unit_test(what_differs_is_said),
        cmocka_unit_test(every_single_bit_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
