//! Texts that mean a number or a date in somebody's own way of writing, and the
//! formula that reads them. Only guesses that all texts at hand agree with.

use rouage_expr::to_number;
use rouage_model::Value;

/// Texts that are looked at are short: an amount or a date.
const LONGEST: usize = 40;

/// How amounts are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amounts {
    /// What stands before the decimals.
    pub separator: char,
    /// Whether there is anything beside digits and separators, as a currency.
    pub has_more: bool,
}

/// How these texts write their numbers; `None` when one of them is no amount, or
/// when they are numbers as they stand.
pub fn amounts<'t>(texts: impl Iterator<Item = &'t str>) -> Option<Amounts> {
    let (mut decided, mut has_more, mut is_plain, mut count) = (None, false, true, 0);
    for text in texts {
        let digits = plain_amount(text)?;
        count += 1;
        has_more |= digits.len() != text.chars().filter(|letter| !letter.is_whitespace()).count();
        is_plain &= to_number(&text.into()).is_some();
        decided = match (decided, separator(&digits)) {
            (Some(one), Some(other)) if one != other => return None,
            (one, other) => one.or(other),
        };
    }
    (count > 0 && !is_plain).then_some(Amounts { separator: decided.unwrap_or('.'), has_more })
}

/// Digits and separators of an amount, without blanks and currency.
fn plain_amount(text: &str) -> Option<String> {
    if text.len() > LONGEST {
        return None;
    }
    let is_currency = |letter: char| {
        matches!(letter, '€' | '$' | '£' | '¥' | '%') || letter.is_whitespace() || letter.is_ascii_uppercase()
    };
    let digits: String = text.chars().filter(|letter| !is_currency(*letter)).collect();
    let letters = text.chars().filter(char::is_ascii_uppercase).count();
    let is_amount =
        digits.trim_start_matches(['-', '+']).chars().all(|letter| letter.is_ascii_digit() || ".,".contains(letter));
    let begins = digits.trim_start_matches(['-', '+']).starts_with(|letter: char| letter.is_ascii_digit());
    (is_amount && begins && matches!(letters, 0 | 3)).then_some(digits)
}

/// The decimal separator, where the text itself decides.
fn separator(digits: &str) -> Option<char> {
    let (points, commas) = (digits.matches('.').count(), digits.matches(',').count());
    let last = digits.rfind(['.', ','])?;
    match (points, commas) {
        (1.., 1..) => digits[last..].chars().next(),
        (2.., 0) => Some(','),
        (0, 2..) => Some('.'),
        // `50.000` is fifty, as programs write it; `1,234` may be either.
        (1, 0) => Some('.'),
        _ => (digits.len() - last - 1 != 3).then_some(','),
    }
}

/// The formula that makes a number of an amount.
pub fn number_of(inner: &str, amounts: Amounts) -> String {
    let cleaned =
        if amounts.has_more { format!("replace({inner}; \"/[^0-9.,-]/g\"; emptystring)") } else { inner.to_owned() };
    match amounts.separator {
        '.' => format!("parseNumber({cleaned})"),
        separator => format!("parseNumber({cleaned}; \"{separator}\")"),
    }
}

/// The format in which all of these texts write dates, where nothing else is
/// possible; those that are dates as they stand are none.
pub fn date_format<'t>(texts: impl Iterator<Item = &'t str>) -> Option<String> {
    let mut found: Option<(char, Order, &'static str)> = None;
    for text in texts {
        let (separator, order, time) = written_date(text)?;
        found = Some(match found {
            None => (separator, order, time),
            Some((other, ..)) if other != separator => return None,
            Some((_, before, _)) => (separator, before.with(order)?, time),
        });
    }
    let (separator, order, time) = found?;
    let parts = if order == Order::MonthFirst { ["MM", "DD", "YYYY"] } else { ["DD", "MM", "YYYY"] };
    Some(format!("{}{time}", parts.join(&separator.to_string())))
}

/// What comes first in a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    DayFirst,
    MonthFirst,
    Either,
}

impl Order {
    fn with(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::Either, order) | (order, Self::Either) => Some(order),
            (one, other) => (one == other).then_some(one),
        }
    }
}

