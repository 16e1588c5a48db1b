-- Events that their senders repeat for up to ten minutes, each once.
--     leat run tools/examples/deduplicate.sql
CREATE TABLE events (id STRING, at TIMESTAMP, text STRING) USING json LOCATION '/data/events' OPTIONS (
    watermark 'at 10 minutes', dropDuplicatesWithinWatermark 'id');
CREATE TABLE once (id STRING, text STRING) USING json LOCATION '/data/once' OPTIONS (
    trigger 'availableNow', checkpointLocation '/var/lib/leat/once');

INSERT INTO once SELECT id, text FROM events;
