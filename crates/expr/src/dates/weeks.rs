//! Weeks of the English locale: they start on Sunday, and the week of 1
//! January is the first (moment's `dow` 0 and `doy` 6).

use jiff::civil::Date;

/// The week year and the week of a date.
pub(super) fn week_of(date: Date) -> (i64, i64) {
    let year = i64::from(date.year());
    let week = (i64::from(date.day_of_year()) - offset(year) - 1).div_euclid(7) + 1;
    if week < 1 {
        return (year - 1, week + weeks_in(year - 1));
    }
    let weeks = weeks_in(year);
    if week > weeks { (year + 1, week - weeks) } else { (year, week) }
}

/// The day of a week; weekday 0 is Sunday.
pub(super) fn date_of(year: i64, week: i64, weekday: i64) -> Option<Date> {
    let first = Date::new(i16::try_from(year).ok()?, 1, 1).ok()?;
    let days = offset(year) + 7 * (week - 1) + weekday;
    first.checked_add(jiff::Span::new().try_days(days).ok()?).ok()
}

/// Days from 1 January back to the Sunday that begins its week, as 0 to -6.
fn offset(year: i64) -> i64 {
    let first = i16::try_from(year).ok().and_then(|year| Date::new(year, 1, 1).ok());
    first.map_or(0, |first| -i64::from(first.weekday().to_sunday_zero_offset()))
}

/// How many weeks a week year has.
pub(super) fn weeks_in(year: i64) -> i64 {
    let first = i16::try_from(year).ok().and_then(|year| Date::new(year, 1, 1).ok());
    let days = first.map_or(365, |first| i64::from(first.days_in_year()));
    (days - offset(year) + offset(year + 1)) / 7
}
