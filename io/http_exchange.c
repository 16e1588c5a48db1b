/*
 * libcurl's multi interface over the reactor: each of its sockets is a watch, an operation that
 * waits once for what libcurl wants of the socket and is submitted again while it still wants it.
 *
 * A watch outlives its socket: libcurl lets go of a socket while the reactor may still have the
 * operation, so a watch that is gone is cancelled, and freed when the operation has completed.
 */
#include "io/http_exchange.h"

#include <curl/curl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/error.h"

struct watch {
    struct lt_io io;
    struct lt_http_exchange *exchange;
    struct watch *next;
    int wanted;    /* POLLIN, POLLOUT */
    bool is_armed; /* the reactor has `io` */
    bool is_gone;  /* libcurl has let go of the socket */
    bool is_told;  /* libcurl is being told: what it wants now is only noted */
};

struct lt_http_exchange {
    struct lt_reactor *reactor;
    const struct lt_clock *clock;
    CURLM *multi;
    CURL *easy;
    struct curl_slist *headers; /* with the key, at its head */
    struct curl_slist key;      /* the head: its text is `key_text` */
    char key_text[256];
    struct watch *watches;
    int64_t timer_ns; /* when libcurl wants to be called; LT_NEVER_NS */
    bool is_under_way;
    bool has_head; /* of the answer: all lines of it, up to the empty one */
    char failure[CURL_ERROR_SIZE];
    char body[LT_HTTP_TEXT_MAX];
    size_t body_bytes;
};

/* ------------------------------------------------------------------------------------- watches */

static void arm(struct watch *watch)
{
    watch->io.kind = LT_IO_POLL;
    watch->io.flags = watch->wanted;
    watch->is_armed = true;
    lt_reactor_submit(watch->exchange->reactor, &watch->io);
}

static void drop_watch(struct watch *watch)
{
    struct watch **link = &watch->exchange->watches;
    while (*link != watch)
        link = &(*link)->next;
    *link = watch->next;
    free(watch);
}

static void act(struct lt_http_exchange *exchange, curl_socket_t fd, int events)
{
    int running;
    CURLMcode code = curl_multi_socket_action(exchange->multi, fd, events, &running);
    lt_assert(code == CURLM_OK);
}

static void on_ready(struct lt_io *io)
{
    struct watch *watch = io->context;
    watch->is_armed = false;
    if (watch->is_gone) {
        drop_watch(watch);
        return;
    }
    int events = 0;
    if (io->result > 0) {
        events |= (io->result & (POLLIN | POLLHUP)) != 0 ? CURL_CSELECT_IN : 0;
        events |= (io->result & POLLOUT) != 0 ? CURL_CSELECT_OUT : 0;
        events |= (io->result & POLLERR) != 0 ? CURL_CSELECT_ERR : 0;
    }
    watch->is_told = true;
    if (events != 0) /* else cancelled, since libcurl changed its mind */
        act(watch->exchange, io->fd, events);
    watch->is_told = false;
    if (watch->is_gone)
        drop_watch(watch);
    else if (watch->wanted != 0)
        arm(watch);
}

static int want(struct watch *watch, int what)
{
    int wanted = 0;
    wanted |= what == CURL_POLL_IN || what == CURL_POLL_INOUT ? POLLIN : 0;
    wanted |= what == CURL_POLL_OUT || what == CURL_POLL_INOUT ? POLLOUT : 0;
    bool is_other = wanted != watch->wanted;
    watch->wanted = wanted;
    watch->is_gone = what == CURL_POLL_REMOVE;
    if (watch->is_told)
        return 0;
    if (watch->is_armed && (is_other || watch->is_gone))
        watch->exchange->reactor->ops->cancel(watch->exchange->reactor, &watch->io);
    else if (!watch->is_armed && wanted != 0)
        arm(watch);
    else if (!watch->is_armed && watch->is_gone)
        drop_watch(watch);
    return 0;
}

