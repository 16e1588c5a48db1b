-- How often each word has come so far, in the lines of the files of a directory. After each batch the words that it changed are
-- written again, with their new counts.
--     leat run tools/examples/word_count.sql
CREATE TABLE lines (value STRING) USING text LOCATION '/data/lines';
CREATE TABLE counts USING append OPTIONS (
    path '/data/counts', outputMode 'update', trigger 'availableNow', checkpointLocation '/var/lib/leat/counts');

INSERT INTO counts
SELECT to_json(struct(word, count(*) AS n)) AS value
FROM (SELECT explode(split(lower(value), '[^a-z]+')) AS word FROM lines)
WHERE word <> ''
GROUP BY word;
