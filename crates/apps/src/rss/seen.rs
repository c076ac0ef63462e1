//! How far a trigger has come in a feed: a date, and the ids of the articles
//! that are known and not older than it. Articles of equal dates are told apart
//! by their ids; those without a date are known by their ids alone.

use std::collections::HashSet;

use jiff::Timestamp;
use rouage_model::{Collection, Value};
use rouage_sdk::Start;

use super::article::Article;
use super::fetch::same_feed;

/// The position of a trigger.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Seen {
    feed: String,
    last: Timestamp,
    ids: HashSet<String>,
}

impl Seen {
    /// From a position; `None` if it is of another feed, or none.
    pub(super) fn read(position: &Value, feed: &str) -> Option<Self> {
        let Value::Date(last) = position.field("lastDate") else { return None };
        if !same_feed(position.field("feed").as_text()?, feed) {
            return None;
        }
        let ids = position.field("ids").as_array().unwrap_or_default();
        let ids = ids.iter().filter_map(Value::as_text).map(str::to_owned).collect();
        Some(Self { feed: feed.to_owned(), last: *last, ids })
    }

    /// Before the first poll, given what the feed has.
    pub(super) fn begin(start: &Start, feed: &str, articles: &[Article], now: Timestamp) -> Self {
        let mut seen = Self { feed: feed.to_owned(), last: Timestamp::MIN, ids: HashSet::new() };
        match start {
            Start::FromNow => seen.advance(articles.iter(), articles, now),
            Start::Since(at) => {
                // What has no date may be older.
                let undated = articles.iter().filter(|article| article.date().is_none());
                seen.ids = undated.map(|article| article.id.clone()).collect();
                seen.last = *at;
            }
            Start::First(Value::Text(id)) => {
                let older = oldest_first(articles).into_iter().take_while(|article| article.id.as_str() != &**id);
                seen.advance(older, articles, now);
            }
            Start::First(_) | Start::FromId(_) | Start::All => {}
        }
        seen
    }

    /// What is new, oldest first, at most `limit`; they are then known.
    pub(super) fn take<'a>(&mut self, articles: &'a [Article], limit: usize, now: Timestamp) -> Vec<&'a Article> {
        let mut new: Vec<&Article> =
            oldest_first(articles).into_iter().filter(|article| self.is_new(article)).collect();
        new.truncate(limit);
        self.advance(new.iter().copied(), articles, now);
        new
    }

    fn is_new(&self, article: &Article) -> bool {
        article.date().is_none_or(|date| date >= self.last) && !self.ids.contains(&article.id)
    }

    /// Adds articles to the known ones, and forgets ids that the date or the
    /// feed has passed. The date never runs ahead of the clock: an article
    /// dated in the future would hide those of the days between.
    fn advance<'a>(&mut self, known: impl Iterator<Item = &'a Article>, articles: &[Article], now: Timestamp) {
        for article in known {
            self.ids.insert(article.id.clone());
            if let Some(date) = article.date() {
                self.last = self.last.max(date.min(now));
            }
        }
        let last = self.last;
        let kept = articles.iter().filter(|article| article.date().is_none_or(|date| date >= last));
        let kept: HashSet<&str> = kept.map(|article| article.id.as_str()).collect();
        self.ids.retain(|id| kept.contains(id.as_str()));
    }

    pub(super) fn to_value(&self) -> Value {
        let mut ids: Vec<&str> = self.ids.iter().map(String::as_str).collect();
        ids.sort_unstable();
        let ids: Vec<Value> = ids.into_iter().map(Value::text).collect();
        Collection::from_iter([
            ("feed", Value::text(self.feed.as_str())),
            ("lastDate", Value::Date(self.last)),
            ("ids", ids.into()),
        ])
        .into()
    }
}

/// By date and id. Feeds begin with the newest, so of equals the last is the
/// oldest; those without a date come first.
pub(super) fn oldest_first(articles: &[Article]) -> Vec<&Article> {
    let mut sorted: Vec<&Article> = articles.iter().rev().collect();
    sorted.sort_by_key(|article| article.date());
    sorted
}

#[cfg(test)]
mod tests {
    use rouage_model::tagged;

    use super::*;

