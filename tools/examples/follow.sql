-- What is written to a log, as it is written: lines of one kind go to a file of their own. Rotated logs are followed.
--     leat run tools/examples/follow.sql     runs until it is told to stop
CREATE TABLE log USING tail OPTIONS (path '/var/log/app.log');
CREATE TABLE errors USING append OPTIONS (
    path '/data/errors.log', checkpointLocation '/var/lib/leat/errors');

INSERT INTO errors SELECT value FROM log WHERE contains(value, 'ERROR');