/* libcurl's: it wants something else of a socket. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *socket_context)
{
    (void)easy;
    struct lt_http_exchange *exchange = context;
    struct watch *watch = socket_context;
    if (watch == NULL) {
        watch = lt_alloc(sizeof *watch);
        watch->exchange = exchange;
        watch->io = (struct lt_io){.fd = fd, .done = on_ready, .context = watch};
        watch->next = exchange->watches;
        exchange->watches = watch;
        CURLMcode code = curl_multi_assign(exchange->multi, fd, watch);
        lt_assert(code == CURLM_OK);
    }
    return want(watch, what);
}

/* libcurl's: when it wants to be called at the latest. */
static int on_timer(CURLM *multi, long timeout_ms, void *context)
{
    (void)multi;
    struct lt_http_exchange *exchange = context;
    exchange->timer_ns =
        timeout_ms < 0 ? LT_NEVER_NS
                       : lt_clock_now_ns(exchange->clock) + (int64_t)timeout_ms * LT_NS_PER_MS;
    return 0;
}

/* libcurl's: a line of a head, which may be that of a word before the answer, or one behind its
 * body. An answer that is cut off within its head says nothing, though libcurl is content with the
 * first line. */
static size_t on_head(char *line, size_t one, size_t size_bytes, void *context)
{
    (void)one;
    struct lt_http_exchange *exchange = context;
    if (size_bytes >= 5 && memcmp(line, "HTTP/", 5) == 0)
        exchange->has_head = false;
    else if (size_bytes > 0 && (line[0] == '\r' || line[0] == '\n'))
        exchange->has_head = true;
    return size_bytes;
}

/* libcurl's: a piece of the answer's body. Its begin is kept, for people. */
static size_t on_body(char *data, size_t one, size_t size_bytes, void *context)
{
    (void)one;
    struct lt_http_exchange *exchange = context;
    for (size_t i = 0; i < size_bytes && exchange->body_bytes + 1 < sizeof exchange->body; i++) {
        unsigned char c = (unsigned char)data[i];
        exchange->body[exchange->body_bytes++] = c < ' ' || c == 0x7f ? ' ' : (char)c;
    }
    return size_bytes;
}

/* ----------------------------------------------------------------------------------- the client */

static void set_long(CURL *easy, CURLoption option, long value)
{
    CURLcode code = curl_easy_setopt(easy, option, value);
    lt_assert(code == CURLE_OK);
}

static void set_text(CURL *easy, CURLoption option, const char *text)
{
    if (text == NULL)
        return;
    CURLcode code = curl_easy_setopt(easy, option, text);
    lt_assert(code == CURLE_OK);
}

static void add_header(struct lt_http_exchange *exchange, const char *header)
{
    exchange->headers = curl_slist_append(exchange->headers, header);
    lt_assert(exchange->headers != NULL);
}

static void set_headers(struct lt_http_exchange *exchange, const struct lt_http_settings *settings)
{
    char type[128];
    snprintf(type, sizeof type, "Content-Type: %s", settings->content_type);
    add_header(exchange, type);
    add_header(exchange, "Expect:"); /* a body is small: no question before it */
    for (size_t i = 0; i < settings->header_count; i++)
        add_header(exchange, settings->headers[i]);
    exchange->key = (struct curl_slist){.data = exchange->key_text, .next = exchange->headers};
    CURLcode code = curl_easy_setopt(exchange->easy, CURLOPT_HTTPHEADER, &exchange->key);
    lt_assert(code == CURLE_OK);
}