    fn at(day: i8) -> Timestamp {
        format!("2026-01-{day:02}T00:00:00Z").parse().unwrap()
    }

    fn feed(items: &[(&str, i8)]) -> Vec<Article> {
        let date = |day: i8| (day > 0).then(|| at(day));
        items
            .iter()
            .map(|(id, day)| Article { id: (*id).to_owned(), created: date(*day), ..Article::default() })
            .collect()
    }

    fn ids(articles: &[&Article]) -> String {
        articles.iter().map(|article| article.id.as_str()).collect::<Vec<_>>().join(" ")
    }

    /// Polls through the stored form, as the runtime does.
    fn poll(seen: &mut Seen, articles: &[Article], limit: usize) -> String {
        *seen = Seen::read(&seen.to_value(), "https://x.example/").unwrap();
        ids(&seen.take(articles, limit, at(20)))
    }

    fn begin(start: Start, articles: &[Article]) -> Seen {
        Seen::begin(&start, "https://x.example/", articles, at(20))
    }

    #[test]
    fn every_start_delivers_what_its_name_says() {
        let articles = feed(&[("c", 3), ("b", 2), ("a", 1), ("none", 0)]);
        for (start, expected) in [
            (Start::FromNow, ""),
            (Start::All, "none a b c"),
            (Start::Since(at(2)), "b c"),
            (Start::First(Value::text("b")), "b c"),
        ] {
            assert_eq!(poll(&mut begin(start.clone(), &articles), &articles, 9), expected, "{start:?}");
        }
    }

    #[test]
    fn the_remainder_comes_with_the_next_polls_oldest_first() {
        let articles = feed(&[("c", 3), ("b", 2), ("a", 1)]);
        let mut seen = begin(Start::All, &articles);
        let polls: Vec<String> = (0..4).map(|_| poll(&mut seen, &articles, 1)).collect();
        assert_eq!(polls, ["a", "b", "c", ""]);
    }

    #[test]
    fn equal_dates_are_told_apart_by_their_ids() {
        let mut seen = begin(Start::FromNow, &feed(&[("a", 5)]));
        let articles = feed(&[("c", 5), ("b", 5), ("a", 5)]);
        assert_eq!(poll(&mut seen, &articles, 1), "b");
        assert_eq!(poll(&mut seen, &articles, 9), "c");
        assert_eq!(poll(&mut seen, &articles, 9), "");
    }

    #[test]
    fn articles_without_a_date_are_known_by_their_ids() {
        let mut seen = begin(Start::FromNow, &feed(&[("a", 0)]));
        assert_eq!(poll(&mut seen, &feed(&[("b", 0), ("a", 0)]), 9), "b");
        assert_eq!(poll(&mut seen, &feed(&[("b", 0), ("a", 0)]), 9), "");
    }

    #[test]
    fn a_date_in_the_future_hides_nothing_and_comes_once() {
        let mut seen = begin(Start::FromNow, &feed(&[("a", 1)]));
        assert_eq!(poll(&mut seen, &feed(&[("future", 28), ("a", 1)]), 9), "future");
        assert_eq!(poll(&mut seen, &feed(&[("b", 21), ("future", 28), ("a", 1)]), 9), "b");
        assert_eq!(poll(&mut seen, &feed(&[("b", 21), ("future", 28), ("a", 1)]), 9), "");
    }

    /// Positions are stored: this line is never changed.
    #[test]
    fn a_position_of_version_1_is_read_and_written_as_before() {
        let stored = r#"{"feed":"https://x.example/","lastDate":{"$date":"2026-01-05T00:00:00.000Z"},"ids":["a","b"]}"#;
        let seen = Seen::read(&tagged::parse(stored.as_bytes()).unwrap(), "https://x.example/").unwrap();
        assert_eq!((seen.last, seen.ids.len()), (at(5), 2));
        assert_eq!(tagged::to_string(&seen.to_value()), stored);
    }

    #[test]
    fn another_feed_begins_anew() {
        let seen = begin(Start::FromNow, &feed(&[("a", 1)]));
        assert!(Seen::read(&seen.to_value(), "https://y.example/").is_none());
        assert!(Seen::read(&Value::Undefined, "https://x.example/").is_none());
    }
}
