// The C++ door to simdjson's On-Demand parser: see core/text/json.h for what it is for.
//
// A document is indexed once by vector instructions (its strings, brackets and commas found, its
// UTF-8 checked); then only the objects that lie on some path are walked, and only the values at
// their ends are read. The walk of an object ends when everything below it has been found.
//
// simdjson is used with error codes; nothing here throws. Errors end the pass, since On-Demand
// cannot go on after one.
//
// Recursion is as deep as the longest path, which core/text/json.c limits.
#include "core/text/json_ondemand.h"

#define SIMDJSON_EXCEPTIONS 0
#define SIMDJSON_DEVELOPMENT_CHECKS 0
#include <simdjson.h>

#include <cstring>
#include <memory>
#include <new>

namespace ondemand = simdjson::ondemand;

static_assert(LT_JSON_ONDEMAND_PADDING >= simdjson::SIMDJSON_PADDING, "what simdjson may read");

struct lt_json_ondemand {
    const struct lt_json_node *nodes;
    size_t node_count;
    std::unique_ptr<uint32_t[]> missing; // by node: slots below it that are not found yet
    ondemand::parser parser{};
    // of the document at hand
    const uint8_t *end;
    bool has_escapes;
    struct lt_json_found *found;
    uint64_t fields_seen, fields_parsed;
};

