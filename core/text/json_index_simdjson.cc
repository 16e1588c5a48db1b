// The C++ door to simdjson's first stage: see core/text/json_index_simdjson.h for what it is for.
//
// The stage checks UTF-8, that strings close and hold no control characters, and lists the places
// of tokens. It reads the last block of a document from a copy of its own, so nothing behind the
// document is touched.
#include "core/text/json_index_simdjson.h"

#define SIMDJSON_EXCEPTIONS 0
#define SIMDJSON_DEVELOPMENT_CHECKS 0
#include <simdjson.h>

#include <memory>
#include <new>

namespace
{
enum { FIRST_CAPACITY = 4096, MAX_DEPTH = 1 /* only the second stage has a depth */ };
}

struct lt_json_simdjson {
    std::unique_ptr<simdjson::internal::dom_parser_implementation> parser;
};

bool lt_json_simdjson_is_wide(void)
{
    return simdjson::get_active_implementation()->name() == "icelake";
}

struct lt_json_simdjson *lt_json_simdjson_create(void)
{
    auto *index = new (std::nothrow) lt_json_simdjson{};
    if (index == nullptr)
        return nullptr;
    if (simdjson::get_active_implementation()->create_dom_parser_implementation(
            FIRST_CAPACITY, MAX_DEPTH, index->parser) != simdjson::SUCCESS) {
        delete index;
        return nullptr;
    }
    return index;
}

void lt_json_simdjson_destroy(struct lt_json_simdjson *index)
{
    delete index;
}

bool lt_json_simdjson_run(struct lt_json_simdjson *index, const uint8_t *data, size_t size_bytes,
                          const uint32_t **places, uint32_t *count)
{
    size_t capacity = index->parser->capacity();
    if (capacity < size_bytes) {
        while (capacity < size_bytes)
            capacity = capacity != 0 ? 2 * capacity : (size_t)FIRST_CAPACITY;
        if (index->parser->set_capacity(capacity) != simdjson::SUCCESS)
            return false;
    }
    if (index->parser->stage1(data, size_bytes, simdjson::stage1_mode::regular) !=
        simdjson::SUCCESS)
        return false;
    *places = index->parser->structural_indexes.get();
    *count = index->parser->n_structural_indexes;
    index->parser->structural_indexes[*count] = (uint32_t)size_bytes;
    return true;
}
