//! `rss:ActionReadArticles`: one bundle for each article of a feed.

use async_trait::async_trait;
use rouage_model::{ModuleError, Value};
use rouage_sdk::{Call, Effect, Field, FieldKind, Kind, Module, Outcome, Spec};

use super::article::Article;
use super::fetch;

pub(super) struct ReadArticles {
    spec: Spec,
}

impl Default for ReadArticles {
    fn default() -> Self {
        let mut mapper = super::address_fields();
        mapper.splice(
            1..1,
            [
                Field::new("filterDateFrom", "Date from", FieldKind::Date)
                    .advanced()
                    .help("Only articles from then on."),
                Field::new("filterDateTo", "Date to", FieldKind::Date).advanced().help("Only articles up to then."),
                Field::new("maxResults", "Maximum number of returned items", FieldKind::Number)
                    .required()
                    .default("10")
                    .help("The newest ones, at most so many."),
            ],
        );
        let spec = Spec::new("rss:ActionReadArticles", 4, "Retrieve RSS feed items", Kind::Search, Effect::Read)
            .describe("Reads the articles of a blog or news feed (RSS or Atom).")
            .parameters(vec![super::include_field()])
            .mapper(mapper)
            .output(super::output())
            .synonyms(&["articles", "atom", "blog", "feed", "news", "podcast", "read"]);
        Self { spec }
    }
}

#[async_trait]
impl Module for ReadArticles {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let most = match call.input.integer("maxResults") {
            Some(most) if most > 0 => usize::try_from(most).unwrap_or(usize::MAX),
            _ => {
                return Err(ModuleError::validation(vec![
                    "Invalid number in parameter 'maxResults': 1 or more.".into(),
                ]));
            }
        };
        let articles = fetch::articles(call, &call.input).await?;
        let (from, to) = (call.input.raw("filterDateFrom"), call.input.raw("filterDateTo"));
        let wanted = articles.iter().filter(|article| is_between(article, from, to));
        Ok(Outcome::Bundles(wanted.take(most).map(Article::to_value).collect()))
    }
}

/// An article without a date is between none.
fn is_between(article: &Article, from: &Value, to: &Value) -> bool {
    let limits = |value: &Value| if let Value::Date(at) = value { Some(*at) } else { None };
    match (limits(from), limits(to), article.date()) {
        (None, None, _) => true,
        (_, _, None) => false,
        (from, to, Some(date)) => from.is_none_or(|from| date >= from) && to.is_none_or(|to| date <= to),
    }
}

#[cfg(test)]
mod tests {
    use rouage_model::ErrorKind;
    use rouage_sdk::testing::{Bench, RecordedTransport, value};

    use super::*;

    const FEED: &str = "<rss><channel>\
        <item><title>c</title><pubDate>Thu, 05 Jan 2023 00:00:00 GMT</pubDate></item>\
        <item><title>none</title></item>\
        <item><title>b</title><pubDate>Wed, 04 Jan 2023 00:00:00 GMT</pubDate></item>\
        <item><title>a</title><pubDate>Tue, 03 Jan 2023 00:00:00 GMT</pubDate></item></channel></rss>";

    async fn titles(mapper: &str) -> String {
        let network = RecordedTransport::new();
        network.answer(200, &[], FEED);
        let bench = Bench::new(&network);
        let bundles =
            bench.bundles(&ReadArticles::default(), &value(r#"{"include":[]}"#), &value(mapper)).await.unwrap();
        bundles.iter().filter_map(|bundle| bundle.field("title").as_text()).collect::<Vec<_>>().join(" ")
    }

    #[tokio::test]
    async fn real_mappers_filter_and_limit() {
        for (mapper, expected) in [
            (
                r#"{"url":"https://x.example/f","gzip":true,"password":"","username":"","maxResults":"20","filterDateTo":"","filterDateFrom":""}"#,
                "c none b a",
            ),
            (r#"{"url":"https://x.example/f","maxResults":"1"}"#, "c"),
            (r#"{"url":"https://x.example/f","maxResults":9,"filterDateFrom":"2023-01-04T00:00:00Z"}"#, "c b"),
            (r#"{"url":"https://x.example/f","maxResults":9,"filterDateTo":"2023-01-04T00:00:00Z"}"#, "b a"),
        ] {
            assert_eq!(titles(mapper).await, expected, "{mapper}");
        }
    }

    #[tokio::test]
    async fn credentials_are_sent_and_errors_are_clear() {
        let network = RecordedTransport::new();
        network.answer(200, &[], FEED).answer(404, &[], "gone").answer(200, &[], "<html></html>");
        let bench = Bench::new(&network);
        let mapper = value(r#"{"url":"https://x.example/f","username":"u","password":"p","maxResults":1}"#);
        bench.bundles(&ReadArticles::default(), &value("{}"), &mapper).await.unwrap();
        assert_eq!(network.seen()[0].header("authorization"), Some("Basic dTpw"));
        assert!(bench.bundles(&ReadArticles::default(), &value("{}"), &mapper).await.is_err());
        let error = bench.bundles(&ReadArticles::default(), &value("{}"), &mapper).await.unwrap_err();
        assert_eq!((error.kind, error.message.contains("x.example sent")), (ErrorKind::DataError, true), "{error:?}");
        let none = value(r#"{"url":"https://x.example/f","maxResults":0}"#);
        assert_eq!(
            bench.bundles(&ReadArticles::default(), &value("{}"), &none).await.unwrap_err().kind,
            ErrorKind::BundleValidationError
        );
    }
}