namespace
{

enum { FIRST_CAPACITY = 4096 };

bool visit(lt_json_ondemand *o, int32_t node, ondemand::value value);

void mark_found(lt_json_ondemand *o, int32_t node)
{
    for (; node >= 0; node = o->nodes[node].parent)
        o->missing[(size_t)node]--;
}

bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

// Tokens reach up to the next one, with the blanks between.
std::string_view trim(std::string_view token)
{
    while (!token.empty() && is_blank(token.back()))
        token.remove_suffix(1);
    return token;
}

size_t skip_digits(std::string_view token, size_t at)
{
    while (at < token.size() && token[at] >= '0' && token[at] <= '9')
        at++;
    return at;
}

// -?(0|[1-9][0-9]*)(.[0-9]+)?([eE][+-]?[0-9]+)?
bool is_number(std::string_view token, bool *is_float)
{
    size_t begin = !token.empty() && token[0] == '-' ? 1 : 0;
    size_t at = skip_digits(token, begin);
    if (at == begin || (token[begin] == '0' && at - begin > 1))
        return false;
    *is_float = at != token.size();
    if (at < token.size() && token[at] == '.') {
        size_t fraction = at + 1;
        at = skip_digits(token, fraction);
        if (at == fraction)
            return false;
    }
    if (at < token.size() && (token[at] == 'e' || token[at] == 'E')) {
        size_t exponent = at + 1;
        if (exponent < token.size() && (token[exponent] == '+' || token[exponent] == '-'))
            exponent++;
        at = skip_digits(token, exponent);
        if (at == exponent)
            return false;
    }
    return at == token.size();
}

bool read_string(lt_json_ondemand *o, ondemand::value value, std::string_view token,
                 lt_json_found *found)
{
    if (token.size() < 2 || token.back() != '"')
        return false;
    token.remove_prefix(1);
    token.remove_suffix(1);
    found->kind = LT_JSON_FOUND_STRING;
    if (o->has_escapes && token.find('\\') != std::string_view::npos) {
        if (value.get_string().get(token) != simdjson::SUCCESS)
            return false;
        found->is_unescaped = true;
    }
    found->data = reinterpret_cast<const uint8_t *>(token.data());
    found->size_bytes = token.size();
    return true;
}

bool read_number(ondemand::value value, std::string_view token, lt_json_found *found)
{
    bool is_float = false;
    if (!is_number(token, &is_float))
        return false;
    if (is_float && value.get_double().get(found->f64) == simdjson::SUCCESS)
        found->kind = LT_JSON_FOUND_FLOAT;
    else if (!is_float && value.get_int64().get(found->i64) == simdjson::SUCCESS)
        found->kind = LT_JSON_FOUND_INTEGER;
    else
        found->kind = LT_JSON_FOUND_NUMBER;
    return true;
}

// False when the scalar is malformed.
bool read_scalar(lt_json_ondemand *o, ondemand::value value, lt_json_found *found)
{
    std::string_view token = trim(value.raw_json_token());
    if (token.empty())
        return false;
    if (token[0] == '"')
        return read_string(o, value, token, found);
    found->data = reinterpret_cast<const uint8_t *>(token.data());
    found->size_bytes = token.size();
    if (token == "null") {
        found->kind = LT_JSON_FOUND_NULL;
    } else if (token == "true" || token == "false") {
        found->kind = LT_JSON_FOUND_BOOLEAN;
        found->i64 = token[0] == 't';
    } else {
        return read_number(value, token, found);
    }
    return true;
}

// The name as it stands in the document, from its first character; the closing quote is before
// `end`.
bool is_named(const lt_json_ondemand *o, const lt_json_node *node, const char *name)
{
    const char *end = reinterpret_cast<const char *>(o->end);
    return node->has_plain_name && (size_t)(end - name) > node->name_bytes &&
           memcmp(name, node->name, node->name_bytes) == 0 && name[node->name_bytes] == '"';
}

bool name_has_escapes(const lt_json_ondemand *o, const char *name)
{
    if (!o->has_escapes)
        return false;
    const char *end = reinterpret_cast<const char *>(o->end);
    while (name < end && *name != '"' && *name != '\\')
        name++;
    return name < end && *name == '\\';
}

// The child that the field leads to, 0 if none, -1 if its name is malformed.
int32_t find_child(lt_json_ondemand *o, int32_t node, ondemand::field &field)
{
    o->fields_seen++;
    const char *raw = field.key().raw();
    std::string_view unescaped;
    bool has_escapes = name_has_escapes(o, raw);
    if (has_escapes && field.unescaped_key().get(unescaped) != simdjson::SUCCESS)
        return -1;
    for (int32_t child = o->nodes[node].first_child; child != 0;
         child = o->nodes[child].next_sibling) {
        const lt_json_node *candidate = &o->nodes[child];
        if (candidate->name == nullptr)
            continue;
        if (has_escapes ? unescaped == std::string_view(candidate->name, candidate->name_bytes)
                        : is_named(o, candidate, raw))
            return child;
    }
    return 0;
}

bool visit_object(lt_json_ondemand *o, int32_t node, ondemand::object object)
{
    for (auto result : object) {
        ondemand::field field;
        if (std::move(result).get(field) != simdjson::SUCCESS)
            return false;
        int32_t child = find_child(o, node, field);
        if (child < 0)
            return false;
        if (child == 0 || o->missing[(size_t)child] == 0)
            continue;
        if (!visit(o, child, field.value()))
            return false;
        if (o->missing[(size_t)node] == 0)
            break;
    }
    return true;
}

bool visit_array(lt_json_ondemand *o, int32_t node, ondemand::array array)
{
    uint64_t index = 0;
    for (auto result : array) {
        ondemand::value value;
        if (std::move(result).get(value) != simdjson::SUCCESS)
            return false;
        bool has_more = false;
        for (int32_t child = o->nodes[node].first_child; child != 0;
             child = o->nodes[child].next_sibling) {
            const lt_json_node *candidate = &o->nodes[child];
            if (candidate->name != nullptr)
                continue;
            has_more |= candidate->index > index;
            if (candidate->index == index && o->missing[(size_t)child] != 0 &&
                !visit(o, child, value))
                return false;
        }
        if (!has_more)
            break;
        index++;
    }
    return true;
}

bool has_children(const lt_json_ondemand *o, int32_t node, bool named)
{
    for (int32_t child = o->nodes[node].first_child; child != 0;
         child = o->nodes[child].next_sibling)
        if ((o->nodes[child].name != nullptr) == named)
            return true;
    return false;
}

// Keeps the container's own text if a path ends here, then goes into it if one leads on.
template <typename Container>
bool visit_container(lt_json_ondemand *o, int32_t node, Container container, bool is_object)
{
    const lt_json_node *here = &o->nodes[node];
    bool leads_on = has_children(o, node, is_object);
    if (here->slot >= 0 && o->found[here->slot].kind == LT_JSON_FOUND_NOTHING) {
        lt_json_found *found = &o->found[here->slot];
        std::string_view text;
        if (container.raw_json().get(text) != simdjson::SUCCESS)
            return false;
        text = trim(text);
        found->kind = LT_JSON_FOUND_CONTAINER;
        found->data = reinterpret_cast<const uint8_t *>(text.data());
        found->size_bytes = text.size();
        mark_found(o, node);
        bool is_not_empty = false;
        if (leads_on && container.reset().get(is_not_empty) != simdjson::SUCCESS)
            return false;
        if (!is_not_empty)
            return true;
    }
    if (!leads_on)
        return true;
    if constexpr (std::is_same_v<Container, ondemand::object>)
        return visit_object(o, node, container);
    else
        return visit_array(o, node, container);
}

bool visit_scalar(lt_json_ondemand *o, int32_t node, ondemand::value value)
{
    int32_t slot = o->nodes[node].slot;
    if (slot < 0 || o->found[slot].kind != LT_JSON_FOUND_NOTHING)
        return true;
    o->fields_parsed++;
    lt_json_found *found = &o->found[slot];
    if (!read_scalar(o, value, found)) {
        found->kind = LT_JSON_FOUND_INVALID;
        return false;
    }
    mark_found(o, node);
    return true;
}

bool visit(lt_json_ondemand *o, int32_t node, ondemand::value value)
{
    ondemand::json_type type;
    if (value.type().get(type) != simdjson::SUCCESS)
        return false;
    if (type == ondemand::json_type::object) {
        ondemand::object object;
        o->fields_parsed++;
        return value.get_object().get(object) == simdjson::SUCCESS &&
               visit_container(o, node, object, true);
    }
    if (type == ondemand::json_type::array) {
        ondemand::array array;
        o->fields_parsed++;
        return value.get_array().get(array) == simdjson::SUCCESS &&
               visit_container(o, node, array, false);
    }
    return visit_scalar(o, node, value);
}

// The parser's memory is for a document of some size; it doubles, so that it soon stays.
bool make_room(lt_json_ondemand *o, size_t size_bytes)
{
    if (size_bytes <= o->parser.capacity())
        return true;
    size_t capacity = FIRST_CAPACITY;
    while (capacity < size_bytes)
        capacity *= 2;
    return o->parser.allocate(capacity) == simdjson::SUCCESS;
}

enum lt_json_run run_document(lt_json_ondemand *o, ondemand::document &document)
{
    ondemand::json_type type;
    if (document.type().get(type) != simdjson::SUCCESS)
        return LT_JSON_RUN_NO_JSON;
    if (type == ondemand::json_type::object) {
        ondemand::object object;
        if (document.get_object().get(object) != simdjson::SUCCESS)
            return LT_JSON_RUN_NO_JSON;
        return visit_object(o, 0, object) ? LT_JSON_RUN_WHOLE : LT_JSON_RUN_BROKEN;
    }
    if (type == ondemand::json_type::array) {
        ondemand::array array;
        if (document.get_array().get(array) != simdjson::SUCCESS)
            return LT_JSON_RUN_NO_JSON;
        return visit_array(o, 0, array) ? LT_JSON_RUN_WHOLE : LT_JSON_RUN_BROKEN;
    }
    return LT_JSON_RUN_WHOLE; // a scalar, which no path leads into
}

} // namespace

