-- A job in SQL: orders over 100 go to one topic, what cannot be processed to another.
--     leat check tools/examples/job.sql      analyses it, and connects to nothing
--     leat run tools/examples/job.sql        runs it until it is told to stop
SET spark.sql.streaming.checkpointLocation = /var/lib/leat;

CREATE TABLE records USING kafka OPTIONS (
    kafka.bootstrap.servers '127.0.0.1:9092', subscribe 'orders', startingOffsets 'earliest');
CREATE TABLE dead USING kafka OPTIONS (
    kafka.bootstrap.servers '127.0.0.1:9092', topic 'orders-dead');
CREATE TABLE large USING kafka OPTIONS (
    kafka.bootstrap.servers '127.0.0.1:9092', topic 'orders-large',
    queryName 'large', trigger 'continuous 1 second', deadLetters 'dead');

CREATE TEMPORARY VIEW orders AS
SELECT key, parsed.*
FROM (
    SELECT key, from_json(CAST(value AS STRING), 'sym STRING, price DOUBLE, amount INT',
                          map('mode', 'FAILFAST')) AS parsed
    FROM records
);

INSERT INTO large
SELECT key, to_json(struct(upper(sym) AS sym, price * amount AS total)) AS value
FROM orders
WHERE price > 100;
