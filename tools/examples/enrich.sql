-- Orders with what a table says of their symbols. The table is read when the job starts.
--     leat run tools/examples/enrich.sql
CREATE TABLE orders (sym STRING, price DOUBLE, amount INT) USING json LOCATION '/data/orders';
CREATE TABLE symbols (sym STRING, name STRING) USING json LOCATION '/data/symbols' OPTIONS (static 'true');
CREATE TABLE named (name STRING, total DOUBLE) USING json LOCATION '/data/named' OPTIONS (
    trigger 'availableNow', checkpointLocation '/var/lib/leat/named');

INSERT INTO named
SELECT coalesce(name, orders.sym), price * amount
FROM orders LEFT JOIN symbols ON orders.sym = symbols.sym;
