/** What the queries of bench/state answer, column by column, and what they have in common: times are milliseconds since 1970. */
final class Columns {
    static final long BEGIN_MS = 1767225600000L, WINDOW_MS = 10000, SLIDE_MS = 2000, GAP_MS = 5001, BIDDER_GAP_MS = 10000, PAIR_MS = 10000;
    static final long CATEGORY = 10, DISORDER_MS = 5000, JOIN_DISORDER_MS = 30000;

    static long windowOf(long at) { return at - at % WINDOW_MS; }

    static long[] window(long key, long startMs, long n, long amount) { return new long[] {key, seconds(startMs), n, amount, n * n}; }

    static long[] session(long key, long startMs, long endMs, long n, long amount) {
        return new long[] {key, startMs - BEGIN_MS, endMs - BEGIN_MS, n, amount, n * n};
    }

    static long[] mostBids(long startMs, long n, long auction) { return new long[] {seconds(startMs), n, auction}; }

    static long[] highestBid(long startMs, long price, long bidder, long auction) { return new long[] {seconds(startMs), price, bidder, auction}; }

    static long[] sold(long person, long auction) { return new long[] {person, auction}; }

    static long[] soldIn(long person, long auction, long startMs) { return new long[] {person, auction, seconds(startMs)}; }

    /** Of two auctions the one with more bids, or the first: a and b have {n, auction} from `at` on. */
    static boolean hasMore(long[] a, long[] b, int at) { return a[at] != b[at] ? a[at] > b[at] : a[at + 1] < b[at + 1]; }

    /** {price, bidder, auction}. */
    static boolean isHigher(Row bid, long[] than) {
        if (bid.amount != than[0]) return bid.amount > than[0];
        return bid.other != than[1] ? bid.other > than[1] : bid.key > than[2];
    }

    private static long seconds(long ms) { return Math.floorDiv(ms - BEGIN_MS, 1000L); }

    private Columns() {}
}
