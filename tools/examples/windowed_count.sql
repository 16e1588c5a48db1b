-- Readings of each sensor by five minutes. A window is written once, when the latest reading is ten minutes beyond its end; what
-- comes later than that is left out.
--     leat run tools/examples/windowed_count.sql
CREATE TABLE readings (at TIMESTAMP, sensor STRING, celsius DOUBLE) USING json LOCATION '/data/readings' OPTIONS (
    watermark 'at 10 minutes');
CREATE TABLE averages (start TIMESTAMP, sensor STRING, readings BIGINT, celsius DOUBLE) USING csv LOCATION '/data/averages' OPTIONS (
    trigger 'availableNow', checkpointLocation '/var/lib/leat/averages');

INSERT INTO averages
SELECT window.start, sensor, count(*), avg(celsius)
FROM readings
GROUP BY window(at, '5 minutes'), sensor;
