/*
 * AES, as Spark uses it: keys of 16, 24 or 32 bytes; ECB and CBC with PKCS padding, GCM (the
 * default) without. What is encrypted has its initialization vector in front (16 bytes of CBC, 12
 * of GCM), and a tag of 16 bytes behind it in GCM. A call keeps its cipher context.
 */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/ascii.h"
#include "ops/expr/functions.h"

enum { BLOCK_BYTES = 16, TAG_BYTES = 16, GCM_VECTOR_BYTES = 12, VECTOR_BYTES_MAX = 16 };
enum mode { MODE_ECB, MODE_CBC, MODE_GCM };

static int prepare_cipher(const struct lt_prepare *prepare, struct lt_error *error)
{
    prepare->call->state = EVP_CIPHER_CTX_new();
    if (prepare->call->state != NULL)
        return LT_OK;
    return lt_error_set(error, LT_E_NO_MEMORY, "no memory for a cipher");
}

static void release_cipher(void *state)
{
    EVP_CIPHER_CTX_free(state);
}

static bool is_word(struct lt_bytes text, const char *word)
{
    if (text.size_bytes != strlen(word))
        return false;
    for (uint32_t i = 0; i < text.size_bytes; i++) {
        if (lt_ascii_lower((char)text.data[i]) != lt_ascii_lower(word[i]))
            return false;
    }
    return true;
}

/* The mode of arguments 2 and 3; false: there is none, and the fault is told. */
static bool mode_of(struct lt_machine *machine, const struct lt_call *call, enum mode *mode)
{
    static const char *const names[] = {"ECB", "CBC", "GCM"};
    struct lt_bytes name = lt_value_text("GCM").bytes, padding = lt_value_text("DEFAULT").bytes;
    if (call->argument_count > 2)
        name = lt_argument_bytes(machine, call, 2);
    if (call->argument_count > 3)
        padding = lt_argument_bytes(machine, call, 3);
    for (unsigned i = MODE_ECB; i <= MODE_GCM; i++) {
        if (is_word(name, names[i]) &&
            (is_word(padding, "DEFAULT") || is_word(padding, i == MODE_GCM ? "NONE" : "PKCS"))) {
            *mode = (enum mode)i;
            return true;
        }
    }
    (void)lt_machine_fault(machine, call, "UNSUPPORTED_FEATURE.AES_MODE", "0A000",
                           "The feature is not supported: AES-%.*s with the padding %.*s by the "
                           "`aes_encrypt`/`aes_decrypt` function",
                           (int)name.size_bytes, (const char *)name.data, (int)padding.size_bytes,
                           (const char *)padding.data);
    return false;
}

/* Looked at before the mode, as in Spark. */
static bool check_key(struct lt_machine *machine, const struct lt_call *call)
{
    uint32_t size = lt_argument_bytes(machine, call, 1).size_bytes;
    if (size == 16 || size == 24 || size == 32)
        return true;
    (void)lt_machine_fault(machine, call, "INVALID_PARAMETER_VALUE.AES_KEY_LENGTH", "22023",
                           "The value of parameter(s) `key` in `aes_encrypt`/`aes_decrypt` is "
                           "invalid: expects a binary value with 16, 24 or 32 bytes, but got %u "
                           "bytes",
                           size);
    return false;
}

/* Of a key that was checked. */
static const EVP_CIPHER *cipher_of(const struct lt_machine *machine, const struct lt_call *call,
                                   enum mode mode)
{
    switch (lt_argument_bytes(machine, call, 1).size_bytes) {
    case 16:
        return mode == MODE_ECB   ? EVP_aes_128_ecb()
               : mode == MODE_CBC ? EVP_aes_128_cbc()
                                  : EVP_aes_128_gcm();
    case 24:
        return mode == MODE_ECB   ? EVP_aes_192_ecb()
               : mode == MODE_CBC ? EVP_aes_192_cbc()
                                  : EVP_aes_192_gcm();
    default:
        return mode == MODE_ECB   ? EVP_aes_256_ecb()
               : mode == MODE_CBC ? EVP_aes_256_cbc()
                                  : EVP_aes_256_gcm();
    }
}

static uint32_t vector_bytes(enum mode mode)
{
    return mode == MODE_ECB ? 0 : mode == MODE_CBC ? VECTOR_BYTES_MAX : GCM_VECTOR_BYTES;
}

