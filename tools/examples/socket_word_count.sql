-- How often each word has come so far, of the lines that somebody sends, as with `nc -lk 9999`. Each time that lines have come the
-- words in them are written again, with their new counts.
--     leat run tools/examples/socket_word_count.sql
CREATE TABLE lines USING socket OPTIONS (host '127.0.0.1', port '9999');
CREATE TABLE counts USING append OPTIONS (
    path '/data/counts', outputMode 'update', checkpointLocation '/var/lib/leat/counts');

INSERT INTO counts
SELECT to_json(struct(word, count(*) AS n)) AS value
FROM (SELECT explode(split(lower(value), '[^a-z]+')) AS word FROM lines)
WHERE word <> ''
GROUP BY word;
