// The two-field filter over JSON lines as one would write it by hand for exactly this data:
// simdjson's On-Demand, asked for the fields in the order in which the documents have them, over
// files that are read in blocks; lines that pass are written as they stand.
//
//     files_by_hand FILE...   to standard output
//
// This is the floor of the comparison: no schema, no checkpoint, no error but the end.
#include <simdjson.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "bench/files/data.h"

namespace ondemand = simdjson::ondemand;

namespace
{

constexpr size_t BLOCK_BYTES = 1 << 20;

ondemand::parser parser;
std::string out;

[[noreturn]] void die(const char *what)
{
    perror(what);
    exit(1);
}

void flush()
{
    for (size_t at = 0; at < out.size();) {
        ssize_t wrote = write(STDOUT_FILENO, out.data() + at, out.size() - at);
        if (wrote < 0)
            die("write");
        at += static_cast<size_t>(wrote);
    }
    out.clear();
}

bool passes(const char *line, size_t size_bytes, size_t capacity)
{
    ondemand::document document;
    if (parser.iterate(line, size_bytes, capacity).get(document) != simdjson::SUCCESS)
        return false;
    std::string_view symbol;
    double price;
    if (document.find_field("sym").get_string().get(symbol) != simdjson::SUCCESS ||
        symbol != DATA_SYMBOL)
        return false;
    return document.find_field("price").get_double().get(price) == simdjson::SUCCESS &&
           price > DATA_PRICE;
}

void filter(const char *path)
{
    std::vector<char> block(2 * BLOCK_BYTES + simdjson::SIMDJSON_PADDING);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        die(path);
    size_t have = 0;
    for (;;) {
        ssize_t got = read(fd, block.data() + have, BLOCK_BYTES);
        if (got < 0)
            die(path);
        if (got == 0)
            break;
        have += static_cast<size_t>(got);
        const char *line = block.data(), *end = line + have;
        while (const void *at = memchr(line, '\n', static_cast<size_t>(end - line))) {
            size_t size_bytes = static_cast<size_t>(static_cast<const char *>(at) - line);
            size_t capacity = block.size() - static_cast<size_t>(line - block.data());
            if (passes(line, size_bytes, capacity))
                out.append(line, size_bytes + 1);
            line += size_bytes + 1;
        }
        have = static_cast<size_t>(end - line);
        memmove(block.data(), line, have);
        if (out.size() >= BLOCK_BYTES)
            flush();
    }
    close(fd);
}

} // namespace

int main(int count, char **arguments)
{
    for (int i = 1; i < count; i++)
        filter(arguments[i]);
    flush();
    return 0;
}