static enum lt_kernel crypto_error(struct lt_machine *machine, const struct lt_call *call,
                                   const char *reason)
{
    ERR_clear_error();
    return lt_machine_fault(
        machine, call, "INVALID_PARAMETER_VALUE.AES_CRYPTO_ERROR", "22023",
        "The value of parameter(s) `expr`, `key` in `aes_encrypt`/`aes_decrypt` is "
        "invalid: detail message: %s",
        reason);
}

/* The optional argument, or nothing. */
static struct lt_bytes optional(struct lt_machine *machine, const struct lt_call *call,
                                uint32_t index)
{
    return index < call->argument_count ? lt_argument_bytes(machine, call, index)
                                        : (struct lt_bytes){0};
}

/* Adds what GCM authenticates besides the data. */
static bool add_authenticated(EVP_CIPHER_CTX *context, struct lt_bytes data)
{
    int unused;
    return data.size_bytes == 0 ||
           EVP_CipherUpdate(context, NULL, &unused, data.data, (int)data.size_bytes) == 1;
}

/* ----------------------------------------------------------------------------------- encrypting */

/* The vector that was given, or a random one; false: the fault is told. */
static bool take_vector(struct lt_machine *machine, const struct lt_call *call, enum mode mode,
                        uint8_t vector[VECTOR_BYTES_MAX])
{
    static const char *const names[] = {"ECB", "CBC", "GCM"};
    struct lt_bytes given = optional(machine, call, 4), aad = optional(machine, call, 5);
    const char *fault = NULL;
    if (given.size_bytes > 0 && mode == MODE_ECB)
        fault = "UNSUPPORTED_FEATURE.AES_MODE_IV";
    else if (aad.size_bytes > 0 && mode != MODE_GCM)
        fault = "UNSUPPORTED_FEATURE.AES_MODE_AAD";
    if (fault != NULL) {
        (void)lt_machine_fault(machine, call, fault, "0A000",
                               "AES-%s takes no such argument; hint: use GCM", names[mode]);
        return false;
    }
    if (given.size_bytes > 0 && given.size_bytes != vector_bytes(mode)) {
        (void)lt_machine_fault(machine, call, "INVALID_PARAMETER_VALUE.AES_IV_LENGTH", "22023",
                               "the initialization vector of AES-%s has %u bytes, not %u",
                               names[mode], vector_bytes(mode), given.size_bytes);
        return false;
    }
    if (given.size_bytes > 0)
        memcpy(vector, given.data, given.size_bytes);
    else if (RAND_bytes(vector, (int)vector_bytes(mode)) != 1)
        return crypto_error(machine, call, "no random bytes for an initialization vector") !=
               LT_KERNEL_FAULT;
    return true;
}

static enum lt_kernel aes_encrypt(struct lt_machine *machine, const struct lt_call *call,
                                  union lt_value *out)
{
    EVP_CIPHER_CTX *context = call->state;
    struct lt_bytes plain = lt_argument_bytes(machine, call, 0);
    uint8_t vector[VECTOR_BYTES_MAX];
    enum mode mode;
    if (!check_key(machine, call) || !mode_of(machine, call, &mode))
        return LT_KERNEL_FAULT;
    const EVP_CIPHER *cipher = cipher_of(machine, call, mode);
    if (!take_vector(machine, call, mode, vector))
        return LT_KERNEL_FAULT;
    uint32_t front = vector_bytes(mode);
    uint8_t *memory =
        lt_machine_alloc(machine, (size_t)front + plain.size_bytes + BLOCK_BYTES + TAG_BYTES);
    if (memory == NULL || plain.size_bytes > INT32_MAX - BLOCK_BYTES)
        return lt_machine_too_large(machine, call);
    memcpy(memory, vector, front);
    int size = 0, rest = 0;
    if (EVP_EncryptInit_ex(context, cipher, NULL, lt_argument_bytes(machine, call, 1).data,
                           front > 0 ? vector : NULL) != 1 ||
        !add_authenticated(context, optional(machine, call, 5)) ||
        EVP_EncryptUpdate(context, memory + front, &size, plain.data, (int)plain.size_bytes) != 1 ||
        EVP_EncryptFinal_ex(context, memory + front + size, &rest) != 1)
        return crypto_error(machine, call, "the value cannot be encrypted");
    size += (int)front + rest;
    if (mode == MODE_GCM) {
        if (EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, memory + size) != 1)
            return crypto_error(machine, call, "the value cannot be signed");
        size += TAG_BYTES;
    }
    *out = lt_value_bytes(memory, (uint32_t)size);
    return LT_KERNEL_VALUE;
}

