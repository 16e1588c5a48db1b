-- Orders that lie in a directory as JSON lines, each file renamed into place when it is whole, become files of CSV by symbol.
-- A row is in the output once, whatever ends the program: Spark reads the same directories.
--     leat run tools/examples/files.sql
CREATE TABLE orders (sym STRING, price DOUBLE, amount INT) USING json LOCATION '/data/orders';
CREATE TABLE large (total DOUBLE, sym STRING) USING csv PARTITIONED BY (sym) LOCATION '/data/large' OPTIONS (
    header 'true', trigger 'availableNow', checkpointLocation '/var/lib/leat/large');

INSERT INTO large SELECT price * amount AS total, sym FROM orders WHERE price > 100;
