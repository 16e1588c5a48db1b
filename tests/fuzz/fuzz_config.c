/*
 * The configuration file of a relay, in YAML.
 */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tools/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    static int file = -1;
    struct lt_tool_settings settings = {0};
    char path[64];
    if (file < 0)
        file = memfd_create("config", 0);
    lt_assert(ftruncate(file, 0) == 0);
    lt_assert(pwrite(file, data, size_bytes, 0) == (ssize_t)size_bytes);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    if (lt_tool_config_load(path, &settings) == 0)
        for (int i = 0; i < LT_TOOL_SET_COUNT; i++)
            (void)lt_tool_settings_text(&settings, (enum lt_tool_setting)i);
    lt_tool_settings_fini(&settings);
    return 0;
}
