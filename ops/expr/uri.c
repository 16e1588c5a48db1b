/*
 * A URI is gone through from left to right, as java.net.URI does it: a scheme if a colon comes
 * before any of / ? #, then the authority behind two slashes, path, query, fragment. Each part is
 * checked against its set of characters.
 *
 * An authority that is no server (a host with a wrong name, say) may still be a registered name:
 * then it is there, and its parts are not.
 */
#include "ops/expr/uri.h"

#include <string.h>

#include "core/base/ascii.h"
#include "core/text/utf8.h"

/* Which characters beside letters and digits a part may have. */
#define MARKS "-_.!~*'()"
static const char URI_CHARS[] = MARKS ";/?:@&=+$,[]";
static const char PATH_CHARS[] = MARKS ":@&=+$,;/";
static const char USER_CHARS[] = MARKS ";:&=+$,";
static const char SERVER_CHARS[] = MARKS ";:&=+$,@[]%";
static const char NAME_CHARS[] = MARKS "$,;:@&=+";
static const char SCHEME_CHARS[] = "+-.";
static const char SCOPE_CHARS[] = "_.";

enum { IPV6_BYTES = 16, IPV4_BYTES = 4 };

/* Where the text is looked at: offsets into it. */
struct scan {
    const uint8_t *text;
    size_t end;
};

static bool is_at(const struct scan *scan, size_t at, char c)
{
    return at < scan->end && scan->text[at] == (uint8_t)c;
}

static bool is_letter_or_digit(uint8_t c)
{
    return lt_ascii_is_letter((char)c) || lt_ascii_is_digit((char)c);
}

static bool is_hex(uint8_t c)
{
    char lower = lt_ascii_lower((char)c);
    return lt_ascii_is_digit(lower) || (lower >= 'a' && lower <= 'f');
}

/* Java's isSpaceChar and isISOControl, beyond ASCII. */
static bool is_blank_or_control(uint32_t code)
{
    return code <= 0xA0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200A) || code == 0x2028 ||
           code == 0x2029 || code == 0x202F || code == 0x205F || code == 0x3000;
}

/* The offset after the character at `at` if it is an escape or a visible one beyond ASCII; `at` if
 * it is neither; SIZE_MAX for a % that begins no escape. */
static size_t after_escape(const struct scan *scan, size_t at)
{
    uint8_t c = scan->text[at];
    if (c == '%')
        return at + 3 <= scan->end && is_hex(scan->text[at + 1]) && is_hex(scan->text[at + 2])
                   ? at + 3
                   : SIZE_MAX;
    if (c < 0x80)
        return at;
    const uint8_t *next = scan->text + at;
    uint32_t code = lt_utf8_next(&next, scan->text + scan->end);
    return is_blank_or_control(code) ? at : (size_t)(next - scan->text);
}

/* The offset of the first character that the part may not have, up to scan->end; SIZE_MAX: a
 * malformed escape. */
static size_t skip(const struct scan *scan, size_t at, const char *chars, bool takes_escapes)
{
    while (at < scan->end) {
        uint8_t c = scan->text[at];
        size_t next = at + 1;
        if (!is_letter_or_digit(c) && (c == 0 || c >= 0x80 || strchr(chars, c) == NULL))
            next = takes_escapes ? after_escape(scan, at) : at;
        if (next == at || next == SIZE_MAX)
            return next;
        at = next;
    }
    return at;
}

/* Has text[from..to) only such characters? */
static bool has_only(const struct scan *scan, size_t from, size_t to, const char *chars,
                     bool takes_escapes)
{
    const struct scan part = {scan->text, to};
    return skip(&part, from, chars, takes_escapes) == to;
}

/* The offset of the first of the characters; scan->end if there is none. */
static size_t find(const struct scan *scan, size_t at, const char *chars)
{
    while (at < scan->end && (scan->text[at] == 0 || strchr(chars, scan->text[at]) == NULL))
        at++;
    return at;
}

static struct lt_uri_part part_of(const struct scan *scan, size_t from, size_t to)
{
    return (struct lt_uri_part){
        .is_there = true, .text = lt_value_bytes(scan->text + from, (uint32_t)(to - from)).bytes};
}

/* ---------------------------------------------------------------------------------------- hosts */