struct lt_json_ondemand *lt_json_ondemand_create(const struct lt_json_node *nodes,
                                                 size_t node_count)
{
    auto *o = new (std::nothrow) lt_json_ondemand{};
    if (o == nullptr)
        return nullptr;
    o->nodes = nodes;
    o->node_count = node_count;
    o->missing.reset(new (std::nothrow) uint32_t[node_count]);
    if (o->missing == nullptr) {
        delete o;
        return nullptr;
    }
    return o;
}

void lt_json_ondemand_destroy(struct lt_json_ondemand *o)
{
    delete o;
}

enum lt_json_run lt_json_ondemand_run(struct lt_json_ondemand *o, const uint8_t *data,
                                      size_t size_bytes, struct lt_json_found *found)
{
    if (!make_room(o, size_bytes))
        return LT_JSON_RUN_NO_JSON;
    ondemand::document document;
    if (o->parser
            .iterate(reinterpret_cast<const char *>(data), size_bytes,
                     size_bytes + LT_JSON_ONDEMAND_PADDING)
            .get(document) != simdjson::SUCCESS)
        return LT_JSON_RUN_NO_JSON;
    o->end = data + size_bytes;
    o->has_escapes = memchr(data, '\\', size_bytes) != nullptr;
    o->found = found;
    for (size_t i = 0; i < o->node_count; i++)
        o->missing[i] = o->nodes[i].slots_below;
    return run_document(o, document);
}

uint64_t lt_json_ondemand_fields_seen(const struct lt_json_ondemand *o)
{
    return o->fields_seen;
}

uint64_t lt_json_ondemand_fields_parsed(const struct lt_json_ondemand *o)
{
    return o->fields_parsed;
}
