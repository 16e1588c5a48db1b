-- Quotes from many clients over TCP, a line each. Those of one symbol go on to another machine, as datagrams.
-- What was taken lies in the spool until it is committed: an end of any kind loses none of it.
--     leat run tools/examples/sockets.sql     runs until it is told to stop
CREATE TABLE quotes (sym STRING, price DOUBLE) USING `tcp-listen` OPTIONS (
    host '127.0.0.1', port '9000', format 'csv', spool '/var/lib/leat/spool');
CREATE TABLE feed USING udp OPTIONS (
    host '127.0.0.1', port '9001', format 'json', checkpointLocation '/var/lib/leat/feed');

INSERT INTO feed SELECT sym, price FROM quotes WHERE sym = 'ABC';