/* ----------------------------------------------------------------------------------- decrypting */

static enum lt_kernel aes_decrypt(struct lt_machine *machine, const struct lt_call *call,
                                  union lt_value *out)
{
    EVP_CIPHER_CTX *context = call->state;
    struct lt_bytes data = lt_argument_bytes(machine, call, 0);
    enum mode mode;
    if (!check_key(machine, call) || !mode_of(machine, call, &mode))
        return LT_KERNEL_FAULT;
    const EVP_CIPHER *cipher = cipher_of(machine, call, mode);
    uint32_t front = vector_bytes(mode), behind = mode == MODE_GCM ? TAG_BYTES : 0;
    if (data.size_bytes < front + behind)
        return crypto_error(machine, call, "the value is too short to be encrypted");
    uint32_t body = data.size_bytes - front - behind;
    if (body == 0 && mode != MODE_GCM) { /* Java takes no block at all for an empty text */
        *out = lt_value_bytes((const uint8_t *)"", 0);
        return LT_KERNEL_VALUE;
    }
    uint8_t tag[TAG_BYTES] = {0};
    memcpy(tag, data.data + front + body, behind);
    uint8_t *memory = lt_machine_alloc(machine, (size_t)body + BLOCK_BYTES);
    if (memory == NULL || body > INT32_MAX - BLOCK_BYTES)
        return lt_machine_too_large(machine, call);
    int size = 0, rest = 0;
    if (EVP_DecryptInit_ex(context, cipher, NULL, lt_argument_bytes(machine, call, 1).data,
                           front > 0 ? data.data : NULL) != 1 ||
        (mode == MODE_GCM && !add_authenticated(context, optional(machine, call, 4))) ||
        EVP_DecryptUpdate(context, memory, &size, data.data + front, (int)body) != 1 ||
        (behind > 0 && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, tag) != 1) ||
        EVP_DecryptFinal_ex(context, memory + size, &rest) != 1)
        return crypto_error(machine, call, "the value is not encrypted with this key");
    *out = lt_value_bytes(memory, (uint32_t)(size + rest));
    return LT_KERNEL_VALUE;
}

static enum lt_kernel try_aes_decrypt(struct lt_machine *machine, const struct lt_call *call,
                                      union lt_value *out)
{
    struct lt_call quiet = *call;
    quiet.is_try = true;
    return aes_decrypt(machine, &quiet, out) == LT_KERNEL_VALUE ? LT_KERNEL_VALUE : LT_KERNEL_NULL;
}

/* With a vector of its own, what is encrypted is the same each time; without, it never is. */
#define CIPHER .prepare = prepare_cipher, .release = release_cipher

static const struct lt_function functions[] = {
    {"aes_encrypt", NULL, "aes_encrypt(data, key[, mode[, padding[, iv[, aad]]]])",
     "The data encrypted by AES with a key of 16, 24 or 32 bytes: GCM (the default), CBC or ECB.",
     "hex(aes_encrypt('Spark', '0000111122223333', 'ECB'))", "348FF37EBDE05B7880BA339068FBDA5E",
     CIPHER, .is_deterministic = true,
     .signatures = {LT_KERNEL("xx[s][s][x][x]", "x", aes_encrypt)}},
    {"aes_decrypt", NULL, "aes_decrypt(data, key[, mode[, padding[, aad]]])",
     "The data that aes_encrypt made this of.",
     "string(aes_decrypt(aes_encrypt('Spark', '0000111122223333'), '0000111122223333'))", "Spark",
     CIPHER, .is_deterministic = true, .signatures = {LT_KERNEL("xx[s][s][x]", "x", aes_decrypt)}},
    {"try_aes_decrypt", NULL, "try_aes_decrypt(data, key[, mode[, padding[, aad]]])",
     "As aes_decrypt, but NULL where the data cannot be decrypted.",
     "try_aes_decrypt(X'00', '0000111122223333')", "NULL", CIPHER, .is_deterministic = true,
     .is_catching = true, .signatures = {LT_KERNEL("xx[s][s][x]", "x", try_aes_decrypt)}},
};

const struct lt_function_group lt_functions_cipher = {"encoding", functions,
                                                      sizeof functions / sizeof functions[0]};
