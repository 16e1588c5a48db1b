-- Advertisements that were shown, with the clicks that came within a quarter of an hour, or without any.
--     leat run tools/examples/join.sql
CREATE TABLE shown (ad INT, shown_at TIMESTAMP) USING json LOCATION '/data/shown' OPTIONS (watermark 'shown_at 10 minutes');
CREATE TABLE clicked (click INT, clicked_at TIMESTAMP) USING json LOCATION '/data/clicked' OPTIONS (
    watermark 'clicked_at 20 minutes');
CREATE TABLE pairs (ad INT, shown_at TIMESTAMP, clicked_at TIMESTAMP) USING json LOCATION '/data/pairs' OPTIONS (
    trigger 'availableNow', checkpointLocation '/var/lib/leat/pairs');

INSERT INTO pairs
SELECT ad, shown_at, clicked_at
FROM shown LEFT JOIN clicked
ON ad = click AND clicked_at >= shown_at AND clicked_at <= shown_at + INTERVAL 15 MINUTES;
