/*
 * The usual reckoning: years begin in March, so that the leap day is the last of its year, and 400
 * years are one era of 146097 days.
 */
#include "core/base/date.h"

#include <string.h>

enum {
    DAYS_PER_ERA = 146097,
    DAYS_PER_CENTURY = 36524,
    DAYS_BEFORE_EPOCH = 719468, /* from 0000-03-01 to 1970-01-01 */
};

/* Of the usual years everything fits 32 bits, unsigned, and divisions become multiplications. */
enum { USUAL_DAYS = 3652425 /* 10000 years */, USUAL_YEARS = 10000 };

/* Four times a day's number, and a part of it, counts the years of 365.25 days. */
static struct lt_date usual_date_of(uint32_t from_march)
{
    uint32_t quarter_days = 4 * from_march + 3;
    uint32_t century = quarter_days / DAYS_PER_ERA;
    uint32_t of_century = (quarter_days % DAYS_PER_ERA) | 3;
    uint32_t year = of_century / 1461, day_of_year = of_century % 1461 / 4;
    uint32_t month = (5 * day_of_year + 2) / 153; /* 0 is March */
    uint32_t is_next = month >= 10;
    return (struct lt_date){
        .year = 100 * century + year + is_next,
        .month = (int32_t)(is_next ? month - 9 : month + 3),
        .day = (int32_t)(day_of_year - (153 * month + 2) / 5 + 1),
    };
}

struct lt_date lt_date_of(int64_t days)
{
    if ((uint64_t)(days + DAYS_BEFORE_EPOCH) < USUAL_DAYS)
        return usual_date_of((uint32_t)(days + DAYS_BEFORE_EPOCH));
    int64_t from_march = days + DAYS_BEFORE_EPOCH;
    int64_t era = lt_floor_divide(from_march, DAYS_PER_ERA);
    int64_t day_of_era = from_march - era * DAYS_PER_ERA;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / DAYS_PER_CENTURY -
                           day_of_era / (DAYS_PER_ERA - 1)) /
                          365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153; /* 0 is March */
    struct lt_date date = {
        .year = year_of_era + era * 400 + (month >= 10),
        .month = (int32_t)(month < 10 ? month + 3 : month - 9),
        .day = (int32_t)(day_of_year - (153 * month + 2) / 5 + 1),
    };
    return date;
}

static int64_t usual_days(uint32_t year, uint32_t month, uint32_t day)
{
    year -= month <= 2;
    month += month <= 2 ? 9 : (uint32_t)-3; /* 0 is March */
    uint32_t century = year / 100;
    uint32_t of_years = 1461 * year / 4 - century + century / 4;
    return (int64_t)(of_years + (153 * month + 2) / 5 + day - 1) - DAYS_BEFORE_EPOCH;
}

int64_t lt_date_days(struct lt_date date)
{
    if (date.year >= 1 && date.year < USUAL_YEARS)
        return usual_days((uint32_t)date.year, (uint32_t)date.month, (uint32_t)date.day);
    int64_t year = date.year - (date.month <= 2);
    int64_t month = date.month > 2 ? date.month - 3 : date.month + 9; /* 0 is March */
    int64_t era = lt_floor_divide(year, 400);
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * month + 2) / 5 + date.day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_PER_ERA + day_of_era - DAYS_BEFORE_EPOCH;
}

int32_t lt_date_days_in_month(int64_t year, int32_t month)
{
    static const int32_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && is_leap);
}

/* The digits and the dashes are checked, and gathered, in a word. */
bool lt_date_parse_plain(const void *text, int64_t *days)
{
    static const char form[] = "0000-00-00";
    const uint64_t nines = UINT64_C(0x7676767676767676), high_bits = UINT64_C(0x8080808080808080);
    uint64_t bytes, zeros;
    uint16_t last, last_zeros;
    memcpy(&bytes, text, sizeof bytes);
    memcpy(&zeros, form, sizeof zeros);
    memcpy(&last, (const char *)text + sizeof bytes, sizeof last);
    memcpy(&last_zeros, form + sizeof bytes, sizeof last_zeros);
    uint64_t digits = bytes ^ zeros; /* a dash is 0 */
    uint64_t last_digits = (uint64_t)(last ^ last_zeros);
    uint64_t wrong = ((digits + nines) | digits | (last_digits + nines) | last_digits) & high_bits;
    if ((wrong | (digits & UINT64_C(0xFF0000FF00000000))) != 0)
        return false;
    uint32_t pairs = (uint32_t)(digits & 0xFFFFFFFF) * (10 * 256 + 1) >> 8; /* of the year */
    struct lt_date date = {
        .year = 100 * (pairs & 0xFF) + (pairs >> 16),
        .month = (int32_t)(10 * (digits >> 40 & 0xFF) + (digits >> 48 & 0xFF)),
        .day = (int32_t)(10 * (last_digits & 0xFF) + (last_digits >> 8)),
    };
    if (date.month < 1 || date.month > 12 || date.day < 1 ||
        (date.day > 28 && date.day > lt_date_days_in_month(date.year, date.month)))
        return false;
    *days = lt_date_days(date);
    return true;
}
