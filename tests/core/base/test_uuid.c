/* UUIDs: their form, and that no two are the same. */
#include "core/base/uuid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void a_uuid_has_the_form_of_version_4(void **state)
{
    (void)state;
    for (int i = 0; i < 1000; i++) {
        char uuid[LT_UUID_SIZE];
        memset(uuid, 'x', sizeof uuid);
        lt_uuid_make(uuid);
        assert_int_equal(strlen(uuid), LT_UUID_SIZE - 1);
        for (size_t at = 0; at < LT_UUID_SIZE - 1; at++)
            if (at == 8 || at == 13 || at == 18 || at == 23)
                assert_int_equal(uuid[at], '-');
            else
                assert_non_null(strchr("0123456789abcdef", uuid[at]));
        assert_int_equal(uuid[14], '4');
        assert_non_null(strchr("89ab", uuid[19]));
    }
}

static void no_two_are_the_same(void **state)
{
    (void)state;
    enum { COUNT = 200 };
    static char uuids[COUNT][LT_UUID_SIZE];
    for (int i = 0; i < COUNT; i++) {
        lt_uuid_make(uuids[i]);
        for (int k = 0; k < i; k++)
            assert_string_not_equal(uuids[i], uuids[k]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_uuid_has_the_form_of_version_4),
        cmocka_unit_test(no_two_are_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