/* Four numbers of up to 255; the offset after them, or 0. */
static size_t skip_ipv4(const struct scan *scan, size_t at)
{
    for (int i = 0; i < IPV4_BYTES; i++) {
        unsigned value = 0, digits = 0;
        if (i > 0 && !is_at(scan, at++, '.'))
            return 0;
        while (at < scan->end && lt_ascii_is_digit((char)scan->text[at]) && value <= UINT8_MAX) {
            value = value * 10 + (unsigned)(scan->text[at++] - '0');
            digits++;
        }
        if (digits == 0 || value > UINT8_MAX)
            return 0;
    }
    return at;
}

/* An IPv4 address with nothing behind it but a port. */
static bool parse_ipv4(const struct scan *scan, size_t at, size_t *after)
{
    size_t end = skip_ipv4(scan, at);
    *after = end;
    return end != 0 && (end == scan->end || scan->text[end] == ':');
}

/* Labels parted by dots; the last begins with a letter if there are several. */
static bool parse_name(const struct scan *scan, size_t at, size_t *after)
{
    size_t begin = at, label = SIZE_MAX;
    while (at < scan->end && is_letter_or_digit(scan->text[at])) {
        label = at;
        at = skip(scan, at, "-", false);
        if (scan->text[at - 1] == '-')
            return false;
        if (!is_at(scan, at, '.'))
            break;
        at++;
    }
    *after = at;
    if (label == SIZE_MAX || (at < scan->end && scan->text[at] != ':'))
        return false;
    return label == begin || lt_ascii_is_letter((char)scan->text[label]);
}

/* What stands between the brackets, as far as it is groups of digits. */
struct ipv6 {
    const struct scan *scan;
    size_t at;
    unsigned bytes;
    bool is_wrong;
};

static bool take_ipv4(struct ipv6 *address)
{
    size_t after = skip_ipv4(address->scan, address->at);
    if (after != address->scan->end)
        return false;
    address->at = after;
    address->bytes += IPV4_BYTES;
    return true;
}

static size_t skip_hex(const struct scan *scan, size_t at)
{
    while (at < scan->end && is_hex(scan->text[at]))
        at++;
    return at;
}

/* Groups of hex digits parted by single colons, up to "::", an IPv4 address or the end. False:
 * there is none here; it may also be wrong. */
static bool take_groups(struct ipv6 *address)
{
    const struct scan *scan = address->scan;
    enum { GROUP_DIGITS = 4 };
    size_t at = address->at, after = skip_hex(scan, at);
    if (after == at || is_at(scan, after, '.'))
        return false;
    for (;;) {
        address->is_wrong = address->is_wrong || after > at + GROUP_DIGITS;
        address->bytes += 2;
        address->at = after;
        if (!is_at(scan, after, ':') || is_at(scan, after + 1, ':'))
            return true;
        at = after + 1;
        after = skip_hex(scan, at);
        address->is_wrong = address->is_wrong || after == at;
        if (after == at || is_at(scan, after, '.'))
            return true; /* an IPv4 address begins behind the colon */
    }
}

/* What follows "::". */
static bool take_rest(struct ipv6 *address)
{
    if (address->at == address->scan->end)
        return true;
    if (!take_groups(address))
        return take_ipv4(address);
    if (!is_at(address->scan, address->at, ':'))
        return true;
    address->at++;
    return take_ipv4(address);
}

static bool is_ipv6(const struct scan *scan, size_t at)
{
    struct ipv6 address = {.scan = scan, .at = at};
    bool has_groups = take_groups(&address), is_compressed = false, is_right = true;
    if (is_at(scan, address.at, ':') && is_at(scan, address.at + 1, ':')) {
        is_compressed = true;
        address.at += 2;
        is_right = take_rest(&address);
    } else if (has_groups && is_at(scan, address.at, ':')) {
        address.at++;
        is_right = take_ipv4(&address);
    }
    if (!is_right || address.is_wrong || address.at < scan->end || address.bytes > IPV6_BYTES)
        return false;
    return is_compressed == (address.bytes < IPV6_BYTES);
}

/* "[::1]", with a scope behind a % or without. */
static bool parse_bracketed(const struct scan *scan, size_t at, size_t *after)
{
    size_t close = find(scan, at + 1, "]");
    const struct scan inside = {scan->text, close};
    size_t percent = find(&inside, at + 1, "%");
    const struct scan address = {scan->text, percent};
    if (close == scan->end || close == at + 1 || percent + 1 == close)
        return false;
    *after = close + 1;
    return is_ipv6(&address, at + 1) &&
           (percent == close || has_only(scan, percent + 1, close, SCOPE_CHARS, false));
}

