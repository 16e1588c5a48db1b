// The C++ door to std::from_chars, which parses decimal floating-point text exactly, without a
// locale, a NUL or an allocation. C's strtod needs the first two. Nothing here throws.
#include "core/text/number_float.h"

#include <charconv>

namespace
{

template <typename T> enum lt_number_float parse(const char *data, size_t size_bytes, T *out)
{
    const char *end = data + size_bytes;
    T value = 0;
    std::from_chars_result result = std::from_chars(data, end, value, std::chars_format::general);
    if (result.ptr != end || result.ec == std::errc::invalid_argument)
        return LT_NUMBER_FLOAT_INVALID;
    if (result.ec != std::errc())
        return LT_NUMBER_FLOAT_EXTREME;
    *out = value;
    return LT_NUMBER_FLOAT_OK;
}

} // namespace

enum lt_number_float lt_number_float_parse_double(const char *data, size_t size_bytes, double *out)
{
    return parse(data, size_bytes, out);
}

enum lt_number_float lt_number_float_parse_float(const char *data, size_t size_bytes, float *out)
{
    return parse(data, size_bytes, out);
}
