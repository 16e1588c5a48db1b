import com.fasterxml.jackson.core.*;
import java.io.*;

/**
 * A document of bench/state as numbers: what bench/state/events.h calls an event. Its fields are public and its constructor is
 * empty, as an engine wants it that writes objects down by itself.
 */
public final class Row {
    public long key, other, amount, at;

    /** What a row's numbers are called in the documents of a topic; null: they have no such number. */
    enum Kind {
        EVENTS("key", null, "amount", "at"),
        BIDS("auction", "bidder", "price", "dateTime"),
        AUCTIONS("id", "seller", "category", "dateTime"),
        PEOPLE("id", "state", null, "dateTime");

        final String key, other, amount, at;
        final int fields;

        Kind(String key, String other, String amount, String at) {
            this.key = key;
            this.other = other;
            this.amount = amount;
            this.at = at;
            this.fields = 2 + (other != null ? 1 : 0) + (amount != null ? 1 : 0);
        }

        static Kind of(String view) {
            return switch (view) {
                case "bids" -> BIDS;
                case "auctions" -> AUCTIONS;
                case "people" -> PEOPLE;
                default -> EVENTS;
            };
        }
    }

    private static final JsonFactory JSON = new JsonFactory();

    /** Reads no further than to the last number that is wanted. Of a state it is wanted whether it is one of Nexmark's three. */
    static Row parse(Kind kind, byte[] document) {
        Row row = new Row();
        int left = kind.fields;
        try (JsonParser in = JSON.createParser(document)) {
            in.nextToken();
            while (left > 0 && in.nextToken() == JsonToken.FIELD_NAME) {
                String name = in.currentName();
                JsonToken value = in.nextToken();
                left--;
                if (name.equals(kind.key)) row.key = in.getLongValue();
                else if (name.equals(kind.amount)) row.amount = in.getLongValue();
                else if (name.equals(kind.at)) row.at = in.getLongValue();
                else if (name.equals(kind.other)) row.other = value == JsonToken.VALUE_STRING ? wanted(in.getText()) : in.getLongValue();
                else { in.skipChildren(); left++; }
            }
        } catch (IOException e) { throw new UncheckedIOException(e); }
        return row;
    }

    private static long wanted(String state) {
        return state.equals("OR") || state.equals("ID") || state.equals("CA") ? 1 : 0;
    }
}