/* ------------------------------------------------------------------------------------ authority */

static bool is_port(const struct scan *scan, size_t at)
{
    uint64_t port = 0;
    for (; at < scan->end; at++) {
        if (!lt_ascii_is_digit((char)scan->text[at]) || port > INT32_MAX)
            return false;
        port = port * 10 + (uint64_t)(scan->text[at] - '0');
    }
    return port <= INT32_MAX;
}

/* "user@host:port", all of it. */
static bool parse_server(const struct scan *scan, size_t at, struct lt_uri *out)
{
    size_t user_end = find(scan, at, "@"), after;
    struct lt_uri_part user = {0};
    if (user_end < scan->end) {
        if (!has_only(scan, at, user_end, USER_CHARS, true))
            return false;
        user = part_of(scan, at, user_end);
        at = user_end + 1;
    }
    bool is_host = is_at(scan, at, '[')
                       ? parse_bracketed(scan, at, &after)
                       : parse_ipv4(scan, at, &after) || parse_name(scan, at, &after);
    if (!is_host || (after < scan->end && (scan->text[after] != ':' || !is_port(scan, after + 1))))
        return false;
    out->user = user;
    out->host = part_of(scan, at, after);
    return true;
}

static bool parse_authority(const struct scan *scan, size_t at, struct lt_uri *out)
{
    size_t name_end = skip(scan, at, NAME_CHARS, true);
    if (name_end == SIZE_MAX)
        return false;
    bool is_server =
        has_only(scan, at, scan->end, SERVER_CHARS, true) && parse_server(scan, at, out);
    if (!is_server && name_end != scan->end)
        return false;
    out->authority = part_of(scan, at, scan->end);
    return true;
}

/* ----------------------------------------------------------------------------------------- URIs */

/* Authority, path and query; the offset after them, SIZE_MAX when they are wrong. */
static size_t parse_hierarchical(const struct scan *scan, size_t at, struct lt_uri *out)
{
    if (is_at(scan, at, '/') && is_at(scan, at + 1, '/')) {
        at += 2;
        const struct scan authority = {scan->text, find(scan, at, "/?#")};
        if (authority.end == at && at == scan->end)
            return SIZE_MAX;
        if (authority.end > at && !parse_authority(&authority, at, out))
            return SIZE_MAX;
        at = authority.end;
    }
    size_t path_end = find(scan, at, "?#");
    if (!has_only(scan, at, path_end, PATH_CHARS, true))
        return SIZE_MAX;
    out->path = part_of(scan, at, path_end);
    if (!is_at(scan, path_end, '?'))
        return path_end;
    size_t query_end = find(scan, path_end + 1, "#");
    if (!has_only(scan, path_end + 1, query_end, URI_CHARS, true))
        return SIZE_MAX;
    out->query = part_of(scan, path_end + 1, query_end);
    return query_end;
}

/* "mailto:someone@host": nothing of it but the scheme has a name. */
static size_t parse_opaque(const struct scan *scan, size_t at)
{
    size_t end = find(scan, at, "#");
    return end > at && has_only(scan, at, end, URI_CHARS, true) ? end : SIZE_MAX;
}

bool lt_uri_parse(struct lt_bytes text, struct lt_uri *out)
{
    const struct scan scan = {text.data, text.size_bytes};
    size_t at = find(&scan, 0, ":/?#");
    *out = (struct lt_uri){0};
    if (is_at(&scan, at, ':')) {
        if (at == 0 || !lt_ascii_is_letter((char)scan.text[0]) ||
            !has_only(&scan, 0, at, SCHEME_CHARS, false))
            return false;
        out->scheme = part_of(&scan, 0, at++);
        at = is_at(&scan, at, '/') ? parse_hierarchical(&scan, at, out) : parse_opaque(&scan, at);
    } else {
        at = parse_hierarchical(&scan, 0, out);
    }
    if (at == SIZE_MAX)
        return false;
    if (at < scan.end) { /* at a # */
        if (!has_only(&scan, at + 1, scan.end, URI_CHARS, true))
            return false;
        out->fragment = part_of(&scan, at + 1, scan.end);
    }
    return true;
}
