-- Rows to a web server, by POST: JSON lines, as many in a request as are there.
--     leat run tools/examples/web.sql
CREATE TABLE orders (sym STRING, price DOUBLE, amount INT) USING json LOCATION '/data/orders';
CREATE TABLE hook USING http OPTIONS (
    url 'http://127.0.0.1:8080/orders', checkpointLocation '/var/lib/leat/hook', trigger 'availableNow');

INSERT INTO hook SELECT sym, price FROM orders WHERE amount > 1;