static void set_callbacks(struct lt_http_exchange *exchange)
{
    CURLcode code = curl_easy_setopt(exchange->easy, CURLOPT_WRITEFUNCTION, on_body);
    lt_assert(code == CURLE_OK);
    code = curl_easy_setopt(exchange->easy, CURLOPT_WRITEDATA, exchange);
    lt_assert(code == CURLE_OK);
    code = curl_easy_setopt(exchange->easy, CURLOPT_HEADERFUNCTION, on_head);
    lt_assert(code == CURLE_OK);
    code = curl_easy_setopt(exchange->easy, CURLOPT_HEADERDATA, exchange);
    lt_assert(code == CURLE_OK);
    code = curl_easy_setopt(exchange->easy, CURLOPT_ERRORBUFFER, exchange->failure);
    lt_assert(code == CURLE_OK);
    CURLMcode multi = curl_multi_setopt(exchange->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    lt_assert(multi == CURLM_OK);
    multi = curl_multi_setopt(exchange->multi, CURLMOPT_SOCKETDATA, exchange);
    lt_assert(multi == CURLM_OK);
    multi = curl_multi_setopt(exchange->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    lt_assert(multi == CURLM_OK);
    multi = curl_multi_setopt(exchange->multi, CURLMOPT_TIMERDATA, exchange);
    lt_assert(multi == CURLM_OK);
}

/* Settings that libcurl may refuse: it judges URLs, and may have been built without a thing. */
static int set_addresses(struct lt_http_exchange *exchange, const struct lt_http_settings *settings,
                         struct lt_error *error)
{
    const struct {
        CURLoption option;
        const char *text, *what;
    } texts[] = {
        {CURLOPT_PROTOCOLS_STR, "http,https", "protocols"},
        {CURLOPT_URL, settings->url, "url"},
        {CURLOPT_PROXY, settings->proxy, "proxy"},
        {CURLOPT_CAINFO, settings->ca_file, "ssl.ca.location"},
        {CURLOPT_SSLCERT, settings->certificate_file, "ssl.certificate.location"},
        {CURLOPT_SSLKEY, settings->key_file, "ssl.key.location"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (texts[i].text == NULL)
            continue;
        CURLcode code = curl_easy_setopt(exchange->easy, texts[i].option, texts[i].text);
        if (code != CURLE_OK)
            return lt_error_set(error, LT_E_INVALID, "option \"%s\": %s", texts[i].what,
                                curl_easy_strerror(code));
    }
    return 0;
}

static long milliseconds(int64_t ns)
{
    return (long)((ns + LT_NS_PER_MS - 1) / LT_NS_PER_MS);
}

int lt_http_exchange_create(const struct lt_http_settings *settings, struct lt_reactor *reactor,
                            const struct lt_clock *clock, struct lt_http_exchange **out,
                            struct lt_error *error)
{
    *out = NULL;
    struct lt_http_exchange *exchange = lt_alloc(sizeof *exchange);
    exchange->reactor = reactor;
    exchange->clock = clock;
    exchange->timer_ns = LT_NEVER_NS;
    exchange->multi = curl_multi_init();
    exchange->easy = curl_easy_init();
    if (exchange->multi == NULL || exchange->easy == NULL) {
        lt_http_exchange_destroy(exchange);
        return lt_error_set(error, LT_E_NO_MEMORY, "libcurl cannot be set up");
    }
    set_callbacks(exchange);
    set_headers(exchange, settings);
    set_text(exchange->easy, CURLOPT_USERAGENT, "leat/" LT_VERSION);
    set_long(exchange->easy, CURLOPT_POST, 1);
    set_long(exchange->easy, CURLOPT_NOSIGNAL, 1);
    set_long(exchange->easy, CURLOPT_TCP_NODELAY, 1);
    set_long(exchange->easy, CURLOPT_SSL_VERIFYPEER, settings->verifies_peer);
    set_long(exchange->easy, CURLOPT_SSL_VERIFYHOST, settings->verifies_peer ? 2 : 0);
    set_long(exchange->easy, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(settings->connect_timeout_ns));
    set_long(exchange->easy, CURLOPT_TIMEOUT_MS, milliseconds(settings->request_timeout_ns));
    int code = set_addresses(exchange, settings, error);
    if (code != 0) {
        lt_http_exchange_destroy(exchange);
        return code;
    }
    *out = exchange;
    return 0;
}

/* The reactor gives back the operations of sockets that are gone. */
static void wait_for_watches(struct lt_http_exchange *exchange)
{
    while (exchange->watches != NULL)
        lt_reactor_park(exchange->reactor, lt_clock_now_ns(lt_clock_system()) + LT_NS_PER_MS);
}

void lt_http_exchange_destroy(struct lt_http_exchange *exchange)
{
    if (exchange == NULL)
        return;
    if (exchange->is_under_way)
        (void)curl_multi_remove_handle(exchange->multi, exchange->easy); /* on the way out */
    if (exchange->multi != NULL)
        (void)curl_multi_cleanup(exchange->multi); /* lets go of its sockets: on_socket */
    wait_for_watches(exchange);
    curl_easy_cleanup(exchange->easy);
    curl_slist_free_all(exchange->headers);
    free(exchange);
}

/* ----------------------------------------------------------------------------------- a request */

void lt_http_exchange_send(struct lt_http_exchange *exchange, const void *body, size_t size_bytes,
                           const char *key)
{
    lt_assert(!exchange->is_under_way);
    snprintf(exchange->key_text, sizeof exchange->key_text, "Idempotency-Key: %s", key);
    exchange->body_bytes = 0;
    exchange->has_head = false;
    exchange->failure[0] = '\0';
    CURLcode code = curl_easy_setopt(exchange->easy, CURLOPT_POSTFIELDS, body);
    lt_assert(code == CURLE_OK);
    code = curl_easy_setopt(exchange->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size_bytes);
    lt_assert(code == CURLE_OK);
    CURLMcode multi = curl_multi_add_handle(exchange->multi, exchange->easy);
    lt_assert(multi == CURLM_OK);
    exchange->is_under_way = true;
    act(exchange, CURL_SOCKET_TIMEOUT, 0); /* begins it at once: no turn of the loop is lost */
}

bool lt_http_exchange_is_under_way(const struct lt_http_exchange *exchange)
{
    return exchange->is_under_way;
}

int64_t lt_http_exchange_deadline_ns(const struct lt_http_exchange *exchange)
{
    return exchange->timer_ns;
}

static bool is_of_certificates(CURLcode result)
{
    return result == CURLE_PEER_FAILED_VERIFICATION || result == CURLE_SSL_CACERT_BADFILE ||
           result == CURLE_SSL_CERTPROBLEM || result == CURLE_SSL_ISSUER_ERROR;
}

static void take_answer(struct lt_http_exchange *exchange, CURLcode result,
                        struct lt_http_answer *out)
{
    long status = 0;
    curl_off_t retry_after_s = 0;
    *out = (struct lt_http_answer){0};
    if (result != CURLE_OK) {
        out->is_untrusted = is_of_certificates(result);
        snprintf(out->text, sizeof out->text, "%s",
                 exchange->failure[0] != '\0' ? exchange->failure : curl_easy_strerror(result));
        return;
    }
    if (!exchange->has_head) {
        snprintf(out->text, sizeof out->text, "the answer is cut off");
        return;
    }
    CURLcode code = curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
    lt_assert(code == CURLE_OK);
    code = curl_easy_getinfo(exchange->easy, CURLINFO_RETRY_AFTER, &retry_after_s);
    lt_assert(code == CURLE_OK);
    exchange->body[exchange->body_bytes] = '\0';
    memcpy(out->text, exchange->body, exchange->body_bytes + 1);
    out->status = (int)status;
    out->retry_after_ns =
        (retry_after_s < 3600 ? (int64_t)retry_after_s : INT64_C(3600)) * LT_NS_PER_S;
}

bool lt_http_exchange_poll(struct lt_http_exchange *exchange, struct lt_http_answer *out)
{
    if (!exchange->is_under_way)
        return false;
    if (lt_clock_now_ns(exchange->clock) >= exchange->timer_ns) {
        exchange->timer_ns = LT_NEVER_NS; /* libcurl says when it wants another call */
        act(exchange, CURL_SOCKET_TIMEOUT, 0);
    }
    int left;
    const CURLMsg *message = curl_multi_info_read(exchange->multi, &left);
    if (message == NULL)
        return false;
    lt_assert(message->msg == CURLMSG_DONE);
    take_answer(exchange, message->data.result, out);
    CURLMcode multi = curl_multi_remove_handle(exchange->multi, exchange->easy);
    lt_assert(multi == CURLM_OK);
    exchange->is_under_way = false;
    return true;
}
