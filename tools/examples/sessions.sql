-- Visits: clicks of a user with less than half an hour between them.
--     leat run tools/examples/sessions.sql
CREATE TABLE clicks (at TIMESTAMP, user STRING, page STRING) USING json LOCATION '/data/clicks' OPTIONS (watermark 'at 1 minute');
CREATE TABLE visits (user STRING, begin TIMESTAMP, end TIMESTAMP, clicks BIGINT) USING json LOCATION '/data/visits' OPTIONS (
    trigger 'availableNow', checkpointLocation '/var/lib/leat/visits');

INSERT INTO visits
SELECT user, session_window.start, session_window.end, count(*)
FROM clicks
GROUP BY session_window(at, '30 minutes'), user;
