/* transact: records of one transaction, which is committed, aborted, or left open.
 *
 * What it leaves in a topic beside records is what a reader must get by: a marker behind each
 * transaction that ended, records of one that was aborted, and an end of the topic that readers of
 * committed records do not come to while a transaction is open. One that is left open is aborted by
 * the broker after a minute, or by the next transact to the same topic.
 *
 * Status 0: done as asked; 2: it could not be.
 */
#include "client.h"

#include <unistd.h>

static int usage(void)
{
    fputs("usage: transact BOOTSTRAP TOPIC commit|abort|leave COUNT\n"
          "COUNT records, value 0, 1, ..., to partition 0, which is there already.\n",
          stderr);
    return LT_CLIENT_ERROR_STATUS;
}

static void need(rd_kafka_error_t *error, const char *what)
{
    if (error != NULL)
        lt_client_die("cannot %s: %s", what, rd_kafka_error_string(error));
}

static rd_kafka_t *open_producer(const char *bootstrap, const char *topic)
{
    rd_kafka_conf_t *conf = lt_client_conf(bootstrap);
    lt_client_set(conf, "transactional.id", topic);
    rd_kafka_t *rk = lt_client_create(RD_KAFKA_PRODUCER, conf);
    need(rd_kafka_init_transactions(rk, LT_CLIENT_WAIT_MS), "begin: nobody coordinates");
    need(rd_kafka_begin_transaction(rk), "begin");
    return rk;
}

static void produce(rd_kafka_t *rk, const char *topic, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        char value[24];
        size_t size_bytes = (size_t)snprintf(value, sizeof(value), "%" PRId64, i);
        rd_kafka_resp_err_t error = rd_kafka_producev(
            rk, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(0),
            RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_VALUE(value, size_bytes),
            RD_KAFKA_V_END);
        if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
            lt_client_die("cannot produce: %s", rd_kafka_err2str(error));
    }
    rd_kafka_resp_err_t error = rd_kafka_flush(rk, LT_CLIENT_WAIT_MS);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
        lt_client_die("not all were taken: %s", rd_kafka_err2str(error));
}

int main(int argc, char **argv)
{
    if (argc != 5)
        return usage();
    const char *topic = argv[2], *end = argv[3];
    int64_t count = lt_client_number("COUNT", argv[4], 0, 1000000);
    bool commits = strcmp(end, "commit") == 0, aborts = strcmp(end, "abort") == 0;
    if (!commits && !aborts && strcmp(end, "leave") != 0)
        return usage();
    rd_kafka_t *rk = open_producer(argv[1], topic);
    produce(rk, topic, count);
    if (commits)
        need(rd_kafka_commit_transaction(rk, LT_CLIENT_WAIT_MS), "commit");
    else if (aborts)
        need(rd_kafka_abort_transaction(rk, LT_CLIENT_WAIT_MS), "abort");
    else
        _exit(0); /* closing the producer would abort it */
    rd_kafka_destroy(rk);
    return 0;
}
