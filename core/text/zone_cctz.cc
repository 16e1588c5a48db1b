// cctz reads the system's zone files and knows their rules for years to come. It is asked once for
// each zone, when the zone is opened; core/text/zone.c answers the record path from the array.
#include "core/text/zone_cctz.h"

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <vector>

#include <cctz/civil_time.h>
#include <cctz/time_zone.h>

namespace
{

using moment = cctz::time_point<cctz::seconds>;

lt_zone_change state_at(const cctz::time_zone &zone, moment from, int64_t at_s)
{
    cctz::time_zone::absolute_lookup found = zone.lookup(from);
    return {at_s, found.offset, found.is_dst};
}

// Changes of the name alone are no change.
std::vector<lt_zone_change> changes_of(const cctz::time_zone &zone, int64_t end_s)
{
    // Far before the first zone there was, and not so far that civil time would not fit.
    moment from(cctz::seconds(-(int64_t{1} << 40)));
    std::vector<lt_zone_change> changes{state_at(zone, from, INT64_MIN)};
    cctz::time_zone::civil_transition next;
    while (zone.next_transition(from, &next)) {
        from = zone.lookup(next.to).trans;
        int64_t at_s = from.time_since_epoch().count();
        if (at_s >= end_s)
            break;
        lt_zone_change change = state_at(zone, from, at_s);
        const lt_zone_change &last = changes.back();
        if (change.offset_s != last.offset_s || change.is_daylight != last.is_daylight)
            changes.push_back(change);
    }
    return changes;
}

} // namespace

bool lt_zone_cctz_load(const char *id, int64_t end_s, struct lt_zone_change **out, size_t *count)
{
    try {
        cctz::time_zone zone;
        if (!cctz::load_time_zone(id, &zone))
            return false;
        std::vector<lt_zone_change> changes = changes_of(zone, end_s);
        *out = static_cast<lt_zone_change *>(std::malloc(changes.size() * sizeof(lt_zone_change)));
        if (*out == nullptr)
            return false;
        std::memcpy(*out, changes.data(), changes.size() * sizeof(lt_zone_change));
        *count = changes.size();
        return true;
    } catch (...) {
        return false;
    }
}
