/*
 * Cryptographic digests, as lower-case hexadecimal text. A call keeps its digest context, so that
 * a record allocates nothing.
 */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "ops/expr/functions.h"

struct digest {
    EVP_MD_CTX *context;
    const EVP_MD *last; /* what the context was made for */
};

static int prepare_digest(const struct lt_prepare *prepare, struct lt_error *error)
{
    struct digest *digest = lt_alloc(sizeof *digest);
    digest->context = EVP_MD_CTX_new();
    prepare->call->state = digest;
    if (digest->context != NULL)
        return LT_OK;
    free(digest);
    prepare->call->state = NULL;
    return lt_error_set(error, LT_E_NO_MEMORY, "no memory for a digest");
}

static void release_digest(void *state)
{
    struct digest *digest = state;
    EVP_MD_CTX_free(digest->context);
    free(digest);
}

static bool compute(struct digest *digest, const EVP_MD *algorithm, struct lt_bytes data,
                    uint8_t out[EVP_MAX_MD_SIZE], unsigned *size_bytes)
{
    /* Without an algorithm the context begins anew with the one it has. */
    bool is_same = digest->last == algorithm;
    digest->last = NULL;
    if (EVP_DigestInit_ex(digest->context, is_same ? NULL : algorithm, NULL) != 1 ||
        EVP_DigestUpdate(digest->context, data.data, data.size_bytes) != 1 ||
        EVP_DigestFinal_ex(digest->context, out, size_bytes) != 1)
        return false;
    digest->last = algorithm;
    return true;
}

static enum lt_kernel put_digest(struct lt_machine *machine, const struct lt_call *call,
                                 const EVP_MD *algorithm, union lt_value *out)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t bytes[EVP_MAX_MD_SIZE];
    char text[2 * EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (!compute(call->state, algorithm, lt_argument_bytes(machine, call, 0), bytes, &size))
        return lt_machine_fault(machine, call, "DIGEST_NOT_AVAILABLE", "58000",
                                "the digest of \"%s\" is not available on this machine; hint: see "
                                "the configuration of OpenSSL",
                                call->name);
    for (unsigned i = 0; i < size; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    return lt_machine_put(machine, call, text, 2 * (size_t)size, out);
}

static enum lt_kernel md5(struct lt_machine *machine, const struct lt_call *call,
                          union lt_value *out)
{
    return put_digest(machine, call, EVP_md5(), out);
}

static enum lt_kernel sha1(struct lt_machine *machine, const struct lt_call *call,
                           union lt_value *out)
{
    return put_digest(machine, call, EVP_sha1(), out);
}

static enum lt_kernel sha2(struct lt_machine *machine, const struct lt_call *call,
                           union lt_value *out)
{
    switch (lt_argument(machine, call, 1)->i64) {
    case 224:
        return put_digest(machine, call, EVP_sha224(), out);
    case 0:
    case 256:
        return put_digest(machine, call, EVP_sha256(), out);
    case 384:
        return put_digest(machine, call, EVP_sha384(), out);
    case 512:
        return put_digest(machine, call, EVP_sha512(), out);
    default:
        return LT_KERNEL_NULL;
    }
}

#define DIGEST .is_deterministic = true, .prepare = prepare_digest, .release = release_digest

static const struct lt_function functions[] = {
    {"md5", NULL, "md5(a)", "The MD5 digest, in hexadecimal digits.", "md5('Spark')",
     "8cde774d6f7333752ed72cacddb05126", DIGEST, .is_total = true,
     .signatures = {LT_KERNEL("x", "s", md5)}},
    {"sha1", "sha", "sha1(a)", "The SHA-1 digest, in hexadecimal digits.", "sha1('Spark')",
     "85f5955f4b27a9a4c2aab6ffe5d7189fc298b92c", DIGEST, .is_total = true,
     .signatures = {LT_KERNEL("x", "s", sha1)}},
    {"sha2", NULL, "sha2(a, bits)",
     "The SHA-2 digest of 224, 256 (or 0), 384 or 512 bits, in hexadecimal digits; NULL for "
     "others.",
     "sha2('Spark', 256)", "529bc3b07127ecb7e53a4dcf1991d9152c24537d919178022b2c42657f79a26b",
     DIGEST, .signatures = {LT_KERNEL("xi", "s", sha2)}},
};

const struct lt_function_group lt_functions_digest = {"hash", functions,
                                                      sizeof functions / sizeof functions[0]};