/// `24/12/2026`, `24.12.2026 09:30`.
fn written_date(text: &str) -> Option<(char, Order, &'static str)> {
    if text.len() > LONGEST {
        return None;
    }
    let (date, time) = text.trim().split_once(' ').map_or((text.trim(), ""), |(date, time)| (date, time.trim()));
    let separator = date.chars().find(|letter| "/.-".contains(*letter))?;
    let parts: Vec<u32> = date.split(separator).map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let [first, second, 1000..=9999] = parts[..] else { return None };
    let order = match (first, second) {
        (13..=31, 1..=12) => Order::DayFirst,
        (1..=12, 13..=31) => Order::MonthFirst,
        (1..=12, 1..=12) => Order::Either,
        _ => return None,
    };
    let is_time = |parts: usize| {
        time.split(':').count() == parts && time.split(':').all(|part| part.len() == 2 && part.parse::<u8>().is_ok())
    };
    let time = if time.is_empty() {
        ""
    } else if is_time(2) {
        " HH:mm"
    } else if is_time(3) {
        " HH:mm:ss"
    } else {
        return None;
    };
    Some((separator, order, time))
}

/// What stands between the braces of a text that is one formula and nothing else.
pub fn inner(text: &str) -> Option<&str> {
    let inner = text.trim().strip_prefix("{{")?.strip_suffix("}}")?.trim();
    (!inner.is_empty() && !inner.contains("{{") && !inner.contains("}}")).then_some(inner)
}

/// The texts among some values, when all of them are texts.
pub fn texts<'v>(values: &[&'v Value]) -> Option<Vec<&'v str>> {
    values.iter().map(|value| value.as_text()).collect::<Option<Vec<_>>>().filter(|texts| !texts.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(texts: &[&str]) -> Option<(char, bool)> {
        amounts(texts.iter().copied()).map(|found| (found.separator, found.has_more))
    }

    #[test]
    fn money_is_read_as_it_is_written() {
        assert_eq!(amount(&["1 234,50 €"]), Some((',', true)));
        assert_eq!(amount(&["1\u{202f}234,50"]), Some((',', false)));
        assert_eq!(amount(&["1,234.50"]), Some(('.', false)));
        assert_eq!(amount(&["1.234.567"]), Some((',', false)));
        assert_eq!(amount(&["EUR 12,00", "EUR 1.200,00"]), Some((',', true)));
        assert_eq!(amount(&["1,234", "5,50"]), Some((',', false)));
        assert_eq!(amount(&["1,234"]), Some(('.', false)));
    }

    #[test]
    fn plain_numbers_and_words_need_no_formula() {
        for texts in [
            &["50.000"][..],
            &["50", "7.5"],
            &["open"],
            &["12,5", "open"],
            &["1,5", "2.5"],
            &["2026-11-24"],
            &["06 00 00 00 00 x"],
            &[],
        ] {
            assert_eq!(amount(texts), None, "{texts:?}");
        }
    }

    #[test]
    fn the_formula_leaves_out_what_is_no_digit() {
        assert_eq!(number_of("1.a", Amounts { separator: ',', has_more: false }), "parseNumber(1.a; \",\")");
        assert_eq!(
            number_of("1.a", Amounts { separator: '.', has_more: true }),
            "parseNumber(replace(1.a; \"/[^0-9.,-]/g\"; emptystring))"
        );
    }

    #[test]
    fn dates_tell_their_format_where_they_can() {
        let format = |texts: &[&str]| date_format(texts.iter().copied());
        assert_eq!(format(&["24/12/2026"]).as_deref(), Some("DD/MM/YYYY"));
        assert_eq!(format(&["01/02/2026", "12/24/2026"]).as_deref(), Some("MM/DD/YYYY"));
        assert_eq!(format(&["24.12.2026 09:30"]).as_deref(), Some("DD.MM.YYYY HH:mm"));
        assert_eq!(format(&["24/12/2026", "12/24/2026"]), None);
        assert_eq!(format(&["2026-12-24"]), None);
        assert_eq!(format(&["tomorrow"]), None);
    }

    #[test]
    fn only_one_formula_can_be_put_into_another() {
        assert_eq!(inner(" {{1.a}} "), Some("1.a"));
        assert_eq!(inner("{{1.a}} {{1.b}}"), None);
        assert_eq!(inner("x"), None);
    }
}
